"""Routes of the sheet: what is there as a picture and in numbers. The gateway draws it from `app/look.py`'s shapes."""

from __future__ import annotations

from cadgate.plugin import LOOK, LOOK_HANDLER, application, look_router

router = look_router(application("blender"))

__all__ = ["LOOK", "LOOK_HANDLER", "router"]
