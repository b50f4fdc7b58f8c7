"""Solves the mates of an assembly: faces and edges as planes, axes and points, moved until all mates hold.

The first part stays. The others are moved by the least squares of the residuals; the rank of their derivatives is what
the mates take from the degrees of freedom.
"""

from __future__ import annotations

from math import cos, radians
from typing import Any, NamedTuple, Sequence

import FreeCAD

from cadgate_freecad.app import attributes

TOLERANCE = 1e-7
"""mm, and the same for directions, that a solved mate may be off."""
_STEP = 1e-6
_ROUNDS = 60
Vector = FreeCAD.Vector


class Primitive(NamedTuple):
    """A plane, an axis or a point, in the coordinates of its part; a circle is an axis with a place on it."""

    kind: str
    point: Any
    direction: Any

    def moved(self, place: Any) -> Primitive:
        return Primitive(self.kind, place.multVec(self.point), attributes.rotation(place).multVec(self.direction))


class Tie(NamedTuple):
    """A mate between the parts number `a` and `b`."""

    type: str
    a: int
    one: Primitive
    b: int
    two: Primitive
    value: float
    flipped: bool


def primitive_of(element: Any) -> Primitive | None:
    """Return what a face or edge is for mates; None for any other surface or curve."""
    none = Vector()
    if element.ShapeType == "Face":
        surface = element.Surface
        kind = surface.TypeId.split("::Geom")[-1]
        if kind == "Plane":
            return Primitive("plane", attributes.of(element, "CenterOfMass"), element.normalAt(0, 0))
        if kind in ("Cylinder", "Cone", "Toroid"):
            return Primitive("axis", attributes.of(surface, "Center"), attributes.of(surface, "Axis"))
        return Primitive("point", attributes.of(surface, "Center"), none) if kind == "Sphere" else None
    curve = element.Curve
    kind = curve.TypeId.split("::Geom")[-1]
    if kind in ("Line", "LineSegment"):
        low, high = element.valueAt(element.FirstParameter), element.valueAt(element.LastParameter)
        return Primitive("axis", low, (high - low).normalize())
    return (
        Primitive("circle", attributes.of(curve, "Center"), attributes.of(curve, "Axis")) if kind == "Circle" else None
    )


def alike(one: Primitive, two: Primitive) -> bool:
    """Return whether two are one plane, one axis or one point."""
    if one.kind != two.kind or one.direction.cross(two.direction).Length > 1e-7:
        return False
    between = two.point - one.point
    if one.kind == "plane":
        return abs(between.dot(one.direction)) < 1e-6 and one.direction.dot(two.direction) > 0
    if one.kind == "axis":
        return between.cross(one.direction).Length < 1e-6
    return between.Length < 1e-6


def residuals(tie: Tie, places: Sequence[Any], size: float) -> list[float]:
    """Return what is wrong with a mate, in mm; directions count as at a lever of `size`."""
    one, two = tie.one.moved(places[tie.a]), tie.two.moved(places[tie.b])
    between = two.point - one.point
    turned = [each * size for each in one.direction.cross(two.direction)]
    if tie.type == "parallel":
        return turned
    if tie.type == "angle":
        return [(one.direction.dot(two.direction) - cos(radians(tie.value))) * size]
    if tie.type == "concentric":
        return [*turned, *between.cross(one.direction)]
    if "point" in (one.kind, two.kind):
        return _of_points(tie, one, two, between)
    if "plane" in (one.kind, two.kind):
        plane, other = (one, two) if one.kind == "plane" else (two, one)
        off = between.dot(one.direction) if one.kind == "plane" else between.dot(two.direction)
        if other.kind != "plane":
            across = [] if other.kind == "circle" else [plane.direction.dot(other.direction) * size]
            return [*(turned if other.kind == "circle" else across), off - tie.value]
        sign = -1 if tie.flipped else 1
        facing = [each * size for each in one.direction + two.direction * sign]
        return [*(turned if tie.type == "distance" else facing), off - tie.value]
    if tie.type == "distance":
        across = between.cross(one.direction).Length if one.kind == two.kind == "axis" else between.Length
        return [*turned, across - tie.value]
    return [*turned, *(between if "circle" in (one.kind, two.kind) else between.cross(one.direction))]


def _of_points(tie: Tie, one: Primitive, two: Primitive, between: Any) -> list[float]:
    other = two if one.kind == "point" else one
    if other.kind == "plane":
        normal = other.direction if other is two else -other.direction
        return [-between.dot(normal) - tie.value]
    if other.kind == "axis":
        across = between.cross(other.direction)
        return [across.Length - tie.value] if tie.type == "distance" else list(across)
    return [between.Length - tie.value] if tie.type == "distance" else list(between)


def solve(ties: list[Tie], places: list[Any], size: float) -> list[Any] | None:
    """Return the places in which all mates hold, None if none are found."""
    for attempt in range(6):
        start = places if attempt == 0 else [places[0], *(_disturbed(each, attempt) for each in places[1:])]
        found = _descend(ties, list(start), size)
        if found is not None:
            return found
    return None


def _disturbed(place: Any, attempt: int) -> Any:
    """Return the place turned a little, always in the same way: exactly opposed directions give no way to go."""
    axis = (Vector(1, 2, 3), Vector(-2, 1, 0.5), Vector(0.3, -1, 2), Vector(1, 0, 0), Vector(0, 1, 0.1))[attempt - 1]
    return FreeCAD.Placement(
        attributes.base(place), FreeCAD.Rotation(axis, 20.0 * attempt).multiply(attributes.rotation(place))
    )


def _all(ties: list[Tie], places: Sequence[Any], size: float) -> list[float]:
    return [part for tie in ties for part in residuals(tie, places, size)]


def _descend(ties: list[Tie], places: list[Any], size: float) -> list[Any] | None:
    damping = 1e-3
    now = _all(ties, places, size)
    wrong = sum(part * part for part in now)
    for _ in range(_ROUNDS):
        if max(map(abs, now), default=0.0) <= TOLERANCE:
            return places
        rows = derivatives(ties, places, size, now)
        while damping < 1e8:
            step = _solved(rows, now, damping)
            moved = [places[0], *(_by(place, step[6 * n : 6 * n + 6], size) for n, place in enumerate(places[1:]))]
            then = _all(ties, moved, size)
            less = sum(part * part for part in then)
            if less < wrong:
                places, now, wrong, damping = moved, then, less, max(damping / 10, 1e-12)
                break
            damping *= 10
        else:
            break
    return places if max(map(abs, now), default=0.0) <= 10 * TOLERANCE else None


def _by(place: Any, step: Sequence[float], size: float) -> Any:
    """Return the place moved by three lengths, and turned about itself by three lengths at a lever of `size`."""
    turn = Vector(*step[3:]) / size
    angle = turn.Length
    rotation = FreeCAD.Rotation(turn, angle * 57.29577951308232) if angle > 1e-15 else FreeCAD.Rotation()
    return FreeCAD.Placement(attributes.base(place) + Vector(*step[:3]), rotation.multiply(attributes.rotation(place)))


def derivatives(ties: list[Tie], places: Sequence[Any], size: float, now: list[float]) -> list[list[float]]:
    """Return a row for each residual: its change with each of the six moves of each part but the first."""
    rows = [[0.0] * (6 * (len(places) - 1)) for _ in now]
    first = 0
    for tie in ties:
        count = len(residuals(tie, places, size))
        for part in (tie.a, tie.b):
            for axis in range(6 if part else 0):
                step = [0.0] * 6
                step[axis] = _STEP * size
                moved = list(places)
                moved[part] = _by(places[part], step, size)
                for row, value in enumerate(residuals(tie, moved, size), first):
                    rows[row][6 * (part - 1) + axis] = (value - now[row]) / step[axis]
        first += count
    return rows


def _solved(rows: list[list[float]], now: list[float], damping: float) -> list[float]:
    """Return the step of the damped normal equations."""
    count = len(rows[0]) if rows else 0
    matrix = [[0.0] * count for _ in range(count)]
    right = [0.0] * count
    for row, value in zip(rows, now):
        used = [index for index, each in enumerate(row) if each]
        for one in used:
            right[one] -= row[one] * value
            for two in used:
                matrix[one][two] += row[one] * row[two]
    for index in range(count):
        matrix[index][index] += damping
    return _eliminated(matrix, right)


def _eliminated(matrix: list[list[float]], right: list[float]) -> list[float]:
    count = len(right)
    for index in range(count):
        pivot = matrix[index][index]
        for below in range(index + 1, count):
            share = matrix[below][index] / pivot
            if share:
                row, upper = matrix[below], matrix[index]
                for column in range(index, count):
                    row[column] -= share * upper[column]
                right[below] -= share * right[index]
    found = [0.0] * count
    for index in reversed(range(count)):
        rest = sum(matrix[index][column] * found[column] for column in range(index + 1, count))
        found[index] = (right[index] - rest) / matrix[index][index]
    return found


def freedom(ties: list[Tie], places: Sequence[Any], size: float) -> int:
    """Return the degrees of freedom that are left."""
    total = 6 * max(0, len(places) - 1)
    return total - _rank(derivatives(ties, places, size, _all(ties, places, size)))


def _rank(rows: list[list[float]]) -> int:
    rows = [list(row) for row in rows]
    rank = 0
    for column in range(len(rows[0]) if rows else 0):
        best = max(range(rank, len(rows)), key=lambda index: abs(rows[index][column]), default=None)
        if best is None or abs(rows[best][column]) < 1e-4:
            continue
        rows[rank], rows[best] = rows[best], rows[rank]
        upper = rows[rank]
        for index in range(rank + 1, len(rows)):
            share = rows[index][column] / upper[column]
            if share:
                rows[index] = [one - share * two for one, two in zip(rows[index], upper)]
        rank += 1
    return rank
