"""Entities as primitives, in the coordinates of the drawing or of their block."""

from __future__ import annotations

import math
from typing import Any, Callable, Sequence

from cadgate.appserver import AppError
from cadgate_freecad.app.reading import transforms
from cadgate_freecad.app.reading.dxf.groups import Entity
from cadgate_freecad.app.reading.dxf.primitives import Conic, Face, Line, Path, Point, Spline, Vector, interpolated
from cadgate_freecad.app.reading.transforms import Transform

UNITS = {
    0: 1.0,
    1: 25.4,
    2: 304.8,
    3: 1609344.0,
    4: 1.0,
    5: 10.0,
    6: 1e3,
    7: 1e6,
    8: 25.4e-6,
    9: 0.0254,
    10: 914.4,
    11: 1e-7,
    12: 1e-6,
    13: 1e-3,
    14: 100.0,
    15: 1e4,
    16: 1e5,
    17: 1e12,
    21: 1200 / 3937 * 1e3,
}
"""$INSUNITS in millimetres."""


def plane(entity: Entity) -> Transform:
    """Return the transform from the entity's own coordinates (OCS) to the drawing's, by its extrusion direction."""
    n = (entity.number(210), entity.number(220), entity.number(230, 1.0))
    size = math.sqrt(sum(each * each for each in n))
    if size == 0 or n == (0.0, 0.0, 1.0):
        return transforms.IDENTITY
    n = (n[0] / size, n[1] / size, n[2] / size)
    helper = (0.0, 1.0, 0.0) if abs(n[0]) < 1 / 64 and abs(n[1]) < 1 / 64 else (0.0, 0.0, 1.0)
    x = _unit(_cross(helper, n))
    y = _unit(_cross(n, x))
    return (x[0], y[0], n[0], 0.0, x[1], y[1], n[1], 0.0, x[2], y[2], n[2], 0.0)


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _unit(a: Vector) -> Vector:
    size = math.sqrt(sum(each * each for each in a))
    return a[0] / size, a[1] / size, a[2] / size


def _extrusion(entity: Entity) -> Vector:
    return transforms.vector(plane(entity), 0.0, 0.0, entity.number(39))


def _line(entity: Entity) -> list[Any]:
    return [Path([Line(entity.point(10), entity.point(11))], _extrusion(entity))]


def _circle(entity: Entity) -> list[Any]:
    radius, first, last = entity.number(40), 0.0, math.tau
    if entity.kind == "ARC":
        first, last = math.radians(entity.number(50)), math.radians(entity.number(51, 360.0))
        while last <= first + 1e-12:
            last += math.tau
        while last > first + math.tau + 1e-12:
            last -= math.tau
    conic = Conic(entity.point(), (radius, 0.0, 0.0), (0.0, radius, 0.0), first, last)
    return [Path([conic.moved(plane(entity))], _extrusion(entity))] if radius > 0 else []


def _ellipse(entity: Entity) -> list[Any]:
    """Use the coordinates of the drawing: the extrusion direction only says which way round the ellipse goes."""
    u = entity.point(11)
    n = _unit((entity.number(210), entity.number(220), entity.number(230, 1.0)))
    ratio = entity.number(40, 1.0)
    cross = _cross(n, u)
    v = (cross[0] * ratio, cross[1] * ratio, cross[2] * ratio)
    first, last = entity.number(41), entity.number(42, math.tau)
    while last <= first + 1e-12:
        last += math.tau
    return [Path([Conic(entity.point(), u, v, first, min(last, first + math.tau))])]


def _segments(
    corners: Sequence[tuple[float, float, float]], bulges: Sequence[float], z: float, closed: bool
) -> list[Any]:
    """Return the lines and arcs between corners of a plane polyline."""
    curves: list[Any] = []
    count = len(corners)
    for place in range(count if closed else count - 1):
        (x1, y1, _), (x2, y2, _) = corners[place], corners[(place + 1) % count]
        chord = math.hypot(x2 - x1, y2 - y1)
        bulge = bulges[place]
        if chord <= 1e-9:
            continue
        # A bulge so small that the arc is straight to the last digits of the coordinates.
        if abs(bulge) * chord <= 1e-9:
            curves.append(Line((x1, y1, z), (x2, y2, z)))
            continue
        shift = (1 - bulge * bulge) / (4 * bulge)
        center = ((x1 + x2) / 2 - (y2 - y1) * shift, (y1 + y2) / 2 + (x2 - x1) * shift)
        u = (x1 - center[0], y1 - center[1], 0.0)
        side = math.copysign(1.0, bulge)
        v = (-u[1] * side, u[0] * side, 0.0)
        curves.append(Conic((*center, z), u, v, 0.0, 4 * math.atan(abs(bulge))))
    return curves


def _light_polyline(entity: Entity) -> list[Any]:
    corners: list[tuple[float, float, float]] = []
    bulges: list[float] = []
    for code, value in entity.pairs:
        if code == 10:
            corners.append((float(value), 0.0, 0.0))
            bulges.append(0.0)
        elif code == 20 and corners:
            corners[-1] = (corners[-1][0], float(value), 0.0)
        elif code == 42 and bulges:
            bulges[-1] = float(value)
    curves = _segments(corners, bulges, entity.number(38), bool(entity.flags() & 1))
    return [Path([curve.moved(plane(entity)) for curve in curves], _extrusion(entity))]


def _polyline(entity: Entity) -> list[Any]:
    flags = entity.flags()
    closed = bool(flags & 1)
    vertices = [each for each in entity.inner if not each.flags() & 16]
    if flags & 64:
        return _polyface(vertices)
    if flags & 16:
        return _grid(entity, vertices)
    if flags & 8:
        points = [each.point() for each in vertices]
        ends = points[1:] + points[:1] if closed else points[1:]
        return [Path([Line(start, end) for start, end in zip(points, ends)])]
    curves = _segments(
        [each.point() for each in vertices], [each.number(42) for each in vertices], entity.number(30), closed
    )
    return [Path([curve.moved(plane(entity)) for curve in curves], _extrusion(entity))]


def _polyface(vertices: list[Entity]) -> list[Any]:
    points = [each.point() for each in vertices if each.flags() & 64]
    faces: list[Any] = []
    for each in vertices:
        if each.flags() & 128 and not each.flags() & 64:
            corners = [abs(each.flags(code)) for code in (71, 72, 73, 74)]
            corners = [corner for corner in corners if corner]
            if any(corner > len(points) for corner in corners):
                raise AppError("unsupported_format", f"A polyface of the DXF file has the corner {max(corners)}")
            if len(corners) >= 3:
                faces.append(Face([points[corner - 1] for corner in corners]))
    return faces


def _grid(entity: Entity, vertices: list[Entity]) -> list[Any]:
    rows, columns = entity.flags(71), entity.flags(72)
    if entity.flags() & 4:
        rows, columns = entity.flags(73), entity.flags(74)
        vertices = [each for each in entity.inner if each.flags() & 8] or vertices
    points = [each.point() for each in vertices]
    if rows < 2 or columns < 2 or len(points) < rows * columns:
        raise AppError("unsupported_format", f"A mesh of the DXF file has {len(points)} of {rows * columns} points")
    faces: list[Any] = []
    for row in range(rows if entity.flags() & 1 else rows - 1):
        for column in range(columns if entity.flags() & 32 else columns - 1):
            next_row, next_column = (row + 1) % rows, (column + 1) % columns
            places = [(row, column), (row, next_column), (next_row, next_column), (next_row, column)]
            faces.append(Face([points[r * columns + c] for r, c in places]))
    return faces


def _spline(entity: Entity) -> list[Any]:
    poles, knots = entity.points(10), entity.numbers(40)
    degree = entity.flags(71) or 3
    weights = entity.numbers(41)
    if len(poles) > degree and len(knots) == len(poles) + degree + 1:
        if len(weights) != len(poles):
            weights = [1.0] * len(poles)
        return [Path([Spline(poles, weights, knots, degree)])]
    fit = entity.points(11)
    if len(fit) >= 2:
        if entity.flags() & 1 and math.dist(fit[0], fit[-1]) > 1e-9:
            fit.append(fit[0])
        return [Path([interpolated(fit, False)])]
    raise AppError(
        "unsupported_format",
        f"A spline of the DXF file has {len(poles)} poles, {len(knots)} knots and degree {degree}, which do not fit",
    )


def _helix(entity: Entity) -> list[Any]:
    """Read the spline that the helix is drawn by, which precedes the helix's own numbers."""
    spline = Entity("SPLINE")
    for pair in entity.pairs:
        if pair[0] == 100 and pair[1].strip() == b"AcDbHelix":
            break
        spline.pairs.append(pair)
    return _spline(spline)


def _face(entity: Entity) -> list[Any]:
    return [Face([entity.point(code) for code in (10, 11, 12, 13) if entity.has(code)])]


def _solid(entity: Entity) -> list[Any]:
    """Return its corners in order: the file stores them in a Z, first, second, fourth, third."""
    own = plane(entity)
    corners = [transforms.point(own, *entity.point(code)) for code in (10, 11, 13, 12) if entity.has(code)]
    if not entity.number(39):
        return [Face(corners)]
    x, y, z = _extrusion(entity)
    upper = [(a + x, b + y, c + z) for a, b, c in corners]
    sides = [
        Face([corners[i], corners[(i + 1) % len(corners)], upper[(i + 1) % len(corners)], upper[i]])
        for i in range(len(corners))
    ]
    return [Face(corners), Face(upper), *sides]


MAKERS: dict[str, Callable[[Entity], list[Any]]] = {
    "LINE": _line,
    "3DLINE": _line,
    "CIRCLE": _circle,
    "ARC": _circle,
    "ELLIPSE": _ellipse,
    "LWPOLYLINE": _light_polyline,
    "POLYLINE": _polyline,
    "SPLINE": _spline,
    "HELIX": _helix,
    "POINT": lambda entity: [Point(entity.point())],
    "3DFACE": _face,
    "SOLID": _solid,
    "TRACE": _solid,
}
