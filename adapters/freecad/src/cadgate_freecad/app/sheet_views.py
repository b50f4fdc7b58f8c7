"""Views of shapes for a sheet: projected lines, visible and hidden, in mm of the model; sections and details."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, values

Vector = FreeCAD.Vector
DETAIL_SCALE = 2.0
_HALF = sqrt(0.5)
# What points to the right, up, and to the reader.
FRAMES = {
    "front": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "back": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "top": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "bottom": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "right": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "left": ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    "iso": ((_HALF, _HALF, 0), (-sqrt(1 / 6), sqrt(1 / 6), sqrt(2 / 3)), (sqrt(1 / 3), -sqrt(1 / 3), sqrt(1 / 3))),
}
_SECTIONS = {"x": "right", "y": "front", "z": "top"}


class Seen(NamedTuple):
    """A view: lines by layer, the rotation into its plane, its extents in mm of the model, and its factor of scale."""

    view: Any
    frame: Any
    lines: list[tuple[str, list[tuple[float, float]]]]
    low: tuple[float, float]
    high: tuple[float, float]
    factor: float


def see(view: Any, shape: Any) -> Seen:
    """Project a shape. Raises AppError for a section or a detail where there is nothing."""
    if isinstance(view, str):
        return _projected(view, frame_of(view), shape, 1.0, hidden=view != "iso")
    if "section" in view:
        return _section(view, shape)
    center = Vector(*view["detail"])
    frame = frame_of("front")
    axis = frame.inverted().multVec(Vector(0, 0, 1))
    reach = shape.BoundBox.DiagonalLength + center.distanceToPoint(shape.BoundBox.Center) + view["radius"]
    piece = shape.common(Part.makeCylinder(view["radius"], 2 * reach, center - axis * reach, axis))
    if not piece.Edges:
        raise values.invalid("views", f"there is nothing of the objects in the detail at {view['detail']!r}")
    return _projected(view, frame, piece, DETAIL_SCALE, hidden=False)


def frame_of(name: str) -> Any:
    """Return the rotation that brings what a view shows into the plane of the sheet."""
    right, up, out = (Vector(*each) for each in FRAMES[name])
    return FreeCAD.Rotation(right, up, out, "ZXY").inverted()


def _section(view: dict[str, Any], shape: Any) -> Seen:
    axis, at = "xyz".index(view["section"]), view["at"]
    box = shape.BoundBox
    low = [box.XMin - 1, box.YMin - 1, box.ZMin - 1]
    high = [box.XMax + 1, box.YMax + 1, box.ZMax + 1]
    if not low[axis] + 1 < at < high[axis] - 1:
        raise values.invalid("views", f"the plane {view['section']} = {at:g} does not cut the objects")
    # The front view looks along +Y, the others against their axes: what is before the plane is cut off.
    (low if view["section"] == "y" else high)[axis] = at
    length, width, height = (b - a for a, b in zip(low, high))
    kept = Part.makeBox(length, width, height, Vector(*low))
    rest = shape.common(kept)
    frame = frame_of(_SECTIONS[view["section"]])
    seen = _projected(view, frame, rest, 1.0, hidden=False)
    normal = Vector(*(1.0 if index == axis else 0.0 for index in range(3)))
    for face in rest.Faces:
        flat = face.Surface.TypeId == "Part::GeomPlane" and abs(abs(face.normalAt(0, 0).dot(normal)) - 1) < 1e-9
        if flat and abs((face.CenterOfMass - normal * at).dot(normal)) < 1e-6:
            seen.lines.extend(("HATCH", line) for line in _hatched(face, frame, rest.BoundBox.DiagonalLength / 30))
    return seen


def _hatched(face: Any, frame: Any, step: float) -> list[list[tuple[float, float]]]:
    flat = face.copy()
    flat.Placement = FreeCAD.Placement(Vector(), frame).multiply(flat.Placement)
    box = flat.BoundBox
    height = box.Center.z
    found: list[list[tuple[float, float]]] = []
    offset = box.XMin - (box.YMax - box.YMin)
    while offset < box.XMax:
        line = Part.makeLine(Vector(offset, box.YMin, height), Vector(offset + box.YLength, box.YMax, height))
        for edge in flat.common(line).Edges:
            ends = (edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter))
            found.append([(end.x, end.y) for end in ends])
        offset += step
    return found


def _projected(view: Any, frame: Any, shape: Any, factor: float, *, hidden: bool) -> Seen:
    import TechDraw

    turned = shape.copy()
    turned.Placement = FreeCAD.Placement(Vector(), frame).multiply(turned.Placement)
    groups = TechDraw.projectEx(turned, Vector(0, 0, 1))
    fine = max(turned.BoundBox.DiagonalLength / 5000, 1e-4)
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    # Of the ten groups: sharp edges and outlines of round faces, first the visible ones, then the hidden ones.
    for layer, numbers in (("HIDDEN", (5, 8) if hidden else ()), ("VISIBLE", (0, 3))):
        for number in numbers:
            if not groups[number].isNull():
                lines += [(layer, _points(edge, fine)) for edge in groups[number].Edges]
    lines = [(layer, points) for layer, points in lines if len(points) > 1]
    if not lines:
        raise AppError("degenerate_result", f"The view {view!r} of the objects would be empty")
    # The extents are those of the exact shape, not of the pieces of its curves.
    box: Any = shapes.bounding_box(turned)
    return Seen(view, frame, lines, (box.XMin, box.YMin), (box.XMax, box.YMax), factor)


def _points(edge: Any, fine: float) -> list[tuple[float, float]]:
    if edge.Degenerated:
        return []
    if edge.Curve.TypeId in ("Part::GeomLine", "Part::GeomLineSegment"):
        ends = [edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter)]
        return [(end.x, end.y) for end in ends] if (ends[0] - ends[1]).Length > 1e-7 else []
    return [(point.x, point.y) for point in edge.discretize(Deflection=fine)]
