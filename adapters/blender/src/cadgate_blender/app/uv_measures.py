"""What a UV map is like: pieces, overlap, stretch, coverage. Overlap and coverage are counted at points of a grid."""

from __future__ import annotations

from typing import Any

import numpy

from cadgate_blender.app import mesh_arrays

_GRID = 1024
_CHUNK = 2_000_000
_LARGE = 2_000
"""Points in the box around a triangle from which on it is looked at by itself."""
"""The number of points that are tried at once."""
_SHIFT = (0.5 + 0.0123, 0.5 - 0.0087)
"""Where in its cell a point of the grid is: off the lines on which edges usually lie."""


class Corners:
    """A mesh in arrays: UVs, positions and faces of all corners."""

    def __init__(self, mesh: Any, layer: Any) -> None:
        self.vertices = mesh_arrays.corner_vertices(mesh)
        self.points = mesh_arrays.positions(mesh).reshape(-1, 3).astype(numpy.float64)
        self.uvs = numpy.empty(len(mesh.loops) * 2, numpy.float32)
        layer.uv.foreach_get("vector", self.uvs)
        self.uvs = self.uvs.reshape(-1, 2).astype(numpy.float64)
        self.sizes = numpy.empty(len(mesh.polygons), numpy.int32)
        mesh.polygons.foreach_get("loop_total", self.sizes)
        self.starts = numpy.cumsum(self.sizes) - self.sizes
        self.faces = numpy.repeat(numpy.arange(len(self.sizes)), self.sizes)
        mesh.calc_loop_triangles()
        triangles = numpy.empty(len(mesh.loop_triangles) * 3, numpy.int32)
        mesh.loop_triangles.foreach_get("loops", triangles)
        self.triangles = triangles.reshape(-1, 3)

    def following(self) -> Any:
        """Return for each corner the next one of its face."""
        ends = numpy.arange(len(self.vertices)) + 1
        return numpy.where(ends == (self.starts + self.sizes)[self.faces], self.starts[self.faces], ends)


def measure(mesh: Any, layer: Any) -> tuple[dict[str, Any], int]:
    """Return the numbers of UvInfo, and the number of triangles that have no area in the map."""
    corners = Corners(mesh, layer)
    flat = corners.uvs[corners.triangles]
    twice = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
    area = float(numpy.abs(twice).sum() / 2)
    stretch, degenerate = _stretch(corners, flat, twice)
    counts, inside = _counts(flat, area)
    covered = int((counts > 0).sum())
    overlap = float((counts > 1).sum() / covered) if covered else 0.0
    found = {
        "islands": islands(corners),
        "overlap": round(overlap, 4),
        "stretch": stretch,
        # Without overlap the sum of the areas is exact.
        "coverage": round(area if overlap == 0 and inside >= 1 else covered / counts.size, 4),
        "outside": round(max(0.0, 1 - inside), 4),
    }
    return found, degenerate


def _cross(one: Any, other: Any) -> Any:
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]


def islands(corners: Corners) -> int:
    """Return the number of pieces: faces belong together if they share an edge with the same UVs on both sides."""
    return len(numpy.unique(pieces(corners, corners.uvs))) if len(corners.sizes) else 0


def pieces(corners: Corners, marks: Any) -> Any:
    """Return for each face the number of its piece: faces with a common edge whose ends have equal `marks` in both."""
    following = corners.following()
    low = numpy.minimum(corners.vertices, corners.vertices[following])
    high = numpy.maximum(corners.vertices, corners.vertices[following])
    turned = corners.vertices > corners.vertices[following]
    rounded = numpy.round(numpy.asarray(marks, numpy.float64) * 1e5).reshape(len(marks), -1)
    first = numpy.where(turned[:, None], rounded[following], rounded)
    second = numpy.where(turned[:, None], rounded, rounded[following])
    keys = numpy.column_stack([low, high, first, second])
    order = numpy.lexsort(keys.T)
    same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    left, right = corners.faces[order[:-1][same]], corners.faces[order[1:][same]]
    found = numpy.arange(len(corners.sizes))
    while True:
        before = found.copy()
        numpy.minimum.at(found, left, found[right])
        numpy.minimum.at(found, right, found[left])
        found = found[found]
        if numpy.array_equal(found, before):
            return found


def _stretch(corners: Corners, flat: Any, twice: Any) -> tuple[float, int]:
    """Return the root mean square of how surface lengths differ per length of the map, relative to one scale."""
    solid = corners.points[corners.vertices[corners.triangles]]
    one, other = solid[:, 1] - solid[:, 0], solid[:, 2] - solid[:, 0]
    area = numpy.linalg.norm(numpy.cross(one, other), axis=1) / 2
    real = area > 1e-12 * max(1e-30, float(area.max(initial=0.0)))
    lost = real & (numpy.abs(twice) <= 1e-12)
    good = real & ~lost
    if not good.any():
        return 0.0, int(lost.sum())
    first, second = (flat[:, 1] - flat[:, 0])[good], (flat[:, 2] - flat[:, 0])[good]
    along = (one[good] * second[:, 1:2] - other[good] * first[:, 1:2]) / twice[good][:, None]
    across = (other[good] * first[:, 0:1] - one[good] * second[:, 0:1]) / twice[good][:, None]
    squares = ((along**2).sum(axis=1) + (across**2).sum(axis=1)) / 2
    mean = float((squares * area[good]).sum() / area[good].sum())
    scale = float(numpy.abs(twice[good]).sum() / 2 / area[good].sum())
    return max(0.0, round(float(numpy.sqrt(mean * scale)) - 1, 4)), int(lost.sum())


def _counts(flat: Any, area: float) -> tuple[Any, float]:
    """Return how often each point of a grid over the unit square is covered, and the share of `area` that is in it."""
    counts = numpy.zeros(_GRID * _GRID, numpy.int32)
    scaled = flat * _GRID - numpy.array(_SHIFT)
    low = numpy.clip(numpy.ceil(scaled.min(axis=1)), 0, _GRID).astype(numpy.int64)
    high = numpy.clip(numpy.floor(scaled.max(axis=1)) + 1, 0, _GRID).astype(numpy.int64)
    size = numpy.maximum(high - low, 0)
    number = size[:, 0] * size[:, 1]
    if (number.sum() > 64 * counts.size) or not numpy.isfinite(flat).all():
        number[:] = 0
    hits = 0
    for large in numpy.flatnonzero(number > _LARGE):
        (left, bottom), (right, top) = low[large], high[large]
        inside = _inside_box(scaled[large], numpy.arange(left, right), numpy.arange(bottom, top))
        counts.reshape(_GRID, _GRID)[bottom:top, left:right] += inside
        hits += int(inside.sum())
        number[large] = 0
    begin = 0
    while begin < len(flat):
        end = begin + max(1, int(numpy.searchsorted(numpy.cumsum(number[begin:]), _CHUNK)))
        owner = numpy.repeat(numpy.arange(begin, end), number[begin:end])
        place = numpy.arange(len(owner)) - numpy.repeat(
            numpy.cumsum(number[begin:end]) - number[begin:end], number[begin:end]
        )
        x = low[owner, 0] + place % numpy.maximum(size[owner, 0], 1)
        y = low[owner, 1] + place // numpy.maximum(size[owner, 0], 1)
        inside = _inside(scaled[owner], x, y)
        counts += numpy.bincount(y[inside] * _GRID + x[inside], minlength=counts.size).astype(numpy.int32)
        hits += int(inside.sum())
        begin = end
    box = flat.reshape(-1, 2)
    if len(box) and box.min() >= -1e-4 and box.max() <= 1 + 1e-4:
        return counts, 1.0
    return counts, min(1.0, hits / counts.size / area) if area > 0 else 1.0


def _inside(triangle: Any, x: Any, y: Any) -> Any:
    a, b, c = triangle[:, 0], triangle[:, 1], triangle[:, 2]
    point = numpy.column_stack([x, y]).astype(numpy.float64)
    return _on_one_side([_cross(end - start, point - start) for start, end in ((a, b), (b, c), (c, a))])


def _inside_box(triangle: Any, x: Any, y: Any) -> Any:
    """Return the same for all points of some columns and rows and one triangle, in a fraction of the time."""
    signs = [
        ((end[0] - start[0]) * (y - start[1]))[:, None] - ((end[1] - start[1]) * (x - start[0]))[None, :]
        for start, end in ((triangle[0], triangle[1]), (triangle[1], triangle[2]), (triangle[2], triangle[0]))
    ]
    return _on_one_side(signs)


def _on_one_side(signs: Any) -> Any:
    return ((signs[0] > 0) & (signs[1] > 0) & (signs[2] > 0)) | ((signs[0] < 0) & (signs[1] < 0) & (signs[2] < 0))
