"""Bounding boxes that touch what they bound, also where a sphere or a torus was cut.

OpenCASCADE bounds a curved face by the rectangle of its parameters, which includes what was cut off: a sphere without
its top still reaches to its pole. Here the box of a face comes from its edges, and from the points within it where its
surface turns back: these are known for a sphere and a torus, a plane, cylinder and cone have none, others are searched.
"""

from __future__ import annotations

from math import atan2, atanh, cos, pi, sin, sqrt
from typing import Any, Callable, Iterator, Tuple

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.quadrature import is_straight_in

AXES = (FreeCAD.Vector(1, 0, 0), FreeCAD.Vector(0, 1, 0), FreeCAD.Vector(0, 0, 1))
BOUNDED_BY_EDGES = ("Part::GeomPlane", "Part::GeomCylinder", "Part::GeomCone", "Part::GeomSurfaceOfExtrusion")
EXACT_CURVES = ("Part::GeomLine", "Part::GeomCircle")
STRAIGHT = ("Part::GeomLine", "Part::GeomLineSegment")
SAMPLES = 12
"""Rows and columns of points on a face whose surface has no formula here."""
HILLS = 6
"""How many of the highest points are climbed from."""
AGREED = 1e-6
"""A fraction of the size: OpenCASCADE's extent is used if the searched one comes this close to it."""


def tight(shape: Any) -> Any | None:
    """Return the bounding box of a shape without a triangulation, as FreeCAD's BoundBox; None for an empty one.

    Only what may reach beyond all corners is looked at closely: most of a large shape does not.
    """
    box = FreeCAD.BoundBox()
    for vertex in shape.Vertexes:
        box.add(vertex.Point)
    for edge in shape.Edges:
        # A pole is its vertex; from FreeCAD 1.0, its edge is elsewhere if the shape was stretched.
        if not edge.Degenerated:
            _add_edge(box, edge)
    for face in shape.Faces:
        surface = face.Surface
        kind = surface.TypeId
        if kind in BOUNDED_BY_EDGES or _is_within(box, surface, kind):
            continue
        if kind == "Part::GeomSphere":
            _add_points(box, face, _sphere_peaks(surface))
        elif kind == "Part::GeomToroid":
            _add_points(box, face, _torus_peaks(surface))
        elif kind == "Part::GeomSurfaceOfRevolution":
            _add_revolved(box, face)
        else:
            _add_searched(box, face, face.optimalBoundingBox())
    return box if box.isValid() else None


def _add_edge(box: Any, edge: Any) -> None:
    try:
        curve = edge.Curve
    except (TypeError, RuntimeError):
        box.add(of_edge(edge))
        return
    kind = curve.TypeId
    if kind not in STRAIGHT and not _is_within(box, curve, kind):
        box.add(of_edge(edge))


def _is_within(box: Any, geometry: Any, kind: str) -> bool:
    """Return whether nothing of a whole curve or surface is outside of a box; False where that takes a search."""
    if kind in ("Part::GeomCircle", "Part::GeomSphere", "Part::GeomToroid"):
        middle = attributes.of(geometry, "Center")
        around = _around(geometry, kind)
        return box.isValid() and box.isInside(middle - around) and box.isInside(middle + around)
    if kind in ("Part::GeomBSplineCurve", "Part::GeomBezierCurve"):
        return box.isValid() and all(map(box.isInside, geometry.getPoles()))
    if kind in ("Part::GeomBSplineSurface", "Part::GeomBezierSurface"):
        return box.isValid() and all(box.isInside(pole) for row in geometry.getPoles() for pole in row)
    return False


def _around(geometry: Any, kind: str) -> Any:
    """Return how far a whole circle, sphere or torus reaches from its centre along each axis."""
    if kind == "Part::GeomSphere":
        return FreeCAD.Vector(1, 1, 1) * geometry.Radius
    is_torus = kind == "Part::GeomToroid"
    ring, tube = (geometry.MajorRadius, geometry.MinorRadius) if is_torus else (geometry.Radius, 0.0)
    axis = attributes.of(geometry, "Axis")
    return FreeCAD.Vector(*(ring * sqrt(max(0.0, 1 - each * each)) + tube for each in axis))


def of_edge(edge: Any) -> Any:
    """Return the bounding box of an edge."""
    try:
        curve = edge.Curve
    except (TypeError, RuntimeError):
        return attributes.box(edge)  # no curve that FreeCAD knows
    kind = curve.TypeId
    if kind in EXACT_CURVES:
        return attributes.box(edge)
    if kind in _TURNS:
        return _conic_box(edge, curve, _TURNS[kind])
    return edge.optimalBoundingBox()


def _conic_box(edge: Any, curve: Any, turn: Callable[[Any, float, float], float | None]) -> Any:
    """Return the box of an arc of a parabola or hyperbola, of which OpenCASCADE leaves out where it turns back."""
    low, high = edge.ParameterRange
    box = FreeCAD.BoundBox(curve.value(low), curve.value(high))
    for axis in AXES:
        place = turn(curve, axis.dot(curve.XAxis), axis.dot(curve.YAxis))
        if place is not None and low < place < high:
            box.add(curve.value(place))
    return box


def _hyperbola_turns(curve: Any, x: float, y: float) -> float | None:
    """Return the parameter at which a hyperbola is highest or lowest in a direction, which has these parts; or None."""
    across, along = curve.MajorRadius * x, curve.MinorRadius * y
    return atanh(-along / across) if abs(along) < abs(across) else None


def _parabola_turns(curve: Any, x: float, y: float) -> float | None:
    return -2 * curve.Focal * y / x if x else None


_TURNS: dict[str, Callable[[Any, float, float], float | None]] = {
    "Part::GeomHyperbola": _hyperbola_turns,
    "Part::GeomParabola": _parabola_turns,
}


# --- where a surface turns back -------------------------------------------------------------------------------------


def _sphere_peaks(surface: Any) -> Iterator[Any]:
    for axis in AXES:
        for side in (-surface.Radius, surface.Radius):
            yield attributes.of(surface, "Center") + axis * side


def _torus_peaks(surface: Any) -> Iterator[Any]:
    center, axis, ring, tube = (
        attributes.of(surface, "Center"),
        attributes.of(surface, "Axis"),
        surface.MajorRadius,
        surface.MinorRadius,
    )
    for direction in AXES:
        across = direction - axis * direction.dot(axis)
        if across.Length < 1e-9:
            # The whole circle at the top and at the bottom has this height.
            aside = next(each for each in AXES if abs(each.dot(axis)) < 0.9).cross(axis).normalize()
            other = axis.cross(aside)
            for turn in range(4 * SAMPLES):
                angle = 2 * pi * turn / (4 * SAMPLES)
                middle = center + aside * (ring * cos(angle)) + other * (ring * sin(angle))
                yield middle + direction * tube
                yield middle - direction * tube
            continue
        out = across.normalize() * ring
        for side in (out, -out):
            yield center + side + direction * tube
            yield center + side - direction * tube


def _add_revolved(box: Any, face: Any) -> None:
    """Extend the box by a face whose profile was revolved: it is highest where its profile stands at some angle."""
    surface = face.Surface
    low_u, high_u, low_v, high_v = face.ParameterRange
    axis, middle = attributes.of(surface, "Direction"), attributes.of(surface, "Location")
    arms = []
    for part in range(SAMPLES + 1):
        arm = surface.value(0.0, low_v + (high_v - low_v) * part / SAMPLES) - middle
        arms.append(arm - axis * arm.dot(axis))
    longest = max(arms, key=lambda each: float(each.Length))
    is_flat = all(each.cross(longest).Length <= 1e-9 * longest.Length**2 for each in arms)
    if not is_flat or not all(each.Degenerated or is_straight_in(face, each) for each in face.Edges):
        _add_searched(box, face, None)  # OpenCASCADE's box may be too small
        return
    for direction in AXES:
        peak = atan2(axis.cross(longest).dot(direction), longest.dot(direction))
        for angle in (peak + half * pi for half in range(-2, 4)):
            if low_u < angle < high_u:
                box.add(of_edge(surface.uIso(angle).toShape(low_v, high_v)))


def _add_points(box: Any, face: Any, points: Iterator[Any]) -> None:
    for point in points:
        if not box.isInside(point) and _holds(face, *face.Surface.parameter(point)):
            box.add(point)


def _holds(face: Any, u: float, v: float) -> bool:
    """Return whether a point of the surface belongs to the face; angles are also tried one turn further."""
    low_u, high_u, low_v, high_v = face.ParameterRange
    return any(
        face.isPartOfDomain(u + turn_u, v + turn_v)
        for turn_u in (0.0, -2 * pi, 2 * pi)
        if low_u - 1e-9 <= u + turn_u <= high_u + 1e-9
        for turn_v in (0.0, -2 * pi, 2 * pi)
        if low_v - 1e-9 <= v + turn_v <= high_v + 1e-9
    )


def _add_searched(box: Any, face: Any, bound: Any | None) -> None:
    """Extend the box by a face of any surface, searching from the best of some points, as far as `bound`."""
    if bound is not None and box.isInside(bound):
        return
    low_u, high_u, low_v, high_v = face.ParameterRange
    steps = (high_u - low_u) / SAMPLES, (high_v - low_v) / SAMPLES
    grid = [
        (low_u + (i + 0.5) * steps[0], low_v + (j + 0.5) * steps[1]) for i in range(SAMPLES) for j in range(SAMPLES)
    ]
    points = [(u, v, face.valueAt(u, v)) for u, v in grid]
    within = None
    for index in range(3):
        for sign in (-1.0, 1.0):
            inner = _reach(box, index, sign)
            if bound is not None and _reach(bound, index, sign) <= inner + AGREED * bound.DiagonalLength:
                continue
            # Checking whether a point belongs to the face costs far more than the point, so only the last is checked.
            hills = [_climb(face, each, steps, index, sign, None) for each in _tops(points, index, sign)]
            u, v, found = max(hills, key=lambda each: sign * each[2][index])
            if not face.isPartOfDomain(u, v):
                if within is None:
                    within = [each for each in points if face.isPartOfDomain(each[0], each[1])]
                if not within:
                    continue
                best = max(within, key=lambda each: sign * each[2][index])
                found = _climb(face, best, steps, index, sign, face.isPartOfDomain)[2]
            if sign * found[index] > inner:
                box.add(found)


def _tops(points: list[Place], index: int, sign: float) -> list[Place]:
    """Return the points of the grid that are higher than those around them, a few at most: a face may have hills."""
    heights = [sign * each[2][index] for each in points]
    tops: list[tuple[float, int]] = []
    for number, height in enumerate(heights):
        i, j = divmod(number, SAMPLES)
        around = [(i + x, j + y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
        if all(height >= heights[x * SAMPLES + y] for x, y in around if 0 <= x < SAMPLES and 0 <= y < SAMPLES):
            tops.append((height, number))
    return [points[number] for _, number in sorted(tops, reverse=True)[:HILLS]]


def _reach(box: Any, index: int, sign: float) -> float:
    """Return how far a box extends along an axis, or against it."""
    if sign > 0:
        return (box.XMax, box.YMax, box.ZMax)[index]
    return -(box.XMin, box.YMin, box.ZMin)[index]


Place = Tuple[float, float, Any]
"""u, v and the point there."""


def _climb(
    face: Any,
    start: Place,
    steps: tuple[float, float],
    index: int,
    sign: float,
    allowed: Callable[[float, float], bool] | None,
) -> Place:
    """Find the highest `allowed` place along an axis from `start`, by ever smaller steps."""
    low_u, high_u, low_v, high_v = face.ParameterRange
    u, v, best = start
    step_u, step_v = steps
    for _ in range(20 * SAMPLES):
        moved = False
        for du, dv in ((step_u, 0.0), (-step_u, 0.0), (0.0, step_v), (0.0, -step_v)):
            there = min(high_u, max(low_u, u + du)), min(high_v, max(low_v, v + dv))
            point = face.valueAt(*there)
            if sign * point[index] > sign * best[index] and (allowed is None or allowed(*there)):
                (u, v), best, moved = there, point, True
        if not moved:
            step_u, step_v = step_u / 2, step_v / 2
            if step_u < 1e-7 * steps[0]:
                break
    return u, v, best
