"""OpenCASCADE's own shapes, in text by another version."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
from math import pi

from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox, BRepPrimAPI_MakeSphere
from OCP.BRepTools import BRepTools

from tests.corpus import Expected, FileCase


def brep(shape: object) -> bytes:
    stream = io.BytesIO()
    BRepTools.Write_s(shape, stream)
    return stream.getvalue()


CASES = [
    FileCase(
        id="brep",
        name="part.brep",
        make=lambda: brep(BRepPrimAPI_MakeBox(10, 20, 30).Shape()),
        expected=Expected(
            format="brep",
            objects=1,
            kinds=["Solid"],
            names=["part"],
            volume=6000,
            area=2200,
            box=((0, 0, 0), (10, 20, 30)),
        ),
    ),
    FileCase(
        id="brep-sphere",
        name="ball.brp",
        make=lambda: brep(BRepPrimAPI_MakeSphere(3).Shape()),
        expected=Expected(
            format="brep", objects=1, names=["ball"], volume=36 * pi, area=36 * pi, box=((-3, -3, -3), (3, 3, 3))
        ),
    ),
]
