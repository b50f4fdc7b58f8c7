"""The arrays of primitives: spheres, cones, rings and grids by formulas, in Blender's own order and UVs."""

from __future__ import annotations

from typing import Any

import numpy

from cadgate_blender.app.geometry import Arrays


def _turns(count: int) -> Any:
    """Return cosine and sine of the angles that divide a circle, exact where they are 0, 1 or -1."""
    angles = numpy.arange(count) * (2 * numpy.pi / count)
    both = numpy.stack([numpy.cos(angles), numpy.sin(angles)], axis=1)
    both[numpy.abs(both) < 1e-15] = 0.0
    return both


def uv_sphere(radius: float, segments: int, rings: int, smooth: bool) -> Arrays:
    """Make arcs from pole to pole, in sequence, then the lower pole and the upper one."""
    turns = _turns(segments)
    levels = numpy.arange(1, rings) * (numpy.pi / rings)
    points = numpy.empty((segments * (rings - 1) + 2, 3))
    arcs = points[:-2].reshape(segments, rings - 1, 3)
    arcs[:, :, 0] = turns[:, 1, None] * numpy.sin(levels)
    arcs[:, :, 1] = turns[:, 0, None] * numpy.sin(levels)
    arcs[:, :, 2] = numpy.cos(levels)
    points[-2:] = (0, 0, -1), (0, 0, 1)
    points *= radius
    # For each arc: the upper triangle, the quads downwards, the lower triangle.
    here = numpy.arange(segments * (rings - 1), dtype=numpy.int32).reshape(segments, rings - 1)
    there = numpy.roll(here, -1, axis=0)
    corners = numpy.empty((segments, 4 * rings - 2), numpy.int32)
    corners[:, 0], corners[:, 1], corners[:, 2] = here[:, 0], len(points) - 1, there[:, 0]
    quads = corners[:, 3:-3].reshape(segments, rings - 2, 4)
    quads[:, :, 0], quads[:, :, 1] = here[:, 1:], here[:, :-1]
    quads[:, :, 2], quads[:, :, 3] = there[:, :-1], there[:, 1:]
    corners[:, -3], corners[:, -2], corners[:, -1] = len(points) - 2, here[:, -1], there[:, -1]
    sizes = numpy.full((segments, rings), 4, numpy.int32)
    sizes[:, 0] = sizes[:, -1] = 3
    return Arrays(points, corners.ravel(), sizes.ravel(), _sphere_uvs(segments, rings), smooth)


def _sphere_uvs(segments: int, rings: int) -> Any:
    """Return a column of the picture for each strip between two arcs, from right to left."""
    left = ((segments * 3 // 4 - 1 - numpy.arange(segments)) % segments)[:, None] / segments
    right, middle = left + 1 / segments, left + 0.5 / segments
    heights = 1 - numpy.arange(1, rings) / rings
    uvs = numpy.empty((segments, 4 * rings - 2, 2), numpy.float32)
    uvs[:, 0:1, 0], uvs[:, 1:2, 0], uvs[:, 2:3, 0] = right, middle, left
    uvs[:, 0, 1], uvs[:, 1, 1], uvs[:, 2, 1] = heights[0], 1, heights[0]
    quads = uvs[:, 3:-3].reshape(segments, rings - 2, 4, 2)
    quads[:, :, :2, 0], quads[:, :, 2:, 0] = right[:, :, None], left[:, :, None]
    quads[:, :, 0, 1] = quads[:, :, 3, 1] = heights[1:]
    quads[:, :, 1, 1] = quads[:, :, 2, 1] = heights[:-1]
    uvs[:, -3:-2, 0], uvs[:, -2:-1, 0], uvs[:, -1:, 0] = middle, right, left
    uvs[:, -3, 1], uvs[:, -2, 1], uvs[:, -1, 1] = 0, heights[-1], heights[-1]
    return uvs.reshape(-1, 2)


def circle(radius: float, vertices: int, fill: bool) -> Arrays:
    """Make a circle in XY, counter-clockwise from +Y: edges, or one face."""
    turns = _turns(vertices) * (1, -1)
    points = numpy.zeros((vertices, 3))
    points[:, :2] = turns[:, ::-1] * radius
    numbers = numpy.arange(vertices)
    if fill:
        return Arrays(points, numbers, numpy.array([vertices]), 0.5 + 0.5 * turns[:, ::-1])
    edges = numpy.stack([numpy.roll(numbers, -1), numbers], axis=1)
    edges[-1] = edges[-1, ::-1]
    # Even without corners, there is a UV map.
    return Arrays(points, (), (), numpy.empty((0, 2)), edges=edges)


def cone(radius1: float, radius2: float, depth: float, vertices: int, smooth: bool) -> Arrays:
    """Make a cone, frustum or cylinder: lower and upper points alternate, one point for a radius of 0; the faces around
    it, then the lower end and the upper one. `smooth` leaves the ends flat.
    """
    # Clockwise from +Y: x is the sine.
    turns = _turns(vertices)[:, ::-1]
    below, above = (radius1 > 0, radius2 > 0)
    numbers = numpy.arange(vertices)
    following = numpy.roll(numbers, -1)
    if below and above:
        points = numpy.empty((2 * vertices, 3))
        points[0::2, :2], points[1::2, :2] = turns * radius1, turns * radius2
        points[0::2, 2], points[1::2, 2] = -depth / 2, depth / 2
        low, high = 2 * numbers, 2 * numbers + 1
        side = numpy.stack([low, high, high[following], low[following]], axis=1)
    else:
        points = numpy.empty((vertices + 1, 3))
        rim = points[:-1] if below else points[1:]
        rim[:, :2], rim[:, 2] = turns * (radius1 or radius2), -depth / 2 if below else depth / 2
        points[-1 if below else 0] = (0, 0, depth / 2 if below else -depth / 2)
        low = high = numbers if below else numbers + 1
        tip = numpy.full(vertices, vertices if below else 0)
        side = numpy.stack([low, tip, low[following]] if below else [tip, low, low[following]], axis=1)
    ends = [*([low] if below else []), *([numpy.roll(high, -2)[::-1]] if above else [])]
    corners = numpy.concatenate([side.ravel(), *ends])
    sizes = numpy.concatenate([numpy.full(vertices, side.shape[1]), numpy.full(len(ends), vertices)])
    shaded: Any = numpy.arange(len(sizes)) < vertices if smooth else False
    return Arrays(points, corners, sizes, _cone_uvs(turns, below, above), shaded)


def _cone_uvs(turns: Any, below: bool, above: bool) -> Any:
    """Put the side in the upper half of the picture, the upper end at the lower left, the lower end at the lower right.
    A cone with a tip is seen from there.
    """
    count = len(turns)
    following = numpy.roll(numpy.arange(count), -1)
    lower, upper = (0.75, 0.25) + 0.24 * turns, (0.25, 0.25) + 0.24 * turns
    if below and above:
        right = 1 - numpy.arange(count) / count
        left = right - 1 / count
        side = numpy.empty((count, 4, 2))
        side[:, :2, 0], side[:, 2:, 0] = right[:, None], left[:, None]
        side[:, :, 1] = 0.5, 1, 1, 0.5
    else:
        seen, tip = (upper, (0.25, 0.25)) if below else (lower, (0.75, 0.25))
        tips = numpy.broadcast_to(tip, seen.shape)
        side = numpy.stack([seen, tips, seen[following]] if below else [tips, seen, seen[following]], axis=1)
    ends = [*([lower] if below else []), *([numpy.roll(upper, -2, axis=0)[::-1]] if above else [])]
    return numpy.concatenate([side.reshape(-1, 2), *ends])


def torus(major_radius: float, minor_radius: float, majors: int, minors: int, smooth: bool) -> Arrays:
    """Make rings of the tube, in sequence, in the order of Blender's own operator."""
    around, across = _turns(majors), _turns(minors)
    points = numpy.empty((majors, minors, 3))
    points[:, :, :2] = around[:, None, :] * (major_radius + minor_radius * across[:, 0])[:, None]
    points[:, :, 2] = minor_radius * across[:, 1]
    rows, columns = numpy.arange(majors), numpy.arange(minors)
    uvs = _cells(rows / majors, (rows + 1) / majors, columns / minors, (columns + 1) / minors)
    here = numpy.arange(majors * minors, dtype=numpy.int32).reshape(majors, minors)
    there = numpy.roll(here, -1, axis=0)
    corners = numpy.stack([here, there, numpy.roll(there, -1, axis=1), numpy.roll(here, -1, axis=1)], axis=2)
    return Arrays(points.reshape(-1, 3), corners.ravel(), numpy.full(majors * minors, 4, numpy.int32), uvs, smooth)


def grid(size: float, x_segments: int, y_segments: int) -> Arrays:
    """Make rows along X, starting at the lowest Y."""
    x, y = numpy.arange(x_segments + 1) / x_segments, numpy.arange(y_segments + 1) / y_segments
    points = numpy.zeros((y_segments + 1, x_segments + 1, 3))
    points[:, :, 0], points[:, :, 1] = (x - 0.5) * size, (y[:, None] - 0.5) * size
    numbers = numpy.arange(len(points) * (x_segments + 1), dtype=numpy.int32).reshape(points.shape[:2])
    here = numbers[:-1, :-1]
    corners = numpy.stack([here, here + 1, here + x_segments + 2, here + x_segments + 1], axis=2)
    uvs = _cells(x[:-1], x[1:], y[:-1], y[1:]).reshape(x_segments, y_segments, 4, 2).transpose(1, 0, 2, 3)
    return Arrays(points.reshape(-1, 3), corners.ravel(), numpy.full(x_segments * y_segments, 4, numpy.int32), uvs)


def _cells(left: Any, right: Any, low: Any, high: Any) -> Any:
    """Return two numbers for each corner of each cell of a picture divided into columns, and these into rows."""
    uvs = numpy.empty((len(left), len(low), 4, 2), numpy.float32)
    uvs[:, :, 0, 0] = uvs[:, :, 3, 0] = left[:, None]
    uvs[:, :, 1, 0] = uvs[:, :, 2, 0] = right[:, None]
    uvs[:, :, 0, 1] = uvs[:, :, 1, 1] = low
    uvs[:, :, 2, 1] = uvs[:, :, 3, 1] = high
    return uvs
