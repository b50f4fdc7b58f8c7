"""UVs by projection along an object's axes, and the packing of their pieces into the unit square."""

from __future__ import annotations

import math
from typing import Any

import numpy

from cadgate_blender.app.uv_measures import Corners, pieces


def project(corners: Corners, method: str, margin: float) -> Any:
    """Return UVs for all corners by `cube`, `cylinder` or `sphere`."""
    normals = _normals(corners)
    centre = (corners.points.min(axis=0) + corners.points.max(axis=0)) / 2
    points = corners.points[corners.vertices] - centre
    if method == "cube":
        sides = _sides(normals)
        uvs = _flat(points, sides[corners.faces])
    elif method == "cylinder":
        caps = numpy.abs(normals[:, 2]) > math.cos(math.radians(45))
        sides = numpy.where(caps, numpy.where(normals[:, 2] > 0, 4, 5), 6)
        around = _around(corners, points, sides == 6)
        radius = float(numpy.linalg.norm(points[:, :2], axis=1).max(initial=0.0)) or 1.0
        uvs = numpy.where(
            (sides == 6)[corners.faces][:, None],
            numpy.column_stack([around * radius, points[:, 2]]),
            _flat(points, numpy.where(sides == 6, 4, sides)[corners.faces]),
        )
    else:
        sides = numpy.zeros(len(corners.sizes), numpy.int64)
        lengths = numpy.maximum(numpy.linalg.norm(points, axis=1), 1e-30)
        height = numpy.arcsin(numpy.clip(points[:, 2] / lengths, -1, 1))
        uvs = numpy.column_stack([_around(corners, points, sides == 0), height])
    return _packed(corners, uvs, sides, margin)


def _normals(corners: Corners) -> Any:
    """Return a normal for each face, by Newell's method."""
    here = corners.points[corners.vertices]
    there = here[corners.following()]
    crossed = numpy.cross(here, there)
    found = numpy.zeros((len(corners.sizes), 3))
    numpy.add.at(found, corners.faces, crossed)
    return found / numpy.maximum(numpy.linalg.norm(found, axis=1, keepdims=True), 1e-30)


def _sides(normals: Any) -> Any:
    """Return which side of a cube each face looks at: 0 to 5 for +x, -x, +y, -y, +z, -z."""
    axis = numpy.abs(normals + 1e-9 * numpy.array([0, 1, 2])).argmax(axis=1)
    return axis * 2 + (normals[numpy.arange(len(normals)), axis] < 0)


def _flat(points: Any, sides: Any) -> Any:
    """Return each point as it is seen from that side, not mirrored."""
    x, y, z = points.T
    across = numpy.choose(sides, [y, -y, -x, x, x, -x])
    upward = numpy.choose(sides, [z, z, z, z, y, y])
    return numpy.column_stack([across, upward])


def _around(corners: Corners, points: Any, chosen: Any) -> Any:
    """Return the angle about z of each corner, continuous within each face; at the axis, the mean of its face."""
    angles = numpy.arctan2(points[:, 1], points[:, 0])
    reach = numpy.linalg.norm(points[:, :2], axis=1)
    at_axis = reach < 1e-6 * max(1e-30, float(reach.max(initial=0.0)))
    angles = numpy.where(angles < -1e-9, angles + 2 * math.pi, numpy.maximum(angles, 0.0))
    high = numpy.full(len(corners.sizes), -1.0)
    low = numpy.full(len(corners.sizes), 10.0)
    numpy.maximum.at(high, corners.faces[~at_axis], angles[~at_axis])
    numpy.minimum.at(low, corners.faces[~at_axis], angles[~at_axis])
    crossing = (high - low > math.pi) & chosen
    angles = numpy.where(crossing[corners.faces] & (angles < math.pi) & ~at_axis, angles + 2 * math.pi, angles)
    total = numpy.bincount(corners.faces[~at_axis], angles[~at_axis], len(corners.sizes))
    number = numpy.bincount(corners.faces[~at_axis], minlength=len(corners.sizes))
    mean = total / numpy.maximum(number, 1)
    return numpy.where(at_axis, mean[corners.faces], angles)


def _packed(corners: Corners, uvs: Any, sides: Any, margin: float) -> Any:
    """Return UVs with the pieces next to each other, all at one scale, in rows within the unit square."""
    marks = numpy.column_stack([sides[corners.faces] * 1000.0, uvs])
    _, piece = numpy.unique(pieces(corners, marks), return_inverse=True)
    of_corner = piece.reshape(-1)[corners.faces]
    count = int(of_corner.max(initial=-1)) + 1
    low, high = numpy.full((count, 2), numpy.inf), numpy.full((count, 2), -numpy.inf)
    numpy.minimum.at(low, of_corner, uvs)
    numpy.maximum.at(high, of_corner, uvs)
    sizes = high - low
    gap = margin * max(float(numpy.sqrt((sizes[:, 0] * sizes[:, 1]).sum())), 1e-12)
    places, extent = _rows(sizes + gap)
    scale = (1 - margin) / max(extent, 1e-30)
    moved = (uvs - low[of_corner] + places[of_corner] + gap / 2) * scale
    return moved + margin / 2


def _rows(sizes: Any) -> tuple[Any, float]:
    """Return a place for each rectangle, in rows of the best of some widths, and the side of the square around them."""
    order = numpy.lexsort((numpy.arange(len(sizes)), -sizes[:, 0], -sizes[:, 1]))
    whole = float(numpy.sqrt((sizes[:, 0] * sizes[:, 1]).sum()))
    widest = float(sizes[:, 0].max(initial=0.0))
    best: tuple[Any, float] | None = None
    for factor in (1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0):
        found = _in_rows(sizes, order, max(widest, whole * factor))
        if best is None or found[1] < best[1] - 1e-12:
            best = found
    assert best is not None
    return best


def _in_rows(sizes: Any, order: Any, width: float) -> tuple[Any, float]:
    places = numpy.zeros_like(sizes)
    x = y = row = right = 0.0
    for number in order:
        across, upward = float(sizes[number, 0]), float(sizes[number, 1])
        if x > 0 and x + across > width * (1 + 1e-9):
            x, y, row = 0.0, y + row, 0.0
        places[number] = (x, y)
        x, row = x + across, max(row, upward)
        right = max(right, x)
    return places, max(right, y + row)
