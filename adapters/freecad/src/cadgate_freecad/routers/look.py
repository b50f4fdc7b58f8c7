"""Routes of the sheet: what is there as a picture and in numbers. The gateway draws it from `app/look.py`'s shapes."""

from __future__ import annotations

from cadgate.plugin import LOOK, LOOK_HANDLER, look_router
from cadgate_freecad.routers.dependencies import with_document

router = look_router(with_document)

__all__ = ["LOOK", "LOOK_HANDLER", "router"]
