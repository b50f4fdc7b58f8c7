"""Preferences that a headless FreeCAD needs before its modules are loaded. In a GUI they belong to the user."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Generator

import FreeCAD

DOCUMENT = "User parameter:BaseApp/Preferences/Document"


def prepare() -> None:
    """Call before anything imports Part, which reads its preferences once."""
    if FreeCAD.GuiUp:
        return
    # Without it, a label that another object has is changed silently.
    FreeCAD.ParamGet(DOCUMENT).SetBool("DuplicateLabels", True)
    # Without it, IGES files hold loose faces, and OpenCASCADE loses the face of a torus.
    FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Mod/Part/IGES").SetBool("BrepMode", True)
    # Without it, FreeCAD up to 0.21 writes each edge of a STEP file three times, also in the coordinates of both
    # surfaces: twice as much, and not quite the same place. Later ones do this by default.
    FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Mod/Part/General").SetInt("WriteSurfaceCurveMode", 0)


@contextmanager
def kept_placement() -> Generator[None, None, None]:
    """Make STEP and IGES files keep the place of an object that is exported alone; FreeCAD omits it by default.

    It is set for each export, in a GUI as well, and reset afterwards: a preference set at the start may have changed.
    """
    preferences = FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Mod/Import")
    had = "ExportKeepPlacement" in preferences.GetBools()
    before = preferences.GetBool("ExportKeepPlacement", False)
    preferences.SetBool("ExportKeepPlacement", True)
    try:
        yield
    finally:
        if had:
            preferences.SetBool("ExportKeepPlacement", before)
        else:
            preferences.RemBool("ExportKeepPlacement")
