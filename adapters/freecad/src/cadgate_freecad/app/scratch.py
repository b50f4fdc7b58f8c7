"""A hidden document for exporters and importers, which work on documents only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate_freecad.app.observer import OBSERVER


@contextmanager
def scratch(label: str = "scratch") -> Generator[Any, None, None]:
    """Yield a hidden document and close it at the end, without events and without changing the active document."""
    active = FreeCAD.ActiveDocument
    OBSERVER.paused = True
    document = None
    try:
        document = FreeCAD.newDocument("CadgateScratch", label, True, True)
        yield document
    finally:
        if document is not None:
            FreeCAD.closeDocument(document.Name)
        if active is not None:
            FreeCAD.setActiveDocument(active.Name)
        OBSERVER.paused = False
