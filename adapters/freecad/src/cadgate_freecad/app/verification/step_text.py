"""Reads the solids of a STEP file, if all of their faces are flat or cylindrical: faces, edges, and how they run.

Each edge must run where its vertices are, and where its curves on the surfaces of both faces are.
"""

from __future__ import annotations

import re
from math import atan2, cos, pi, sin
from typing import Callable, List, NamedTuple, Tuple

from cadgate_freecad.app.verification.step_records import (
    NUMBERS,
    REFS,
    Frame,
    Point,
    Records,
    Surface,
    Unread,
    dot,
    far,
    minus,
    one_of,
    unit,
)

Curve = Callable[[float], Point]

_WHOLE = ("ADVANCED_BREP_SHAPE_REPRESENTATION", "SHAPE_REPRESENTATION")
_BOUND = ("FACE_BOUND", "FACE_OUTER_BOUND")
_FLAT_SPACE = "(GEOMETRIC_REPRESENTATION_CONTEXT(2)PARAMETRIC_REPRESENTATION_CONTEXT()REPRESENTATION_CONTEXT('',''))"
_SPACE = re.compile(
    r"\(GEOMETRIC_REPRESENTATION_CONTEXT\(3\)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT\(\(#\d+\)\)"
    rf"GLOBAL_UNIT_ASSIGNED_CONTEXT\({REFS}\)REPRESENTATION_CONTEXT\('',''\)\)"
)
_ROUND = re.compile(
    rf"\(BOUNDED_CURVE\(\)B_SPLINE_CURVE\(2,{REFS},\.UNSPECIFIED\.,\.[TF]\.,\.[TF]\.\)"
    rf"B_SPLINE_CURVE_WITH_KNOTS\(\(1,2,2,2,2,1\),{NUMBERS},\.UNSPECIFIED\.\)CURVE\(\)"
    r"GEOMETRIC_REPRESENTATION_ITEM\(\)RATIONAL_B_SPLINE_CURVE\(\(1\.,0\.5,1\.,0\.5,1\.,0\.5,1\.\)\)"
    r"REPRESENTATION_ITEM\(''\)\)"
)
"""A circle as OpenCASCADE writes it where it is clockwise in the coordinates of the surface, of three pieces."""
_UNITS = {
    "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))",
    "(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))",
    "(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())",
}


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
    return _Solids(text, near).solids()


class _Solids(Records):
    def __init__(self, text: str, near: float) -> None:
        super().__init__(text)
        self._near = near
        self._used: dict[str, list[bool]] = {}
        self._edges: dict[str, Run] = {}
        self._round: set[str] = set()
        """The circles that are splines."""
        self._flat_ones: set[str] = set()
        """The curves in coordinates of surfaces that were compared with their edges."""

    def solids(self) -> list[list[Face]]:
        count = self.count.get
        if (
            not count("PRODUCT")
            == count("SHAPE_DEFINITION_REPRESENTATION")
            == 1
            == sum(count(each, 0) for each in _WHOLE)
        ):
            raise Unread("more than one shape")
        definition = self.first("SHAPE_DEFINITION_REPRESENTATION")
        whole = self.of("SHAPE_DEFINITION_REPRESENTATION", definition)[1]
        items, context = self.of(one_of(_WHOLE, self.kind(whole)), whole)
        place, *bodies = items.split(",")
        if self.frame(place) != ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            raise Unread("a moved part")
        made = [self._shell(self.of("MANIFOLD_SOLID_BREP", body)[0]) for body in bodies]
        wanted = {"MANIFOLD_SOLID_BREP": len(made), "CLOSED_SHELL": len(made), "ADVANCED_FACE": sum(map(len, made))}
        if any(self.count.get(kind) != count for kind, count in wanted.items()):
            raise Unread("something that is in no solid")
        if len(self._flat_ones) != self.count.get("PCURVE", 0):
            raise Unread("a curve on another surface")
        self._require_units(context)
        return made

    def _require_units(self, context: str) -> None:
        space = _SPACE.fullmatch(self.records.get(context, ""))
        if space is None or {self.records.get(each) for each in space[1].split(",")} != _UNITS:
            raise Unread("units")
        flat = self.count.get("DEFINITIONAL_REPRESENTATION", 0)
        if self.count[""] != 1 + len(_UNITS) + flat + len(self._round):
            raise Unread("another context")

    def _shell(self, name: str) -> list[Face]:
        self._used = {}
        faces = [self._face(each) for each in self.of("CLOSED_SHELL", name)[0].split(",")]
        if any(sorted(each) != [False, True] for each in self._used.values()):
            raise Unread("a shell that is not closed")
        return faces

    def _face(self, name: str) -> Face:
        bounds, surface, sense = self.of("ADVANCED_FACE", name)
        edges: list[tuple[Edge, bool]] = []
        for bound in bounds.split(","):
            loop, flag = self.of(one_of(_BOUND, self.kind(bound)), bound)
            steps = [self.of("ORIENTED_EDGE", each) for each in self.of("EDGE_LOOP", loop)[0].split(",")]
            ends: list[tuple[str, str]] = []
            for curve, forward in steps:
                begin, end = self.of("EDGE_CURVE", curve)[:2]
                ends.append((begin, end) if forward == "T" else (end, begin))
                along = forward == flag
                edges.append((self._edge(curve, surface), along))
                self._used.setdefault(curve, []).append(along)
            if any(end != ends[(number + 1) % len(ends)][0] for number, (_, end) in enumerate(ends)):
                raise Unread("a loop that is not closed")
        return Face(self.surface(surface), sense == "T", edges)

    def _edge(self, name: str, surface: str) -> Edge:
        """Return an edge. Raises Unread if its curve on this surface is elsewhere."""
        if name not in self._edges:
            self._edges[name] = self._run(name)
        edge, there, low, high, on = self._edges[name]
        if on:
            self._require_on_surface(on, surface, edge, there, low, high)
        return edge

    def _run(self, name: str) -> Run:
        begin, end, curve = self.of("EDGE_CURVE", name)
        first, last = (self.point(self.of("VERTEX_POINT", each)[0]) for each in (begin, end))
        on: list[str] = []
        if self.kind(curve) in ("SURFACE_CURVE", "SEAM_CURVE"):
            curve, curves = self.of(self.kind(curve), curve)
            on = curves.split(",")
        if self.kind(curve) == "LINE":
            origin, step = self.line(curve, 3)
            size = dot(step, step)
            low, high = (dot(minus(each, origin), step) / size for each in (first, last))
            edge = Edge(first, last, None, 0.0)

            def there(t: float) -> Point:
                return (origin[0] + t * step[0], origin[1] + t * step[1], origin[2] + t * step[2])

            if low >= high:
                raise Unread(name)
        else:
            at, radius = self.of("CIRCLE", curve)
            frame, size = self.frame(at), float(radius)
            low, high = (_angle(frame, each) for each in (first, last))
            if begin == end or high <= low:
                high += 2 * pi
            edge = Edge(first, last, frame, size)

            def there(t: float) -> Point:
                return frame.at(size * cos(t), size * sin(t), 0.0)

        if far(there(low), first) > self._near or far(there(high), last) > self._near:
            raise Unread(name)
        return edge, there, low, high, on

    def _require_on_surface(
        self, curves: list[str], surface: str, edge: Edge, there: Curve, low: float, high: float
    ) -> None:
        """Raise Unread unless the curves in the surface's own coordinates run where the edge runs."""
        about = [(each, *self.of("PCURVE", each)) for each in curves]
        flat = [self.of("DEFINITIONAL_REPRESENTATION", how) for _, on, how in about if on == surface]
        if not flat:
            raise Unread(surface)
        self._flat_ones.update(name for name, on, _ in about if on == surface)
        on = self.surface(surface)
        places = [low + part * (high - low) for part in (0.0, 0.3, 0.77)]
        wanted = [there(t) for t in places]
        for curve, context in flat:
            if self.records.get(context) != _FLAT_SPACE:
                raise Unread(context)
            if self.kind(curve) == "":
                self._require_round(curve, on, edge)
                continue
            at = self._flat(curve)
            if any(far(on.at(*at(t)), point) > self._near for t, point in zip(places, wanted)):
                raise Unread(curve)

    def _require_round(self, name: str, on: Surface, edge: Edge) -> None:
        """Raise Unread unless a spline on a plane is the circle of an edge, in the same direction."""
        found = _ROUND.fullmatch(self.records.get(name, ""))
        if found is None or edge.frame is None or on.radius is not None:
            raise Unread(name)
        knots, poles = list(map(float, found[2].split(","))), found[1].split(",")
        if len(poles) != 7 or len(knots) != 6 or any(a >= b for a, b in zip(knots, knots[1:])):
            raise Unread(name)
        for number, pole in enumerate(poles):
            # Three of its six points lie on the circle, where the others' tangents touch it.
            turn, size = number * pi / 3, edge.radius * (2 if number % 2 else 1)
            x, y = self.numbers(pole, 2)
            if far(on.at(x, y), edge.frame.at(size * cos(turn), size * sin(turn), 0.0)) > self._near:
                raise Unread(name)
        self._round.add(name)

    def _flat(self, name: str) -> Callable[[float], tuple[float, float]]:
        if self.kind(name) == "LINE":
            (x, y), (along, across) = self.line(name, 2)
            return lambda t: (x + t * along, y + t * across)
        at, radius = self.of("CIRCLE", name)
        center, direction = self.of("AXIS2_PLACEMENT_2D", at)
        (x, y), (along, across), size = self.numbers(center, 2), unit(self.numbers(direction, 2)), float(radius)
        return lambda t: (
            x + size * (cos(t) * along - sin(t) * across),
            y + size * (cos(t) * across + sin(t) * along),
        )


def _angle(frame: Frame, point: Point) -> float:
    arm = minus(point, frame.origin)
    return atan2(dot(arm, frame.y), dot(arm, frame.x))
