"""Integrals over one face, along its edges in the face's own coordinates (u, v), by Gauss-Legendre quadrature."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Iterator, List, Tuple

import Part

MOST_POINTS = 250_000
"""The most points that one shape may take: about a second."""
MAXIMUM = 1
"""The mode of FreeCAD's `getTolerance`: the largest."""
CONFUSED = 2e-7
"""mm: vertices with a smaller tolerance are as sharp as OpenCASCADE makes any."""
LOOSE = 5e-7
"""Relative to the size of a face: what gaps of its boundary are too small to change its area."""
PANELS = 8
"""Spans of a curve whose pieces are unknown."""

_TURNS = 4 / math.pi
_TURNING_U = ("Part::GeomCylinder", "Part::GeomCone", "Part::GeomSphere", "Part::GeomToroid")
_TURNING_V = ("Part::GeomSphere", "Part::GeomToroid")
_STRAIGHT_V = ("Part::GeomCylinder", "Part::GeomCone")

Rule = List[Tuple[float, float]]


class NotIntegrable(Exception):
    """A face whose edges are unknown in its coordinates, or that takes too many points."""


class Grid:
    """Counts the points of one shape."""

    def __init__(self) -> None:
        self.points = 0

    def take(self, points: int) -> None:
        """Count more points. Raises NotIntegrable if there are too many."""
        self.points += points
        if self.points > MOST_POINTS:
            raise NotIntegrable


@lru_cache(maxsize=None)
def rule(order: int) -> Rule:
    """Return the Gauss-Legendre points between 0 and 1, as (place, weight)."""
    found: Rule = []
    for index in range(1, order + 1):
        x = math.cos(math.pi * (index - 0.25) / (order + 0.5))
        slope = 1.0
        for _ in range(20):
            below, value = 1.0, x
            for degree in range(2, order + 1):
                below, value = value, ((2 * degree - 1) * x * value - (degree - 1) * below) / degree
            slope = order * (x * value - below) / (x * x - 1)
            x -= value / slope
        found.append(((1 - x) / 2, 1 / ((1 - x * x) * slope * slope)))
    return found


def over_face(face: Any, middle: Any, points: Rule, grid: Grid) -> list[float]:
    """Return the sums of `integrals._face`. Raises NotIntegrable."""
    surface = face.Surface
    across, along = _spans(surface, face.ParameterRange)
    start = face.ParameterRange[0]
    sums, domain = [0.0] * 14, 0.0
    for factor, u, v in _along_edges(face, across, along, points):
        domain += factor * (u - start)
        inner = _inner(surface, start, u, v, across, middle, points, grid)
        sums = [value + factor * part for value, part in zip(sums, inner)]
    if domain == 0.0:
        raise NotIntegrable
    if domain < 0:
        sums = [-value for value in sums]
    if face.Orientation == "Reversed":
        sums[1:] = [-value for value in sums[1:]]
    return sums


def area_by_edges(face: Any, points: Rule) -> float:
    """Return the area of a cylindrical or spherical face: along u it is known in closed form. Raises NotIntegrable."""
    surface = face.Surface
    radius, is_sphere = surface.Radius, surface.TypeId == "Part::GeomSphere"
    start, total = face.ParameterRange[0], 0.0
    for factor, u, v in _along_edges(face, [], [], points):
        total += factor * (math.cos(v) * radius if is_sphere else 1.0) * (u - start)
    if total == 0.0:
        raise NotIntegrable
    return abs(total) * radius


def _along_edges(
    face: Any, across: list[float], along: list[float], points: Rule
) -> Iterator[tuple[float, float, float]]:
    """Yield the points on a face's edges as (weight of dv, u, v). Raises NotIntegrable."""
    begins: list[Any] = []
    ends: list[Any] = []
    for edge in _boundary(face):
        curve, first, last = _in_face(face, edge)
        sign = -1.0 if edge.Orientation == "Reversed" else 1.0
        cuts = _cuts(curve, first, last, across, along)
        (begins if sign > 0 else ends).append(curve.value(first))
        (ends if sign > 0 else begins).append(curve.value(last))
        for low, high in zip(cuts, cuts[1:]):
            for place, weight in points:
                at = low + (high - low) * place
                step = (high - low) * 1e-3 * min(place, 1 - place)
                climb = (curve.value(at + step).y - curve.value(at - step).y) / (2 * step)
                factor = sign * weight * (high - low) * climb
                if factor != 0.0:
                    point = curve.value(at)
                    yield factor, point.x, point.y
    if loose_ends(face) > 0.0:
        for end, begin in _gaps(ends, begins):
            for place, weight in points:
                yield weight * (begin.y - end.y), end.x + (begin.x - end.x) * place, end.y + (begin.y - end.y) * place


def loose_ends(face: Any) -> float:
    """Return how far its edges may end apart from each other, in mm, if that matters for its integrals; else 0."""
    apart = float(face.getTolerance(MAXIMUM, Part.Vertex))
    return apart if apart > CONFUSED and apart > LOOSE * math.sqrt(abs(face.Area)) else 0.0


def _gaps(ends: list[Any], begins: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each end of an edge with the beginning of the next one, which is the one that is nearest."""
    left = list(begins)
    for end in ends:
        begin = min(left, key=lambda each: (each.x - end.x) ** 2 + (each.y - end.y) ** 2)
        left.remove(begin)
        yield end, begin


def _boundary(face: Any) -> Iterator[Any]:
    """Yield the edges of a face: a seam, where the face meets itself, once in each direction."""
    for wire in face.SubShapes:
        edges = wire.SubShapes
        for edge in edges:
            yield edge
            # FreeCAD from 1.0 lists a shape once, even if it is there twice. The rest of a cut seam may be there once.
            if edge.isSeam(face) and _count(edge, edges) < _count(edge, wire.OrderedEdges):
                yield edge.reversed()


def _count(edge: Any, edges: list[Any]) -> int:
    return sum(each.isSame(edge) for each in edges)


def is_straight_in(face: Any, edge: Any) -> bool:
    """Return whether an edge is a straight line in the face's own coordinates, as parallels and meridians are."""
    try:
        return type(_in_face(face, edge)[0]).__name__ == "Line2d"
    except NotIntegrable:
        return False


def _in_face(face: Any, edge: Any) -> tuple[Any, float, float]:
    try:
        found = face.curveOnSurface(edge)
    except (TypeError, RuntimeError, ValueError):
        found = None
    if found is None:
        raise NotIntegrable
    return found


def _inner(
    surface: Any, start: float, end: float, v: float, across: list[float], middle: Any, points: Rule, grid: Grid
) -> list[float]:
    """Return the sums along u, from `start` to `end` at `v`."""
    low, high = min(start, end), max(start, end)
    cuts = [low, *(cut for cut in across if low < cut < high), high]
    grid.take(len(points) * (len(cuts) - 1))
    point_at, slope_at = surface.getD0, surface.getDN
    mx, my, mz = middle
    area = flux = x1 = y1 = z1 = xx = yy = zz = xy = xz = yz = sx = sy = sz = 0.0
    for cut, upto in zip(cuts, cuts[1:]):
        for place, weight in points:
            u = cut + (upto - cut) * place
            ax, ay, az = slope_at(u, v, 1, 0)
            bx, by, bz = slope_at(u, v, 0, 1)
            weight *= upto - cut
            nx, ny, nz = (ay * bz - az * by) * weight, (az * bx - ax * bz) * weight, (ax * by - ay * bx) * weight
            px, py, pz = point_at(u, v)
            px, py, pz = px - mx, py - my, pz - mz
            height = px * nx + py * ny + pz * nz
            hx, hy, hz = height * px, height * py, height * pz
            area += math.sqrt(nx * nx + ny * ny + nz * nz)
            flux += height
            x1, y1, z1 = x1 + hx, y1 + hy, z1 + hz
            xx, yy, zz = xx + hx * px, yy + hy * py, zz + hz * pz
            xy, xz, yz = xy + hx * py, xz + hx * pz, yz + hy * pz
            sx, sy, sz = sx + nx, sy + ny, sz + nz
    sums = [area, flux, x1, y1, z1, xx, yy, zz, xy, xz, yz, sx, sy, sz]
    return sums if end > start else [-value for value in sums]


def _spans(surface: Any, extent: tuple[float, float, float, float]) -> tuple[list[float], list[float]]:
    """Return where the surface's pieces begin and end, in u and in v."""
    kind = surface.TypeId
    low_u, high_u, low_v, high_v = extent
    if kind == "Part::GeomBSplineSurface":
        return (
            _knots(surface.getUKnots(), surface.isUPeriodic(), low_u, high_u),
            _knots(surface.getVKnots(), surface.isVPeriodic(), low_v, high_v),
        )
    if kind == "Part::GeomPlane":
        return [], []
    if kind == "Part::GeomSurfaceOfExtrusion":
        return _along(surface.BasisCurve, low_u, high_u), []
    if kind == "Part::GeomSurfaceOfRevolution":
        return _turns(low_u, high_u), _along(surface.BasisCurve, low_v, high_v)
    u = _turns(low_u, high_u) if kind in _TURNING_U else _parts(low_u, high_u)
    if kind in _STRAIGHT_V:
        return u, []
    return u, _turns(low_v, high_v) if kind in _TURNING_V else _parts(low_v, high_v)


def _along(curve: Any, low: float, high: float) -> list[float]:
    """Return the pieces of a curve that was extruded or revolved."""
    if curve.TypeId == "Part::GeomBSplineCurve":
        return _knots(curve.getKnots(), curve.isPeriodic(), low, high)
    return _parts(low, high)


def _knots(knots: list[float], periodic: bool, low: float, high: float) -> list[float]:
    """Return knots between `low` and `high`, and the middle of each span: one rule cannot cover a third of a turn."""
    if periodic:
        period = knots[-1] - knots[0]
        turns = range(math.floor((low - knots[0]) / period), math.ceil((high - knots[0]) / period) + 1)
        knots = sorted({knot + turn * period for turn in turns for knot in knots})
    halves = [(knot + following) / 2 for knot, following in zip(knots, knots[1:])]
    return sorted([*knots, *halves])


def _turns(low: float, high: float) -> list[float]:
    return [turn / _TURNS for turn in range(math.floor(low * _TURNS), math.ceil(high * _TURNS) + 1)]


def _parts(low: float, high: float) -> list[float]:
    return [low + (high - low) * part / PANELS for part in range(PANELS + 1)]


def _cuts(curve: Any, first: float, last: float, across: list[float], along: list[float]) -> list[float]:
    """Return the parameters of an edge between which it and the surface below it are smooth."""
    kind = type(curve).__name__
    if kind == "BSplineCurve2d":
        cuts = [first, *(knot for knot in curve.getKnots() if first < knot < last), last]
    elif kind == "Line2d":
        cuts = [first, last]
    else:
        cuts = _parts(first, last)
    found = list(cuts)
    for low, high in zip(cuts, cuts[1:]):
        one, two = curve.value(low), curve.value(high)
        for lines, here, there, axis in ((across, one.x, two.x, "x"), (along, one.y, two.y, "y")):
            found += [_crossing(curve, low, high, axis, line) for line in lines if (here - line) * (there - line) < 0]
    found.sort()
    close = 1e-12 * (last - first)
    return [found[0], *(cut for before, cut in zip(found, found[1:]) if cut - before > close)]


def _crossing(curve: Any, low: float, high: float, axis: str, line: float) -> float:
    """Return where a curve crosses a line between two of its parameters."""
    below = getattr(curve.value(low), axis) < line
    for _ in range(25):
        middle = (low + high) / 2
        if (getattr(curve.value(middle), axis) < line) == below:
            low = middle
        else:
            high = middle
    return (low + high) / 2
