"""The primitives of drawings: lines, conics, splines, faces, points; can be transformed and made into shapes.

A conic is centre + u cos t + v sin t, which every affine transform keeps. Every edge is compared with its formula.
"""

from __future__ import annotations

import math
from typing import Any, Sequence, Tuple

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app.reading import transforms
from cadgate_freecad.app.reading.transforms import Transform
from cadgate_freecad.app.values import xyz

Vector = Tuple[float, float, float]
AGREES = 1e-7


class Line:
    def __init__(self, start: Vector, end: Vector) -> None:
        self.start = start
        self.end = end

    def moved(self, by: Transform) -> Line:
        return Line(transforms.point(by, *self.start), transforms.point(by, *self.end))

    def at(self, part: float) -> Vector:
        return _sum((1 - part, self.start), (part, self.end))

    def edge(self) -> Any | None:
        if math.dist(self.start, self.end) <= 1e-7:
            return None
        return Part.makeLine(self.start, self.end)


class Conic:
    """From `first` to `last` (radians, `last` larger)."""

    def __init__(self, center: Vector, u: Vector, v: Vector, first: float, last: float) -> None:
        self.center = center
        self.u = u
        self.v = v
        self.first = first
        self.last = last

    def moved(self, by: Transform) -> Conic:
        u, v = transforms.vector(by, *self.u), transforms.vector(by, *self.v)
        return Conic(transforms.point(by, *self.center), u, v, self.first, self.last)

    def at(self, part: float) -> Vector:
        angle = self.first + part * (self.last - self.first)
        return _sum((1, self.center), (math.cos(angle), self.u), (math.sin(angle), self.v))

    def edge(self) -> Any | None:
        turn = 0.5 * math.atan2(2 * _dot(self.u, self.v), _dot(self.u, self.u) - _dot(self.v, self.v))
        u = _sum((math.cos(turn), self.u), (math.sin(turn), self.v))
        v = _sum((-math.sin(turn), self.u), (math.cos(turn), self.v))
        if _length(u) < _length(v):
            turn += math.pi / 2
            u, v = v, _sum((-1, u))
        major, minor = _length(u), _length(v)
        if minor <= 1e-7:
            return None
        center = FreeCAD.Vector(*self.center)
        if major - minor <= 1e-9 * major:
            normal = FreeCAD.Vector(*u).cross(FreeCAD.Vector(*v))
            curve = Part.Circle(center, normal, (major + minor) / 2)
        else:
            curve = Part.Ellipse(center + FreeCAD.Vector(*u), center + FreeCAD.Vector(*v), center)
        axis = FreeCAD.Vector(*u)
        offset = math.atan2(axis.dot(curve.YAxis), axis.dot(curve.XAxis)) - turn
        if self.last - self.first >= 2 * math.pi - 1e-9 and abs(math.remainder(self.first + offset, math.tau)) < 1e-9:
            return curve.toShape()
        return curve.toShape(self.first + offset, min(self.last, self.first + math.tau) + offset)


class Spline:
    def __init__(self, poles: Sequence[Vector], weights: Sequence[float], knots: Sequence[float], degree: int) -> None:
        self.poles = poles
        self.weights = weights
        self.knots = knots
        self.degree = degree

    def moved(self, by: Transform) -> Spline:
        return Spline([transforms.point(by, *pole) for pole in self.poles], self.weights, self.knots, self.degree)

    def at(self, part: float) -> Vector:
        """Evaluate by de Boor's algorithm, in homogeneous coordinates."""
        degree, knots = self.degree, self.knots
        low, high = knots[degree], knots[-degree - 1]
        t = low + part * (high - low)
        span = degree
        while span < len(self.poles) - 1 and knots[span + 1] <= t:
            span += 1
        local = [
            [*(c * self.weights[i] for c in self.poles[i]), self.weights[i]] for i in range(span - degree, span + 1)
        ]
        for level in range(1, degree + 1):
            for j in range(degree, level - 1, -1):
                i = j + span - degree
                width = knots[i + degree - level + 1] - knots[i]
                share = (t - knots[i]) / width if width else 0.0
                local[j] = [(1 - share) * a + share * b for a, b in zip(local[j - 1], local[j])]
        x, y, z, w = local[degree]
        return x / w, y / w, z / w

    def edge(self) -> Any | None:
        knots: list[float] = []
        counts: list[int] = []
        for knot in self.knots:
            if knots and knot - knots[-1] <= 1e-10 * max(1.0, abs(knot)):
                counts[-1] += 1
            else:
                knots.append(knot)
                counts.append(1)
        curve = Part.BSplineCurve()
        poles = [FreeCAD.Vector(*pole) for pole in self.poles]
        curve.buildFromPolesMultsKnots(poles, counts, knots, False, self.degree, list(self.weights))
        return curve.toShape()


def interpolated(points: Sequence[Vector], closed: bool) -> Spline:
    """Return the spline through points that a file gives instead of poles."""
    curve = Part.BSplineCurve()
    curve.interpolate(Points=[FreeCAD.Vector(*each) for each in points], PeriodicFlag=False)
    knots = [knot for knot, count in zip(curve.getKnots(), curve.getMultiplicities()) for _ in range(count)]
    return Spline([(p.x, p.y, p.z) for p in curve.getPoles()], curve.getWeights(), knots, curve.Degree)


class Face:
    """A plane polygon; one with four corners that is not plane becomes two triangles."""

    def __init__(self, corners: Sequence[Vector]) -> None:
        self.corners = list(corners)

    def moved(self, by: Transform) -> Face:
        return Face([transforms.point(by, *corner) for corner in self.corners])

    def shapes(self) -> list[Any]:
        corners: list[Vector] = []
        for corner in self.corners:
            if not any(math.dist(corner, other) <= 1e-7 for other in corners):
                corners.append(corner)
        if len(corners) < 3:
            return []
        if len(corners) == 4 and not _is_plane(corners):
            a, b, c, d = corners
            return [*Face([a, b, c]).shapes(), *Face([a, c, d]).shapes()]
        try:
            face = Part.Face(Part.makePolygon([FreeCAD.Vector(*each) for each in [*corners, corners[0]]]))
        except Part.OCCError:
            return []
        return [face] if face.Area > 0 else []


class Point:
    def __init__(self, place: Vector) -> None:
        self.place = place

    def moved(self, by: Transform) -> Point:
        return Point(transforms.point(by, *self.place))


class Path:
    """Consecutive curves, extruded along `thickness` if that is not zero."""

    def __init__(self, curves: Sequence[Any], thickness: Vector = (0.0, 0.0, 0.0)) -> None:
        self.curves = list(curves)
        self.thickness = thickness

    def moved(self, by: Transform) -> Path:
        return Path([curve.moved(by) for curve in self.curves], transforms.vector(by, *self.thickness))

    def shape(self) -> Any | None:
        """Make the shape. Raises AppError `command_failed` for an edge that differs from the file."""
        edges: list[Any] = []
        for curve in self.curves:
            edge = curve.edge()
            if edge is not None:
                _compare(edge, curve)
                edges.append(edge)
        if not edges:
            return None
        shape = edges[0]
        if len(edges) > 1:
            try:
                shape = Part.Wire(edges)
                if len(shape.Edges) != len(edges):
                    raise Part.OCCError("edges lost")
            except Part.OCCError:
                shape = Part.makeCompound(edges)
        if any(self.thickness):
            shape = shape.extrude(FreeCAD.Vector(*self.thickness))
        return shape


def _compare(edge: Any, curve: Any) -> None:
    """Make sure that both begin, continue and end in the same places."""
    for part in (0.0, 0.375, 1.0):
        wanted = FreeCAD.Vector(*curve.at(part))
        found = edge.valueAt(edge.FirstParameter + part * (edge.LastParameter - edge.FirstParameter))
        if found.distanceToPoint(wanted) > AGREES * max(1.0, wanted.Length):
            raise AppError(
                "command_failed",
                f"FreeCAD's {type(curve).__name__.lower()} differs from the file's: it passes through "
                f"{xyz(found)} instead of {xyz(wanted)}",
            )


def _sum(*terms: tuple[float, Vector]) -> Vector:
    x = sum(factor * value[0] for factor, value in terms)
    y = sum(factor * value[1] for factor, value in terms)
    return x, y, sum(factor * value[2] for factor, value in terms)


def _dot(left: Vector, right: Vector) -> float:
    return left[0] * right[0] + left[1] * right[1] + left[2] * right[2]


def _length(value: Vector) -> float:
    return math.sqrt(_dot(value, value))


def _is_plane(corners: Sequence[Vector]) -> bool:
    a, b, c, d = (FreeCAD.Vector(*corner) for corner in corners)
    normal = (b - a).cross(c - a)
    if normal.Length == 0:
        return False
    return abs((d - a).dot(normal)) / normal.Length <= 1e-7 * max(1.0, (d - a).Length)
