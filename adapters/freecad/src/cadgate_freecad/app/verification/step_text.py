"""Reads the solids of a STEP file, if all of their faces are flat or cylindrical: faces, edges, and how they run.

Each edge must run where its vertices are. Files with curves in the coordinates of surfaces are not read: see
`preferences.prepare`.
"""

from __future__ import annotations

import re
from math import atan2, cos, sin
from typing import NamedTuple

from cadgate_freecad.app.verification.step_records import (
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
    plus,
)

_WHOLE = ("ADVANCED_BREP_SHAPE_REPRESENTATION", "SHAPE_REPRESENTATION")
_BOUND = ("FACE_BOUND", "FACE_OUTER_BOUND")
_SPACE = re.compile(
    r"\(GEOMETRIC_REPRESENTATION_CONTEXT\(3\)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT\(\(#\d+\)\)"
    rf"GLOBAL_UNIT_ASSIGNED_CONTEXT\({REFS}\)REPRESENTATION_CONTEXT\('',''\)\)"
)
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
        self._edges: dict[str, Edge] = {}

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
        self._require_units(context)
        return made

    def _require_units(self, context: str) -> None:
        space = _SPACE.fullmatch(self.records.get(context, ""))
        if space is None or {self.records.get(each) for each in space[1].split(",")} != _UNITS:
            raise Unread("units")
        if self.count[""] != 1 + len(_UNITS):
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
                edges.append((self._edge(curve), along))
                self._used.setdefault(curve, []).append(along)
            if any(end != ends[(number + 1) % len(ends)][0] for number, (_, end) in enumerate(ends)):
                raise Unread("a loop that is not closed")
        return Face(self.surface(surface), sense == "T", edges)

    def _edge(self, name: str) -> Edge:
        if name not in self._edges:
            self._edges[name] = self._run(name)
        return self._edges[name]

    def _run(self, name: str) -> Edge:
        begin, end, curve = self.of("EDGE_CURVE", name)
        first, last = (self.point(self.of("VERTEX_POINT", each)[0]) for each in (begin, end))
        if self.kind(curve) == "LINE":
            origin, step = self.line(curve)
            size = dot(step, step)
            low, high = (dot(minus(each, origin), step) / size for each in (first, last))
            if low >= high:
                raise Unread(name)
            reached = [plus(origin, step, t) for t in (low, high)]
            edge = Edge(first, last, None, 0.0)
        else:
            at, radius = self.of("CIRCLE", curve)
            frame, size = self.frame(at), float(radius)
            turns = [_angle(frame, each) for each in (first, last)]
            reached = [frame.at(size * cos(t), size * sin(t), 0.0) for t in turns]
            edge = Edge(first, last, frame, size)
        if far(reached[0], first) > self._near or far(reached[1], last) > self._near:
            raise Unread(name)
        return edge


def _angle(frame: Frame, point: Point) -> float:
    arm = minus(point, frame.origin)
    return atan2(dot(arm, frame.y), dot(arm, frame.x))
