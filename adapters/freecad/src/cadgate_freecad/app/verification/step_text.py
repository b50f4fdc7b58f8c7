"""Reads what a STEP file says of solids with flat and cylindrical faces, without OpenCASCADE, which wrote it.

Whatever this does not know is `Unread`: then the file is not judged here.
"""

from __future__ import annotations

import re
from math import atan2, cos, pi, sin, sqrt
from typing import Callable, List, NamedTuple, Tuple

Point = Tuple[float, float, float]
Curve = Callable[[float], Point]

_STRING = re.compile(r"'(?:[^']|'')*'")
_SPACES = {ord(each): None for each in " \r\n\t"}
_REF, _NUMBER = r"(#\d+)", r"([-+]?\d+\.?\d*(?:E[-+]?\d+)?)"
_REFS, _NUMBERS = r"\((#\d+(?:,#\d+)*)\)", r"\(([-+.,\dE]+)\)"
_FLAG = r"\.([TF])\."
_PARTS = {
    "ADVANCED_BREP_SHAPE_REPRESENTATION": f"{_REFS},{_REF}",
    "ADVANCED_FACE": f"{_REFS},{_REF},{_FLAG}",
    "AXIS2_PLACEMENT_2D": f"{_REF},{_REF}",
    "AXIS2_PLACEMENT_3D": f"{_REF},{_REF},{_REF}",
    "CARTESIAN_POINT": _NUMBERS,
    "CIRCLE": f"{_REF},{_NUMBER}",
    "CLOSED_SHELL": _REFS,
    "CYLINDRICAL_SURFACE": f"{_REF},{_NUMBER}",
    "DEFINITIONAL_REPRESENTATION": rf"\({_REF}\),{_REF}",
    "DIRECTION": _NUMBERS,
    "EDGE_CURVE": rf"{_REF},{_REF},{_REF},\.T\.",
    "EDGE_LOOP": _REFS,
    "FACE_BOUND": f"{_REF},{_FLAG}",
    "FACE_OUTER_BOUND": f"{_REF},{_FLAG}",
    "LINE": f"{_REF},{_REF}",
    "MANIFOLD_SOLID_BREP": _REF,
    "ORIENTED_EDGE": rf"\*,\*,{_REF},{_FLAG}",
    "PCURVE": f"{_REF},{_REF}",
    "PLANE": _REF,
    "SHAPE_REPRESENTATION": f"{_REFS},{_REF}",
    "SEAM_CURVE": rf"{_REF},{_REFS},\.PCURVE_S1\.",
    "SURFACE_CURVE": rf"{_REF},{_REFS},\.PCURVE_S1\.",
    "VECTOR": f"{_REF},{_NUMBER}",
    "VERTEX_POINT": _REF,
}
"""What follows the name in each kind of record; every one of the file must be of these kinds, or of the next ones."""
_READ = {kind: re.compile(rf"{kind}\('',{parts}\)") for kind, parts in _PARTS.items()}
_WHOLE = ("ADVANCED_BREP_SHAPE_REPRESENTATION", "SHAPE_REPRESENTATION")
_BOUND = ("FACE_BOUND", "FACE_OUTER_BOUND")
_READ["SHAPE_DEFINITION_REPRESENTATION"] = re.compile(rf"SHAPE_DEFINITION_REPRESENTATION\({_REF},{_REF}\)")
_BESIDES = frozenset(
    (
        *("APPLICATION_CONTEXT", "APPLICATION_PROTOCOL_DEFINITION"),
        *("PRODUCT", "PRODUCT_CONTEXT", "PRODUCT_DEFINITION", "PRODUCT_DEFINITION_CONTEXT", "PRODUCT_DEFINITION_SHAPE"),
        *("PRODUCT_DEFINITION_FORMATION", "PRODUCT_RELATED_PRODUCT_CATEGORY", "UNCERTAINTY_MEASURE_WITH_UNIT"),
    )
)
_FLAT_SPACE = "(GEOMETRIC_REPRESENTATION_CONTEXT(2)PARAMETRIC_REPRESENTATION_CONTEXT()REPRESENTATION_CONTEXT('',''))"
_SPACE = re.compile(
    r"\(GEOMETRIC_REPRESENTATION_CONTEXT\(3\)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT\(\(#\d+\)\)"
    rf"GLOBAL_UNIT_ASSIGNED_CONTEXT\({_REFS}\)REPRESENTATION_CONTEXT\('',''\)\)"
)
_ROUND = re.compile(
    rf"\(BOUNDED_CURVE\(\)B_SPLINE_CURVE\(2,{_REFS},\.UNSPECIFIED\.,\.[TF]\.,\.[TF]\.\)"
    rf"B_SPLINE_CURVE_WITH_KNOTS\(\(1,2,2,2,2,1\),{_NUMBERS},\.UNSPECIFIED\.\)CURVE\(\)"
    r"GEOMETRIC_REPRESENTATION_ITEM\(\)RATIONAL_B_SPLINE_CURVE\(\(1\.,0\.5,1\.,0\.5,1\.,0\.5,1\.\)\)"
    r"REPRESENTATION_ITEM\(''\)\)"
)
"""A circle as OpenCASCADE writes it where it is clockwise in the coordinates of the surface, of three pieces."""
_UNITS = {
    "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))",
    "(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))",
    "(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())",
}


class Unread(Exception):
    """The file has something that is not read here, or contradicts itself."""


class Frame(NamedTuple):
    """A place with three axes."""

    origin: Point
    x: Point
    y: Point
    z: Point

    def at(self, along_x: float, along_y: float, along_z: float) -> Point:
        (a, b, c), (ax, bx, cx), (ay, by, cy), (az, bz, cz) = self
        return (
            a + along_x * ax + along_y * ay + along_z * az,
            b + along_x * bx + along_y * by + along_z * bz,
            c + along_x * cx + along_y * cy + along_z * cz,
        )


class Surface(NamedTuple):
    """A plane, or a cylinder if it has a radius."""

    frame: Frame
    radius: float | None

    def at(self, u: float, v: float) -> Point:
        if self.radius is None:
            return self.frame.at(u, v, 0.0)
        return self.frame.at(self.radius * cos(u), self.radius * sin(u), v)


class Edge(NamedTuple):
    """An edge from one vertex to another: straight, or counterclockwise on the circle of a frame."""

    begin: Point
    end: Point
    frame: Frame | None
    radius: float


Run = Tuple[Edge, Curve, float, float, List[str]]
"""An edge, how it runs in which range of its parameter, and the names of its curves on surfaces."""


class Face(NamedTuple):
    """A face; `edges` are in the direction in which the face is on their left. `outward`: as the surface's normal."""

    surface: Surface
    outward: bool
    edges: list[tuple[Edge, bool]]


def solids(text: str, near: float) -> list[list[Face]]:
    """Return the faces of each solid of a file with one product. Raises Unread."""
    return _File(text, near).solids()


class _File:
    def __init__(self, text: str, near: float) -> None:
        text = _STRING.sub("''", text).translate(_SPACES)
        header, found, rest = text.partition("ENDSEC;DATA;")
        data, ended, after = rest.partition("ENDSEC;")
        if (
            "/*" in text
            or not (found and ended)
            or not header.startswith("ISO-10303-21;HEADER;")
            or after != "END-ISO-10303-21;"
        ):
            raise Unread("the sections")
        self._near = near
        self._records: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._count: dict[str, int] = {}
        self._points: dict[str, Point] = {}
        self._surfaces: dict[str, Surface] = {}
        for record in data.split(";")[:-1]:
            name, _, content = record.partition("=")
            if name in self._records:
                raise Unread(name)
            self._records[name] = content
            self._kinds[name] = kind = content.partition("(")[0]
            self._count[kind] = self._count.get(kind, 0) + 1
        unknown = self._count.keys() - _READ.keys() - _BESIDES - {""}
        if unknown:
            raise Unread(unknown)
        self._used: dict[str, list[bool]] = {}
        self._edges: dict[str, Run] = {}
        self._round: set[str] = set()
        """The circles that are splines."""
        self._flat_ones: set[str] = set()
        """The curves in coordinates of surfaces that were compared with their edges."""

    def _of(self, kind: str, name: str) -> tuple[str, ...]:
        found = _READ[kind].fullmatch(self._records.get(name, ""))
        if found is None:
            raise Unread(name)
        return found.groups()

    def _kind(self, name: str) -> str:
        return self._kinds.get(name, "")

    def solids(self) -> list[list[Face]]:
        count = self._count.get
        if (
            not count("PRODUCT")
            == count("SHAPE_DEFINITION_REPRESENTATION")
            == 1
            == sum(count(each, 0) for each in _WHOLE)
        ):
            raise Unread("more than one shape")
        (definition,) = [each for each in self._records if self._kind(each) == "SHAPE_DEFINITION_REPRESENTATION"]
        whole = self._of("SHAPE_DEFINITION_REPRESENTATION", definition)[1]
        items, context = self._of(_one_of(_WHOLE, self._kind(whole)), whole)
        place, *bodies = items.split(",")
        if self._frame(place) != ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            raise Unread("a moved part")
        made = [self._shell(self._of("MANIFOLD_SOLID_BREP", body)[0]) for body in bodies]
        wanted = {"MANIFOLD_SOLID_BREP": len(made), "CLOSED_SHELL": len(made), "ADVANCED_FACE": sum(map(len, made))}
        if any(self._count.get(kind) != count for kind, count in wanted.items()):
            raise Unread("something that is in no solid")
        if len(self._flat_ones) != self._count.get("PCURVE", 0):
            raise Unread("a curve on another surface")
        self._require_units(context)
        return made

    def _require_units(self, context: str) -> None:
        space = _SPACE.fullmatch(self._records.get(context, ""))
        if space is None or {self._records.get(each) for each in space[1].split(",")} != _UNITS:
            raise Unread("units")
        flat = self._count.get("DEFINITIONAL_REPRESENTATION", 0)
        if self._count[""] != 1 + len(_UNITS) + flat + len(self._round):
            raise Unread("another context")

    def _shell(self, name: str) -> list[Face]:
        self._used = {}
        faces = [self._face(each) for each in self._of("CLOSED_SHELL", name)[0].split(",")]
        if any(sorted(each) != [False, True] for each in self._used.values()):
            raise Unread("a shell that is not closed")
        return faces

    def _face(self, name: str) -> Face:
        bounds, surface, sense = self._of("ADVANCED_FACE", name)
        edges: list[tuple[Edge, bool]] = []
        for bound in bounds.split(","):
            loop, flag = self._of(_one_of(_BOUND, self._kind(bound)), bound)
            steps = [self._of("ORIENTED_EDGE", each) for each in self._of("EDGE_LOOP", loop)[0].split(",")]
            ends: list[tuple[str, str]] = []
            for curve, forward in steps:
                begin, end = self._of("EDGE_CURVE", curve)[:2]
                ends.append((begin, end) if forward == "T" else (end, begin))
                along = forward == flag
                edges.append((self._edge(curve, surface), along))
                self._used.setdefault(curve, []).append(along)
            if any(end != ends[(number + 1) % len(ends)][0] for number, (_, end) in enumerate(ends)):
                raise Unread("a loop that is not closed")
        return Face(self._surface(surface), sense == "T", edges)

    def _edge(self, name: str, surface: str) -> Edge:
        """Return an edge. Raises Unread if its curve on this surface is elsewhere."""
        if name not in self._edges:
            self._edges[name] = self._run(name)
        edge, there, low, high, on = self._edges[name]
        if on:
            self._require_on_surface(on, surface, edge, there, low, high)
        return edge

    def _run(self, name: str) -> Run:
        begin, end, curve = self._of("EDGE_CURVE", name)
        first, last = (self._point(self._of("VERTEX_POINT", each)[0]) for each in (begin, end))
        on: list[str] = []
        if self._kind(curve) in ("SURFACE_CURVE", "SEAM_CURVE"):
            curve, curves = self._of(self._kind(curve), curve)
            on = curves.split(",")
        if self._kind(curve) == "LINE":
            origin, step = self._line(curve, 3)
            size = _dot(step, step)
            low, high = (_dot(_minus(each, origin), step) / size for each in (first, last))
            edge = Edge(first, last, None, 0.0)

            def there(t: float) -> Point:
                return (origin[0] + t * step[0], origin[1] + t * step[1], origin[2] + t * step[2])

            if low >= high:
                raise Unread(name)
        else:
            at, radius = self._of("CIRCLE", curve)
            frame, size = self._frame(at), float(radius)
            low, high = (_angle(frame, each) for each in (first, last))
            if begin == end or high <= low:
                high += 2 * pi
            edge = Edge(first, last, frame, size)

            def there(t: float) -> Point:
                return frame.at(size * cos(t), size * sin(t), 0.0)

        if _far(there(low), first) > self._near or _far(there(high), last) > self._near:
            raise Unread(name)
        return edge, there, low, high, on

    def _require_on_surface(
        self, curves: list[str], surface: str, edge: Edge, there: Curve, low: float, high: float
    ) -> None:
        """Raise Unread unless the curves in the surface's own coordinates run where the edge runs."""
        about = [(each, *self._of("PCURVE", each)) for each in curves]
        flat = [self._of("DEFINITIONAL_REPRESENTATION", how) for _, on, how in about if on == surface]
        if not flat:
            raise Unread(surface)
        self._flat_ones.update(name for name, on, _ in about if on == surface)
        on = self._surface(surface)
        places = [low + part * (high - low) for part in (0.0, 0.3, 0.77)]
        wanted = [there(t) for t in places]
        for curve, context in flat:
            if self._records.get(context) != _FLAT_SPACE:
                raise Unread(context)
            if self._kind(curve) == "":
                self._require_round(curve, on, edge)
                continue
            at = self._flat(curve)
            if any(_far(on.at(*at(t)), point) > self._near for t, point in zip(places, wanted)):
                raise Unread(curve)

    def _require_round(self, name: str, on: Surface, edge: Edge) -> None:
        """Raise Unread unless a spline on a plane is the circle of an edge, in the same direction."""
        found = _ROUND.fullmatch(self._records.get(name, ""))
        if found is None or edge.frame is None or on.radius is not None:
            raise Unread(name)
        knots, poles = list(map(float, found[2].split(","))), found[1].split(",")
        if len(poles) != 7 or len(knots) != 6 or any(a >= b for a, b in zip(knots, knots[1:])):
            raise Unread(name)
        for number, pole in enumerate(poles):
            # Three of its six points lie on the circle, where the others' tangents touch it.
            turn, size = number * pi / 3, edge.radius * (2 if number % 2 else 1)
            x, y = self._numbers(pole, 2)
            if _far(on.at(x, y), edge.frame.at(size * cos(turn), size * sin(turn), 0.0)) > self._near:
                raise Unread(name)
        self._round.add(name)

    def _flat(self, name: str) -> Callable[[float], tuple[float, float]]:
        if self._kind(name) == "LINE":
            (x, y), (along, across) = self._line(name, 2)
            return lambda t: (x + t * along, y + t * across)
        at, radius = self._of("CIRCLE", name)
        center, direction = self._of("AXIS2_PLACEMENT_2D", at)
        (x, y), (along, across), size = self._numbers(center, 2), _unit(self._numbers(direction, 2)), float(radius)
        return lambda t: (
            x + size * (cos(t) * along - sin(t) * across),
            y + size * (cos(t) * across + sin(t) * along),
        )

    def _line(self, name: str, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        origin, vector = self._of("LINE", name)
        direction, length = self._of("VECTOR", vector)
        size = float(length)
        return self._numbers(origin, count), tuple(size * each for each in _unit(self._numbers(direction, count)))

    def _surface(self, name: str) -> Surface:
        found = self._surfaces.get(name)
        if found is None:
            if self._kind(name) == "PLANE":
                found = Surface(self._frame(self._of("PLANE", name)[0]), None)
            else:
                at, radius = self._of("CYLINDRICAL_SURFACE", name)
                found = Surface(self._frame(at), float(radius))
            self._surfaces[name] = found
        return found

    def _frame(self, name: str) -> Frame:
        origin, axis, direction = self._of("AXIS2_PLACEMENT_3D", name)
        z, x = self._point(axis), self._point(direction)
        for each in (z, x):
            _unit(each)
        if abs(_dot(z, x)) > 1e-9:
            raise Unread(name)
        y = (z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0])
        return Frame(self._point(origin), x, y, z)

    def _point(self, name: str) -> Point:
        found = self._points.get(name)
        if found is None:
            x, y, z = self._numbers(name, 3)
            found = self._points[name] = (x, y, z)
        return found

    def _numbers(self, name: str, count: int) -> tuple[float, ...]:
        kind = self._kind(name)
        text = self._of(_one_of(("CARTESIAN_POINT", "DIRECTION"), kind), name)[0]
        numbers = tuple(map(float, text.split(",")))
        if len(numbers) != count:
            raise Unread(name)
        return numbers


def _one_of(kinds: tuple[str, ...], kind: str) -> str:
    if kind not in kinds:
        raise Unread(kind)
    return kind


def _dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(left, right))


def _minus(left: Point, right: tuple[float, ...]) -> Point:
    return (left[0] - right[0], left[1] - right[1], left[2] - right[2])


def _far(left: Point, right: Point) -> float:
    return max(abs(left[0] - right[0]), abs(left[1] - right[1]), abs(left[2] - right[2]))


def _unit(vector: tuple[float, ...]) -> tuple[float, ...]:
    size = sqrt(_dot(vector, vector))
    if abs(size - 1) > 1e-9:
        raise Unread("a direction that is not of length 1")
    return vector


def _angle(frame: Frame, point: Point) -> float:
    arm = _minus(point, frame.origin)
    return atan2(_dot(arm, frame.y), _dot(arm, frame.x))
