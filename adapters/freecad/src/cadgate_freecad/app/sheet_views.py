"""Views of shapes for a sheet: projected lines, visible and hidden, in mm of the model; sections and details."""

from __future__ import annotations

from math import cos, sin, sqrt, tau
from typing import Any, NamedTuple, Tuple

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, sheet_sections, values

Vector = FreeCAD.Vector
Point = Tuple[float, float]
DETAIL_SCALE = 2.0
MOST_HATCHES = 120
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
    """A view: lines by layer, the rotation into its plane, its extents in mm of the model, and its factor of scale.

    `cut` are the faces of a section in the plane of the sheet, to be hatched.
    """

    view: Any
    frame: Any
    lines: list[tuple[str, list[tuple[float, float]]]]
    low: tuple[float, float]
    high: tuple[float, float]
    factor: float
    cut: tuple[Any, ...] = ()


def see(view: Any, shape: Any) -> Seen:
    """Project a shape. Raises AppError for a section or a detail where there is nothing."""
    if isinstance(view, str):
        return _projected(view, frame_of(view), shape, 1.0, hidden=view != "iso")
    if "section" in view:
        return _section(view, shape)
    return _detail(view, shape)


def _detail(view: Any, shape: Any) -> Seen:
    """Return what the front view has within a circle, which is drawn too."""
    frame = frame_of("front")
    center, radius = frame.multVec(Vector(*view["detail"])), view["radius"]
    middle = (center.x, center.y)
    whole = _projected(view, frame, shape, DETAIL_SCALE, hidden=True)
    lines = [(layer, piece) for layer, points in whole.lines for piece in _within(points, middle, radius)]
    if not lines:
        raise values.invalid("views", f"there is nothing of the objects in the detail at {view['detail']!r}")
    circle = [(radius * cos(tau * n / 96) + middle[0], radius * sin(tau * n / 96) + middle[1]) for n in range(97)]
    low, high = ((middle[0] + sign * radius, middle[1] + sign * radius) for sign in (-1, 1))
    return Seen(view, frame, [*lines, ("DIMENSIONS", circle)], low, high, DETAIL_SCALE)


def _within(points: list[Point], middle: Point, radius: float) -> list[list[Point]]:
    """Return the pieces of a polyline that lie in a circle."""
    pieces: list[list[Point]] = []
    for one, two in zip(points, points[1:]):
        along = (two[0] - one[0], two[1] - one[1])
        off = (one[0] - middle[0], one[1] - middle[1])
        a = along[0] ** 2 + along[1] ** 2
        b = off[0] * along[0] + off[1] * along[1]
        root = b * b - a * (off[0] ** 2 + off[1] ** 2 - radius**2)
        if a == 0 or root <= 0:
            continue
        first, last = max(0.0, (-b - sqrt(root)) / a), min(1.0, (-b + sqrt(root)) / a)
        if last - first <= 1e-9:
            continue
        start, end = ((one[0] + along[0] * at, one[1] + along[1] * at) for at in (first, last))
        if pieces and pieces[-1][-1] == start:
            pieces[-1].append(end)
        else:
            pieces.append([start, end])
    return pieces


def frame_of(name: str) -> Any:
    """Return the rotation that brings what a view shows into the plane of the sheet."""
    right, up, out = (Vector(*each) for each in FRAMES[name])
    return FreeCAD.Rotation(right, up, out, "ZXY").inverted()


def _section(view: dict[str, Any], shape: Any) -> Seen:
    axis, at = "xyz".index(view["section"]), view["at"]
    # The front view looks along +Y, the others against their axes: what is before the plane is cut off.
    rest = sheet_sections.behind(shape, axis, at, f"{view['section']} = {at:g}", below=view["section"] != "y")
    frame = frame_of(_SECTIONS[view["section"]])
    seen = _projected(view, frame, rest, 1.0, hidden=False)
    normal = Vector(*(1.0 if index == axis else 0.0 for index in range(3)))
    turn = FreeCAD.Placement(Vector(), frame)
    cut: list[Any] = []
    for face in rest.Faces:
        flat = face.Surface.TypeId == "Part::GeomPlane" and abs(abs(face.normalAt(0, 0).dot(normal)) - 1) < 1e-9
        if flat and abs((face.CenterOfMass - normal * at).dot(normal)) < 1e-6:
            turned = face.copy()
            turned.Placement = turn.multiply(turned.Placement)
            cut.append(turned)
    return seen._replace(cut=tuple(cut))


def hatched(face: Any, step: float) -> list[list[Point]]:
    """Return lines at 45 degrees within a flat face, `step` apart, mm of the model."""
    box = face.BoundBox
    height = box.Center.z
    found: list[list[Point]] = []
    across = max(step * sqrt(2), (box.XLength + box.YLength) / MOST_HATCHES)
    offset = box.XMin - box.YLength + across / 2
    while offset < box.XMax:
        line = Part.makeLine(Vector(offset, box.YMin, height), Vector(offset + box.YLength, box.YMax, height))
        for edge in face.common(line).Edges:
            ends = (edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter))
            found.append([(end.x, end.y) for end in ends])
        offset += across
    return found


def _projected(view: Any, frame: Any, shape: Any, factor: float, *, hidden: bool) -> Seen:
    import TechDraw

    turned = shape.copy()
    turned.Placement = FreeCAD.Placement(Vector(), frame).multiply(turned.Placement)
    groups = TechDraw.projectEx(turned, Vector(0, 0, 1))
    fine = max(turned.BoundBox.DiagonalLength / 5000, 1e-4)
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    # Of the ten groups: sharp edges (0), smooth ones (1) and outlines of round faces (3); the hidden ones 5 later.
    # Without hidden lines, edges where a face goes on smoothly in another show what is round.
    smooth = (("SMOOTH", (1,)),) if view == "iso" else ()
    for layer, numbers in (("HIDDEN", (5, 8) if hidden else ()), *smooth, ("VISIBLE", (0, 3))):
        for number in numbers:
            if not groups[number].isNull():
                lines += [(layer, _points(edge, fine)) for edge in groups[number].Edges]
    lines = _once([(layer, points) for layer, points in lines if len(points) > 1])
    if not lines:
        raise AppError("degenerate_result", f"The view {view!r} of the objects would be empty")
    # The extents are those of the exact shape, not of the pieces of its curves.
    box: Any = shapes.bounding_box(turned)
    return Seen(view, frame, lines, (box.XMin, box.YMin), (box.XMax, box.YMax), factor)


def _once(lines: list[tuple[str, list[Point]]]) -> list[tuple[str, list[Point]]]:
    """Leave out lines that lie on others: of two that cover each other, the visible one stays."""
    seen: set[Any] = set()
    kept: list[tuple[str, list[Point]]] = []
    for layer, points in sorted(lines, key=lambda line: line[0] != "VISIBLE"):
        ends = [(round(x, 4) + 0.0, round(y, 4) + 0.0) for x, y in (points[0], points[len(points) // 2], points[-1])]
        key = (min(ends[0], ends[2]), max(ends[0], ends[2]), ends[1] if len(points) > 2 else None)
        if key not in seen:
            seen.add(key)
            kept.append((layer, points))
    return [line for line in kept if line[0] != "VISIBLE"] + [line for line in kept if line[0] == "VISIBLE"]


def _points(edge: Any, fine: float) -> list[tuple[float, float]]:
    if edge.Degenerated:
        return []
    if edge.Curve.TypeId in ("Part::GeomLine", "Part::GeomLineSegment"):
        ends = [edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter)]
        return [(end.x, end.y) for end in ends] if (ends[0] - ends[1]).Length > 1e-7 else []
    return [(point.x, point.y) for point in edge.discretize(Deflection=fine)]
