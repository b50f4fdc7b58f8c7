"""The routes of the fake adapter's sheets."""

from __future__ import annotations

from cadgate.plugin import LOOK, LOOK_HANDLER, application, look_router

router = look_router(application("fake"))

__all__ = ["LOOK", "LOOK_HANDLER", "router"]
