"""A mesh as a solid: its triangles, whether it is closed, its volume, and how often it winds round a point."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy

_PAIRS = 1_000_000
"""The number of points and triangles that are processed together, to limit memory."""

_TILT = 0.0314, 0.0173
"""The slope of rays against an axis, which no model's faces have by design."""


class Solid:
    """A mesh's triangles in double precision."""

    def __init__(self, mesh: Any) -> None:
        points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
        mesh.vertices.foreach_get("co", points)
        self.points = points.reshape(-1, 3).astype(numpy.float64)
        mesh.calc_loop_triangles()
        triangles = numpy.empty(len(mesh.loop_triangles) * 3, numpy.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
        self.triangles = triangles.reshape(-1, 3)
        self.closed = len(self.triangles) > 0 and _is_balanced(mesh)
        self._mesh = mesh

    @cached_property
    def bounds(self) -> Any:
        return numpy.array([self.points.min(axis=0), self.points.max(axis=0)])

    @property
    def size(self) -> float:
        """Return the diagonal of the bounding box."""
        return float(numpy.linalg.norm(self.bounds[1] - self.bounds[0]))

    @cached_property
    def corners(self) -> Any:
        return self.points[self.triangles]

    @cached_property
    def _normals(self) -> Any:
        """Return twice the area of each triangle, along its normal."""
        a, b, c = (self.corners[:, number] for number in range(3))
        return numpy.cross(b - a, c - a)

    @cached_property
    def areas(self) -> Any:
        return numpy.linalg.norm(self._normals, axis=1) / 2

    @cached_property
    def bulges(self) -> Any:
        """Return for each triangle how far its face is from flat: the surface may be anywhere in between.

        Call it while the mesh exists.
        """
        mesh = self._mesh
        found = numpy.zeros(len(mesh.polygons))
        sizes = numpy.empty(len(mesh.polygons), numpy.int32)
        mesh.polygons.foreach_get("loop_total", sizes)
        if len(sizes) and sizes.max() > 3:
            corners = numpy.empty(len(mesh.loops), numpy.int32)
            mesh.loops.foreach_get("vertex_index", corners)
            starts = numpy.concatenate([[0], numpy.cumsum(sizes)[:-1]])
            middles = numpy.add.reduceat(self.points[corners], starts) / sizes[:, None]
            normals = numpy.empty(len(sizes) * 3, numpy.float32)
            mesh.polygons.foreach_get("normal", normals)
            owner = numpy.repeat(numpy.arange(len(sizes)), sizes)
            away = numpy.einsum("ij,ij->i", self.points[corners] - middles[owner], normals.reshape(-1, 3)[owner])
            # Folded one way, it lies this far above the plane; folded the other way, as far below.
            found = 2 * numpy.maximum.reduceat(numpy.abs(away), starts)
        face = numpy.empty(len(self.triangles), numpy.int32)
        mesh.loop_triangles.foreach_get("polygon_index", face)
        return found[face]

    def bulge_at(self, point: Any) -> float:
        """Return the uncertainty of the surface near a point."""
        low, high = self.corners.min(axis=1) - self.bulges[:, None], self.corners.max(axis=1) + self.bulges[:, None]
        near = ((low <= point) & (point <= high)).all(axis=1)
        return float(self.bulges[near].max()) if near.any() else 0.0

    @cached_property
    def slack(self) -> float:
        """Return the uncertainty of the volume, since faces are not flat."""
        return float((self.areas * self.bulges).sum()) if len(self.triangles) else 0.0

    @cached_property
    def volume(self) -> float:
        """Return the signed volume; overlaps count twice."""
        if not len(self.triangles):
            return 0.0
        middle = self.bounds.mean(axis=0)
        return float(numpy.einsum("ij,ij->", self.corners[:, 0] - middle, self._normals) / 6)

    def near_faces(self, most: int, distance: float, least: float) -> Any:
        """Return points on both sides of up to `most` triangles, spread over the whole mesh, including the largest.

        They are `distance` away, less if the triangle is small, but at least `least`.
        """
        usable = numpy.flatnonzero(self.areas > (4 * least) ** 2)
        if len(usable) > most:
            spread = usable[numpy.linspace(0, len(usable) - 1, most * 3 // 4).astype(int)]
            largest = usable[numpy.argsort(-self.areas[usable], kind="stable")[: most // 4]]
            usable = numpy.unique(numpy.concatenate([spread, largest]))
        # Do not use the middle: lines of symmetry run through it, and edges of cuts along them.
        inside = numpy.einsum("ijk,j->ik", self.corners[usable], numpy.array([0.41, 0.347, 0.243]))
        areas = self.areas[usable, None]
        steps = numpy.clip(numpy.sqrt(areas) / 10, least, distance) * self._normals[usable] / (2 * areas)
        return numpy.concatenate([inside + steps, inside - steps])

    def windings(self, points: Any, way: int = 0) -> Any:
        """Return how often the surface winds round each point: 1 inside, 0 outside. `way` is one of two ways to count.

        This is how often a ray from the point leaves the surface, less how often it enters it.
        """
        if not len(self.triangles):
            return numpy.zeros(len(points), numpy.int64)
        frame, flat, grid = self._views[way]
        return grid.crossings(points @ frame, flat)

    @cached_property
    def _views(self) -> list[tuple[Any, Any, _Grid]]:
        """Return the triangles, seen along the two axes along which they overlap least."""
        found: list[tuple[Any, Any, _Grid]] = []
        for axis in numpy.argsort(numpy.abs(self._normals).sum(axis=0) * (self.bounds[1] - self.bounds[0] + 1e-30))[:2]:
            up = numpy.insert(_TILT, axis, 1.0)
            up /= numpy.linalg.norm(up)
            right = numpy.cross(numpy.roll(up, 1), up)
            right /= numpy.linalg.norm(right)
            frame = numpy.stack([right, numpy.cross(up, right), up], axis=1)
            flat = (self.points @ frame)[self.triangles]
            found.append((frame, flat, _Grid(flat)))
        return found


class _Grid:
    """Triangles, seen from above, by the cells of a square that their boxes cover."""

    def __init__(self, flat: Any) -> None:
        low, high = flat[:, :, :2].min(axis=1), flat[:, :, :2].max(axis=1)
        self._low, self._high, self._top = low, high, flat[:, :, 2].max(axis=1)
        self._corner = low.min(axis=0)
        extent = float((high.max(axis=0) - self._corner).max()) or 1.0
        self._side = max(1, min(256, int(math.sqrt(len(flat)))))
        while True:
            self._scale = self._side / (extent * (1 + 1e-9))
            first, last = self._cells(low), self._cells(high)
            wide, deep = (last - first + 1).T
            total = int((wide * deep).sum())
            # Large triangles cover many cells, so use fewer cells.
            if self._side == 1 or total <= 20_000 + 8 * len(flat):
                break
            self._side //= 2
        owner = numpy.repeat(numpy.arange(len(flat)), wide * deep)
        number = numpy.arange(total) - numpy.repeat(numpy.cumsum(wide * deep) - wide * deep, wide * deep)
        column = first[owner, 0] + number % wide[owner]
        row = first[owner, 1] + number // wide[owner]
        cells = column * self._side + row
        order = numpy.argsort(cells, kind="stable")
        self._triangles, self._sorted = owner[order], cells[order]

    def _cells(self, places: Any) -> Any:
        return numpy.clip(((places - self._corner) * self._scale).astype(numpy.int64), 0, self._side - 1)

    def crossings(self, points: Any, triangles: Any) -> Any:
        """Return how often a ray upwards from each point leaves the surface, less how often it enters it."""
        column, row = self._cells(points[:, :2]).T
        cells = column * self._side + row
        begin, end = (numpy.searchsorted(self._sorted, cells, side=side) for side in ("left", "right"))
        found = numpy.zeros(len(points))
        parts = numpy.cumsum(end - begin) // _PAIRS
        for part in range(int(parts[-1]) + 1 if len(points) else 0):
            chosen = numpy.flatnonzero(parts == part)
            counts = (end - begin)[chosen]
            which = numpy.repeat(chosen, counts)
            offset = numpy.arange(len(which)) - numpy.repeat(numpy.cumsum(counts) - counts, counts)
            triangle = self._triangles[begin[which] + offset]
            x, y, z = points[which].T
            low, high = self._low[triangle], self._high[triangle]
            near = (x >= low[:, 0]) & (x <= high[:, 0]) & (y >= low[:, 1]) & (y <= high[:, 1])
            near &= z <= self._top[triangle]
            which, triangle = which[near], triangle[near]
            crossed = _crossings(points[which], triangles[triangle])
            found += numpy.bincount(which, weights=crossed, minlength=len(points))
        return found.astype(numpy.int64)


def _crossings(points: Any, triangles: Any) -> Any:
    """Return +1 if the ray upwards from a point leaves through its triangle, -1 if it enters, else 0."""
    a, b, c = (triangles[:, number] for number in range(3))

    def side(one: Any, other: Any) -> Any:
        return (other[:, 0] - one[:, 0]) * (points[:, 1] - one[:, 1]) - (other[:, 1] - one[:, 1]) * (
            points[:, 0] - one[:, 0]
        )

    # An edge seen from its two triangles must give the same number except for the sign, so the sum is the same.
    ab, bc, ca = side(a, b), side(b, c), side(c, a)
    whole = ab + bc + ca
    inside = ((ab > 0) & (bc > 0) & (ca > 0)) | ((ab < 0) & (bc < 0) & (ca < 0))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        height = (bc * a[:, 2] + ca * b[:, 2] + ab * c[:, 2]) / whole
    return numpy.where(inside & (height > points[:, 2]), numpy.sign(whole), 0.0)


def _is_balanced(mesh: Any) -> bool:
    """Return whether each edge is used as often in one direction as in the other: no rim, and one outside."""
    corners = numpy.empty(len(mesh.loops), numpy.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    edges = numpy.empty(len(mesh.loops), numpy.int32)
    mesh.loops.foreach_get("edge_index", edges)
    ends = numpy.empty(len(mesh.edges) * 2, numpy.int32)
    mesh.edges.foreach_get("vertices", ends)
    # From its first vertex, or back to it.
    forward = numpy.where(ends[0::2][edges] == corners, 1, -1)
    return not numpy.bincount(edges, weights=forward, minlength=len(mesh.edges)).any()
