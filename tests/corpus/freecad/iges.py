"""IGES by another OpenCASCADE, in millimetres and inches, with colours and annotations."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from math import pi
from pathlib import Path

from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox, BRepPrimAPI_MakeCylinder
from OCP.IGESControl import IGESControl_Writer

from tests.corpus import Expected, FileCase

BLOCK = Expected(format="iges", objects=1, volume=6000, area=2200, box=((0, 0, 0), (10, 20, 30)), faces=6)


@functools.cache
def iges(unit: str = "MM", solids: bool = True, pin: bool = False) -> bytes:
    writer = IGESControl_Writer(unit, 1 if solids else 0)
    shape = BRepPrimAPI_MakeCylinder(5, 12).Shape() if pin else BRepPrimAPI_MakeBox(10, 20, 30).Shape()
    assert writer.AddShape(shape)
    writer.ComputeModel()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.igs"
        assert writer.Write(str(path))
        return path.read_bytes()


def colored() -> bytes:
    """The directory's first entry has colour 2, red."""
    lines = iges().decode("latin-1").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line[72:73] == "D")
    second = lines[first + 1]
    lines[first + 1] = second[:16] + "       2" + second[24:]
    return "".join(lines).encode("latin-1")


CASES = [
    FileCase(id="iges-solids", name="part.igs", make=iges, expected=BLOCK),
    FileCase(id="iges-in-inches", name="part.iges", make=lambda: iges("IN"), expected=BLOCK),
    FileCase(id="iges-in-metres", name="part.iges", make=lambda: iges("M"), expected=BLOCK),
    FileCase(
        id="iges-cylinder",
        name="part.igs",
        make=lambda: iges(pin=True),
        expected=replace(BLOCK, volume=300 * pi, area=170 * pi, box=((-5, -5, 0), (5, 5, 12)), faces=3),
    ),
    FileCase(id="iges-crlf", name="part.igs", make=lambda: iges().replace(b"\n", b"\r\n"), expected=BLOCK),
    FileCase(id="iges-with-colours", name="part.igs", make=colored, expected=replace(BLOCK, warnings=["colors_lost"])),
    FileCase(
        id="iges-cut-off",
        name="part.igs",
        make=lambda: iges()[:-400],
        expected=Expected(error="unsupported_format", error_words=["cut off"]),
    ),
]
