"""Proves that a STEP file holds a shape, face by face and edge by edge, if all are flat or cylindrical.

That is more than sizes and places, and takes a fraction of the time in which OpenCASCADE reads the file: it also looks
for errors in it and repairs them, and what it has repaired other programs may not.
"""

from __future__ import annotations

from typing import Any, Tuple

from cadgate_freecad.app import attributes
from cadgate_freecad.app.verification import step_text
from cadgate_freecad.app.verification.sides import CYLINDER, PLANE, Side, facts
from cadgate_freecad.app.verification.step_records import Frame, Point, Unread
from cadgate_freecad.app.verification.step_text import Face

NEAR, FAR = 2e-7, 1e-9
"""mm, and a fraction of the size and of the distance from the origin: how far the same point may be from itself."""
PARALLEL = 1e-9
MOST_FACES = 200
"""For shapes of more faces OpenCASCADE is asked at once: each edge is compared with all others of its face."""

Way = Tuple[Point, Point, Tuple[float, ...]]
"""Where an edge begins and ends, and for a circle its centre, the axis that it goes round, and its radius."""


def is_proved(path: str, shape: Any) -> bool:
    """Return whether the file holds exactly this shape. If not, that may be right too: it is not proved."""
    known = facts(shape)
    inside = sum(len(sides) for _, sides in known.solids)
    if not 0 < len(known.sides) == inside <= MOST_FACES or any(
        each.kind not in (PLANE, CYLINDER) for each in known.sides
    ):
        return False
    if shape.countElement("Shell") != len(known.solids) or _has_more(shape, known):
        return False
    box = attributes.box(shape)
    near = NEAR + FAR * (
        box.DiagonalLength + max(map(abs, (box.XMin, box.YMin, box.ZMin, box.XMax, box.YMax, box.ZMax)))
    )
    try:
        with open(path, encoding="ascii") as file:
            found = step_text.solids(file.read(), near)
    except (Unread, ValueError):
        return False
    return len(found) == len(known.solids) and all(
        _is_solid(faces, solid, sides, near) for faces, (solid, sides) in zip(found, known.solids)
    )


def _has_more(shape: Any, known: Any) -> bool:
    """Return whether there are edges or corners that belong to no solid."""
    return any(
        shape.countElement(kind) != sum(solid.countElement(kind) for solid, _ in known.solids)
        for kind in ("Edge", "Vertex")
    )


def _is_solid(found: list[Face], solid: Any, sides: list[Side], near: float) -> bool:
    # A file has the faces in the order of the shape. Another order is not wrong, only not proved.
    return len(found) == len(sides) and all(
        _is_face(face, side, turned, near) for face, side, turned in zip(found, sides, solid.Faces)
    )


def _is_face(found: Face, side: Side, face: Any, near: float) -> bool:
    surface, frame = side.surface, found.surface.frame
    axis = tuple(attributes.of(surface, "Axis"))
    if _off(axis, frame.z) > PARALLEL and _off(axis, tuple(-each for each in frame.z)) > PARALLEL:
        return False
    outward = 1 if found.outward else -1
    normal = tuple(face.normalAt(0.0, 0.0))
    if side.kind == PLANE:
        if found.surface.radius is not None or _off(normal, tuple(outward * each for each in frame.z)) > PARALLEL:
            return False
        if abs(_dot(_minus(tuple(attributes.of(surface, "Position")), frame.origin), frame.z)) > near:
            return False
    else:
        radius = found.surface.radius
        if (
            radius is None
            or abs(radius - surface.Radius) > near
            or _from_axis(tuple(attributes.of(surface, "Center")), frame) > near
        ):
            return False
        arm = _minus(tuple(surface.value(0.0, 0.0)), frame.origin)
        if _dot(arm, normal) * outward <= 0:
            return False
    return _same_edges(found, face, near)


def _same_edges(found: Face, face: Any, near: float) -> bool:
    left = [_way_in_file(*each) for each in found.edges]
    for wire in face.childShapes():
        # From FreeCAD 1.0, the children of a wire have a seam once, not in both directions.
        for edge in wire.OrderedEdges:
            way = _way(edge)
            match = None if way is None else next((each for each in left if _is_same(each, way, near)), None)
            if match is None:
                return False
            left.remove(match)
    return not left


def _way(edge: Any) -> Way | None:
    if edge.Degenerated or edge.Orientation not in ("Forward", "Reversed"):
        return None
    curve, (low, high) = edge.Curve, edge.ParameterRange
    begin, end = tuple(curve.value(low)), tuple(curve.value(high))
    forward = edge.Orientation == "Forward"
    round_it: tuple[float, ...] = ()
    if curve.TypeId == "Part::GeomCircle":
        axis = tuple(attributes.of(curve, "Axis"))
        round_it = (
            *tuple(attributes.of(curve, "Center")),
            *(axis if forward else (-each for each in axis)),
            curve.Radius,
        )
    elif curve.TypeId != "Part::GeomLine":
        return None
    return (begin, end, round_it) if forward else (end, begin, round_it)  # pyright: ignore[reportReturnType]


def _way_in_file(edge: step_text.Edge, forward: bool) -> Way:
    round_it: tuple[float, ...] = ()
    if edge.frame is not None:
        axis = edge.frame.z
        round_it = (*edge.frame.origin, *(axis if forward else (-each for each in axis)), edge.radius)
    return (edge.begin, edge.end, round_it) if forward else (edge.end, edge.begin, round_it)


def _is_same(one: Way, other: Way, near: float) -> bool:
    return (
        len(one[2]) == len(other[2])
        and _off(one[0], other[0]) <= near
        and _off(one[1], other[1]) <= near
        and all(abs(a - b) <= near for a, b in zip(one[2], other[2]))
    )


def _off(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return max(abs(a - b) for a, b in zip(left, right))


def _dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(left, right))


def _minus(left: tuple[float, ...], right: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a - b for a, b in zip(left, right))


def _from_axis(point: tuple[float, ...], frame: Frame) -> float:
    arm = _minus(point, frame.origin)
    along = _dot(arm, frame.z)
    return max(abs(each - along * part) for each, part in zip(arm, frame.z))
