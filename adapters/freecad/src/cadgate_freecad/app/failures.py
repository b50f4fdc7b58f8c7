"""FreeCAD's own exception class."""

from __future__ import annotations

import FreeCAD

# Part of FreeCAD.Base, which the stubs do not know.
FreeCADError: type[Exception] = getattr(FreeCAD.Base, "FreeCADError")  # noqa: B009
