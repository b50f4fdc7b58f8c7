"""Preferences that a headless FreeCAD needs before its modules are loaded. A GUI's are its user's business."""

from __future__ import annotations

import FreeCAD

DOCUMENT = "User parameter:BaseApp/Preferences/Document"


def prepare() -> None:
    """Call before anything imports Part, which reads its preferences once."""
    if FreeCAD.GuiUp:
        return
    # Without it a label that another object has is changed silently.
    FreeCAD.ParamGet(DOCUMENT).SetBool("DuplicateLabels", True)
    # Without it IGES files hold loose faces, and OpenCASCADE loses the face of a torus.
    FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Mod/Part/IGES").SetBool("BrepMode", True)
