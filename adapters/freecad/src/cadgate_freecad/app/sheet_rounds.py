"""Round faces of the objects of a sheet by their axes: how far they reach around them, where they begin and end."""

from __future__ import annotations

from itertools import product
from math import atan2, floor, pi, tau
from typing import Any, Iterable, Iterator, NamedTuple

import FreeCAD

from cadgate_freecad.app import attributes, shapes
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.provenance import meeting

_NEAR = 1e-5
"""mm that two axes or radii may be apart to be one."""
_CELL = 1.0
_SIDE = FreeCAD.Vector(1, -1, 1)
"""Of the two ends of an axis, the first is the one that the front, the top or the right view shows."""


class End(NamedTuple):
    """Where a piece ends on its axis, mm along it; `open` if what is beyond is no material that closes it."""

    at: float
    open: bool


class Piece(NamedTuple):
    """A face of a round: how far it reaches around the axis, from the middle in radians, and its two ends along it."""

    middle: float
    half: float
    low: End
    high: End


class Round:
    """All cylindrical faces of one radius around one axis that have their material on the same side."""

    def __init__(self, radius: float, foot: Any, axis: Any, hollow: bool) -> None:
        self.radius, self.foot, self.axis, self.hollow = radius, foot, axis, hollow
        self.pieces: list[Piece] = []
        # Angles count from here, for all faces alike.
        least = min(range(3), key=lambda index: abs(axis[index]))
        self._across = axis.cross(FreeCAD.Vector(*(float(index == least) for index in range(3)))).normalize()
        self._up = axis.cross(self._across)

    def along(self, point: Any) -> float:
        """Return where a point is along the axis, mm."""
        return (point - self.foot).dot(self.axis)

    def at(self, along: float) -> Any:
        """Return the point of the axis there."""
        return self.foot + self.axis * along

    def angle(self, point: Any) -> float:
        way = point - self.foot
        return atan2(way.dot(self._up), way.dot(self._across))

    def has(self, way: Any) -> bool:
        """Return whether there is a face in a direction from the axis."""
        angle = self.angle(self.foot + way)
        return any(abs((angle - each.middle + pi) % tau - pi) <= each.half + 1e-9 for each in self.pieces)

    @property
    def around(self) -> float:
        """How far all faces together reach around the axis, as one sees it along the axis, in radians."""
        return covered(self.pieces)

    @property
    def ends(self) -> tuple[float, float]:
        return min(each.low.at for each in self.pieces), max(each.high.at for each in self.pieces)

    def stretches(self) -> list[list[Piece]]:
        """Return the pieces by what is one when a drill has passed: nothing that is closed lies between them."""
        found: list[list[Piece]] = []
        for piece in sorted(self.pieces, key=lambda each: each.low.at):
            if found and _go_on(found[-1], piece):
                found[-1].append(piece)
            else:
                found.append([piece])
        return found


def _go_on(before: list[Piece], piece: Piece) -> bool:
    last = max((each.high for each in before), key=lambda end: end.at)
    return piece.low.at <= last.at + _NEAR or (last.open and piece.low.open)


def covered(pieces: Iterable[Piece]) -> float:
    """Return how far pieces reach around together, in radians: what is above each other counts once."""
    spans: list[tuple[float, float]] = []
    for each in pieces:
        start = (each.middle - each.half) % tau
        end = start + 2 * each.half
        spans += [(start, min(end, tau)), (0.0, end - tau)] if end > tau else [(start, end)]
    total, reached = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def is_circle(around: float) -> bool:
    """Return whether a round counts as a hole or a shaft, not as a rounding: if it is more than half of a circle."""
    return around > pi + 1e-6


def rounds_of(objects: list[Any]) -> list[Round]:
    """Return the rounds of all objects, each once, in the order of their first faces."""
    found: list[Round] = []
    cells: dict[Any, list[Round]] = {}
    for obj in objects:
        faces = shapes.required_shape(obj).Faces
        for face, neighbours in _cylinders(faces):
            surface = face.Surface
            low, high, first, last = face.ParameterRange
            middle = ((low + high) / 2, (first + last) / 2)
            at, axis = face.valueAt(*middle), _directed(attributes.of(surface, "Axis"))
            center = attributes.of(surface, "Center")
            foot = center - axis * center.dot(axis)
            hollow = (foot + axis * at.dot(axis) - at).dot(face.normalAt(*middle)) > 0
            known = _known(cells, surface.Radius, foot, axis, hollow)
            if known is None:
                known = Round(surface.Radius, foot, axis, hollow)
                found.append(known)
                for key in _keys(foot):
                    cells.setdefault(key, []).append(known)
            known.pieces.append(_piece(known, face, known.angle(at), (high - low) / 2, neighbours))
    return found


def _directed(axis: Any) -> Any:
    for sign in (axis.dot(_SIDE), axis.z, axis.x):
        if abs(sign) > 1e-9:
            return axis if sign > 0 else -axis
    return axis


def _keys(foot: Any) -> set[Any]:
    """Return the cells of space in which a point is, also those at whose border it is."""
    both = ([floor((part + sign * _NEAR) / _CELL) for sign in (-1, 1)] for part in foot)
    return set(product(*both))


def _known(cells: dict[Any, list[Round]], radius: float, foot: Any, axis: Any, hollow: bool) -> Round | None:
    for key in _keys(foot):
        for each in cells.get(key, ()):
            near = abs(each.radius - radius) < _NEAR and (each.foot - foot).Length < _NEAR
            if near and each.hollow == hollow and each.axis.cross(axis).Length < 1e-7:
                return each
    return None


class _Beside:
    """A face that a cylinder ends at."""

    def __init__(self, face: Any) -> None:
        self._face, self._normal = face, None
        self._flat = face.Surface.TypeId == "Part::GeomPlane"

    def looks_back(self, point: Any, outward: Any) -> bool:
        """Return whether the face looks against `outward` at a point of its border."""
        if self._flat:
            # Once: it takes as long as the face has edges, which are many where there are many holes.
            self._normal = self._normal or self._face.normalAt(0, 0)
            return bool(self._normal.dot(outward) < -1e-6)
        along = self._leaning(self._face.Surface.parameter(point), outward)
        if abs(along) < 1e-6:
            # It goes on smoothly, as a rounding or the end of a ball does.
            low, high, first, last = self._face.ParameterRange
            along = self._leaning(((low + high) / 2, (first + last) / 2), outward)
        return along < -1e-6

    def _leaning(self, place: tuple[float, float], outward: Any) -> float:
        """Return how much the face looks outward there, from -1 to 1; 0 where it has no normal, as at a cone's tip."""
        try:
            return float(self._face.normalAt(*place).dot(outward))
        except (RuntimeError, FreeCADError):
            return 0.0


def _cylinders(faces: list[Any]) -> Iterator[tuple[Any, list[tuple[Any, list[_Beside]]]]]:
    """Yield the cylindrical faces, each with its edges and the other faces that meet there."""
    found = [(index, face) for index, face in enumerate(faces) if face.Surface.TypeId == "Part::GeomCylinder"]
    edges = [face.Edges for _, face in found]
    beside = iter(meeting([edge for each in edges for edge in each], faces, "Edges"))
    known: dict[int, _Beside] = {}
    for (index, face), around in zip(found, edges):
        neighbours: list[tuple[Any, list[_Beside]]] = []
        for edge in around:
            others = [other for other in next(beside) if other != index]
            for other in others:
                if other not in known:
                    known[other] = _Beside(faces[other])
            neighbours.append((edge, [known[other] for other in others]))
        yield face, neighbours


def _piece(known: Round, face: Any, middle: float, half: float, neighbours: list[tuple[Any, list[_Beside]]]) -> Piece:
    ends: list[tuple[float, Any, list[_Beside]]] = []
    for edge, others in neighbours:
        ends += [(known.along(point), edge, others) for point in _rim(edge)]
    if not ends:
        ends = [(known.along(face.valueAt(face.ParameterRange[0], at)), None, []) for at in face.ParameterRange[2:]]
    low, high = (choose(ends, key=lambda end: end[0]) for choose in (min, max))
    return Piece(middle, half, End(low[0], _is_open(low, -known.axis)), End(high[0], _is_open(high, known.axis)))


def _rim(edge: Any) -> list[Any]:
    """Return the centre of an edge around a cylinder, or points of one that is no circle and no ellipse."""
    if edge.Degenerated:
        return []
    kind = edge.Curve.TypeId
    if kind in ("Part::GeomCircle", "Part::GeomEllipse"):
        return [attributes.of(edge.Curve, "Center")]
    if kind in ("Part::GeomLine", "Part::GeomLineSegment"):
        return []
    first, last = edge.FirstParameter, edge.LastParameter
    return [edge.valueAt(first + (last - first) * step / 16) for step in range(17)]


def _is_open(end: tuple[float, Any, list[_Beside]], outward: Any) -> bool:
    """Return whether the faces beyond an end look outward, as around a mouth, and not back, as a bottom does."""
    _, edge, others = end
    if edge is None:
        return True
    point = edge.valueAt((edge.FirstParameter + edge.LastParameter) / 2)
    return not any(other.looks_back(point, outward) for other in others)
