"""Files that FreeCAD's import reads, warns of or refuses by name. Lengths are in millimetres."""

from __future__ import annotations

from tests.corpus import FileCase
from tests.corpus.freecad import amf, brep, dxf, fcstd, iges, obj, off, ply, refused, step, stl, threemf

MODULES = (step, iges, brep, threemf, obj, stl, ply, off, amf, dxf, fcstd, refused)
CASES: list[FileCase] = [case for module in MODULES for case in module.CASES]
