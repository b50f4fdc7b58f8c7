"""Cuts off what is before the plane of a section, each piece by itself: of a compound in which solids overlap,
OpenCASCADE keeps nothing.
"""

from __future__ import annotations

from typing import Any, Iterator

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, values

_SAME = 1e-6


def behind(shape: Any, axis: int, at: float, name: str, *, below: bool) -> Any:
    """Return what is of a shape below a plane across an axis, or above it. `name` is that of the plane.

    Raises AppError `validation_error` if the plane does not cut the shape, `degenerate_result` if FreeCAD cannot.
    """
    box: Any = shapes.bounding_box(shape) or FreeCAD.BoundBox()
    low, high = ([getattr(box, f"{each}{end}") for each in "XYZ"] for end in ("Min", "Max"))
    # One of nothing begins beyond its end.
    if not low[axis] < at < high[axis]:
        raise values.invalid("views", f"the plane {name} does not cut the objects")
    more = 1 + 0.01 * box.DiagonalLength
    low, high = [each - more for each in low], [each + more for each in high]
    (high if below else low)[axis] = at
    length, width, height = (b - a for a, b in zip(low, high))
    room = Part.makeBox(length, width, height, FreeCAD.Vector(*low))
    found = [part for piece in _pieces(shape) for part in _within(piece, room, name)]
    if not found:
        raise values.invalid("views", f"there is nothing of the objects behind the plane {name}")
    return Part.makeCompound(found)


def _pieces(shape: Any) -> Iterator[Any]:
    if shape.ShapeType in ("Compound", "CompSolid"):
        for each in shape.SubShapes:
            yield from _pieces(each)
    else:
        yield shape


def _within(piece: Any, room: Any, name: str) -> list[Any]:
    box, around = shapes.bounding_box(piece), room.BoundBox
    if box is None or not around.intersect(box):
        return []
    if around.isInside(box):
        return [piece]
    kept = piece.common(room)
    if piece.ShapeType == "Solid":
        sizes = [0.0 if each.isNull() else shapes.volume(each) for each in (kept, piece.cut(room))]
        whole = shapes.volume(piece)
        if abs(sum(sizes) - whole) > _SAME * abs(whole):
            text = f"FreeCAD cannot cut the objects at {name}: move the plane a little, or leave it out"
            raise AppError("degenerate_result", text)
    return [] if kept.isNull() or not kept.SubShapes else [kept]
