"""The boundary of a flat face as lines and arcs: which points it encloses, and whether it crosses itself."""

from __future__ import annotations

from math import atan2, cos, pi, sin, sqrt
from typing import Any, Tuple

from cadgate_freecad.app import attributes

Point = Tuple[float, float]
MEETING = 1e-6
"""mm within which ends of two edges are the same corner."""


class Line:
    """A straight edge."""

    def __init__(self, edge: Any, begin: Point, end: Point) -> None:
        self.edge = edge
        self.begin, self.end = begin, end
        (self.ax, self.ay), (self.bx, self.by) = begin, end
        self.box = (min(self.ax, self.bx), min(self.ay, self.by), max(self.ax, self.bx), max(self.ay, self.by))

    def crossings(self, y: float) -> tuple[float, ...]:
        """Return where it crosses a line along x at the height `y`."""
        if (self.ay > y) == (self.by > y):
            return ()
        return (self.ax + (y - self.ay) / (self.by - self.ay) * (self.bx - self.ax),)

    def is_level(self, y: float, near: float) -> bool:
        """Return whether such a line passes too near to an end for crossings to be counted."""
        return abs(self.ay - y) < near or abs(self.by - y) < near

    def somewhere(self) -> Point:
        """Return a point of it, at an uneven height."""
        return self.ax + 0.437 * (self.bx - self.ax), self.ay + 0.437 * (self.by - self.ay)

    def may_cross(self, other: Line | Arc) -> bool:
        """Return whether it may meet another edge anywhere except at a common corner."""
        if _are_apart(self.box, other.box):
            return False
        if isinstance(other, Arc):
            return self._is_near(other)
        for corner, far in ((self.begin, self.end), (self.end, self.begin)):
            for others, others_far in ((other.begin, other.end), (other.end, other.begin)):
                if abs(corner[0] - others[0]) < MEETING and abs(corner[1] - others[1]) < MEETING:
                    ux, uy = far[0] - corner[0], far[1] - corner[1]
                    vx, vy = others_far[0] - corner[0], others_far[1] - corner[1]
                    # One runs along the other: they share more than the corner.
                    return abs(ux * vy - uy * vx) <= MEETING * max(abs(ux) + abs(uy), abs(vx) + abs(vy))
        return True

    def _is_near(self, arc: Arc) -> bool:
        """Return whether it comes to the circle of an arc: part of it is inside, or on it, and part of it outside."""
        ux, uy, x, y = self.bx - self.ax, self.by - self.ay, arc.x - self.ax, arc.y - self.ay
        along = min(1.0, max(0.0, (ux * x + uy * y) / (ux * ux + uy * uy or 1.0)))
        nearest = sqrt((x - along * ux) ** 2 + (y - along * uy) ** 2)
        farthest = sqrt(max(x * x + y * y, (x - ux) ** 2 + (y - uy) ** 2))
        return nearest <= arc.radius + MEETING and farthest >= arc.radius - MEETING


class Arc:
    """A circle, or a piece of one: counterclockwise from the angle `start`."""

    def __init__(self, edge: Any, center: Point, radius: float, start: float, sweep: float) -> None:
        self.edge = edge
        (self.x, self.y), self.radius, self.start, self.sweep = center, radius, start, sweep
        self.box = (self.x - radius, self.y - radius, self.x + radius, self.y + radius)
        self.ends: list[float] = []

    def crossings(self, y: float) -> tuple[float, ...]:
        height = y - self.y
        if abs(height) >= self.radius:
            return ()
        half = sqrt(self.radius**2 - height**2)
        return tuple(x for x in (self.x - half, self.x + half) if self._holds(x, y))

    def is_level(self, y: float, near: float) -> bool:
        return abs(abs(y - self.y) - self.radius) < near or any(abs(y - end) < near for end in self.ends)

    def somewhere(self) -> Point:
        angle = self.start + 0.437 * self.sweep
        return self.x + self.radius * cos(angle), self.y + self.radius * sin(angle)

    def may_cross(self, other: Line | Arc) -> bool:
        if _are_apart(self.box, other.box):
            return False
        if isinstance(other, Line):
            return other.may_cross(self)
        distance = sqrt((self.x - other.x) ** 2 + (self.y - other.y) ** 2)
        outside = distance > self.radius + other.radius + MEETING
        return not outside and distance >= abs(self.radius - other.radius) - MEETING

    def _holds(self, x: float, y: float) -> bool:
        return self.sweep >= 2 * pi or (atan2(y - self.y, x - self.x) - self.start) % (2 * pi) <= self.sweep


def _are_apart(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
    return (
        left[2] < right[0] - MEETING
        or right[2] < left[0] - MEETING
        or left[3] < right[1] - MEETING
        or right[3] < left[1] - MEETING
    )


class Outline:
    """All wires of a flat face. `is_known` is false if an edge is neither a line nor a circle."""

    def __init__(self, face: Any, surface: Any) -> None:
        self._origin = surface.value(0, 0)
        self._u, self._v = surface.value(1, 0) - self._origin, surface.value(0, 1) - self._origin
        self.wires: list[Any] = face.childShapes()
        self.pieces: list[Line | Arc] = []
        self._loops: list[list[Line | Arc]] = []
        self.is_known = all(self._add_loop(wire) for wire in self.wires) and bool(self.pieces)
        self.is_straight = self.is_known and all(isinstance(each, Line) for each in self.pieces)

    def _flat(self, point: Any) -> Point:
        arm = point - self._origin
        return arm.dot(self._u), arm.dot(self._v)

    def _add_loop(self, wire: Any) -> bool:
        if wire.ShapeType != "Wire":
            return False
        loop = [self._piece(edge) for edge in wire.childShapes()]
        known = [piece for piece in loop if piece is not None]
        self._loops.append(known)
        self.pieces += known
        return len(known) == len(loop)

    def _piece(self, edge: Any) -> Line | Arc | None:
        if edge.Degenerated or edge.Orientation not in ("Forward", "Reversed"):
            return None
        curve = edge.Curve
        low, high = edge.ParameterRange
        if curve.TypeId == "Part::GeomLine":
            return Line(edge, self._flat(curve.value(low)), self._flat(curve.value(high)))
        if curve.TypeId != "Part::GeomCircle":
            return None
        x, y = self._flat(attributes.of(curve, "Center"))
        if high - low > 2 * pi - 1e-9:
            return Arc(edge, (x, y), curve.Radius, 0.0, 2 * pi)
        (ax, ay), (mx, my), (bx, by) = (self._flat(curve.value(each)) for each in (low, (low + high) / 2, high))
        start, end = atan2(ay - y, ax - x), atan2(by - y, bx - x)
        sweep = (end - start) % (2 * pi)
        if (atan2(my - y, mx - x) - start) % (2 * pi) > sweep:
            start, sweep = end, 2 * pi - sweep
        arc = Arc(edge, (x, y), curve.Radius, start, sweep)
        arc.ends = [ay, by]
        return arc

    def extents(self) -> tuple[float, float, float, float]:
        """Return the box of the outline in the plane's own coordinates: low and high of the first, of the second."""
        low_x, low_y, high_x, high_y = zip(*(piece.box for piece in self.pieces))
        return min(low_x), max(high_x), min(low_y), max(high_y)

    def normal(self) -> Any:
        return self._u.cross(self._v)

    def holds(self, point: Any, near: float) -> bool | None:
        """Return whether the outline encloses a point of its plane; None if it is too near to the outline to decide."""
        x, y = self._flat(point)
        return _goes_round(self.pieces, x, y, near)

    def is_nested(self) -> bool:
        """Return whether all wires but one lie within that one, and none of these in another."""
        if len(self._loops) == 1:
            return True
        outer = 0
        for loop in self._loops:
            others = [piece for other in self._loops if other is not loop for piece in other]
            enclosed = (_goes_round(others, *piece.somewhere(), 1e-9) for piece in loop)
            inside = next((each for each in enclosed if each is not None), None)
            if inside is None:
                return False
            outer += not inside
        return outer == 1


def _goes_round(pieces: list[Line | Arc], x: float, y: float, near: float) -> bool | None:
    inside = False
    for piece in pieces:
        _, low_y, high_x, high_y = piece.box
        if not low_y - near <= y <= high_y + near or high_x < x - near:
            continue
        if piece.is_level(y, near):
            return None
        for crossing in piece.crossings(y):
            if abs(crossing - x) < near:
                return None
            inside ^= crossing > x
    return inside
