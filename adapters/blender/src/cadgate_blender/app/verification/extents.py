"""Shapes in numbers: where the triangles are, how large, which way they face. Two readers of a shape must agree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterable

import numpy

from cadgate_blender.app import showing

_LARGE = 1_000_000
"""The number of triangles above which area and volume are left out; the box and the counts are still compared."""


@dataclass
class Shape:
    """The compared measures of an object: lengths as in the file, Blender's axes."""

    low: Any
    high: Any
    triangles: int
    vertices: int
    area: float = 0.0
    volume: float = 0.0
    """Signed: negative for a closed surface that is inside out. About the middle of the box."""
    measured: bool = True
    lean: Any = field(default_factory=lambda: numpy.zeros(3))
    """The sum of the areas as vectors: 0 for a closed surface; otherwise the volume depends on the place."""
    loose: int = 0
    """The number of points without a face that were left out of it."""
    folded_area: float = 0.0
    folded_volume: float = 0.0
    """By how much area and volume differ with the diagonals along which faces that are not flat are folded."""

    @property
    def size(self) -> float:
        return float(numpy.linalg.norm(self.high - self.low))


def of(points: Any, triangles: Any) -> Shape | None:
    """Return the shape of an array of points and one of triples of their numbers; None without points."""
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    shape = Shape(low, high, len(triangles), len(points), measured=len(triangles) <= _LARGE)
    if shape.measured and len(triangles):
        corners = points[triangles] - (low + high) / 2
        normals = numpy.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        shape.area = float(numpy.sqrt((normals * normals).sum(axis=1)).sum() / 2)
        shape.volume = float((corners[:, 0] * normals).sum() / 6)
        shape.lean = normals.sum(axis=0) / 2
    return shape


def together(shapes: Iterable[Shape]) -> Shape | None:
    """Combine all of them."""
    found = list(shapes)
    if not found:
        return None
    low, high = numpy.min([each.low for each in found], axis=0), numpy.max([each.high for each in found], axis=0)
    middle = (low + high) / 2
    return Shape(
        low,
        high,
        sum(each.triangles for each in found),
        sum(each.vertices for each in found),
        sum(each.area for each in found),
        sum(each.volume + float(numpy.dot((each.low + each.high) / 2 - middle, each.lean)) / 3 for each in found),
        all(each.measured for each in found),
        sum(each.lean for each in found),
        sum(each.loose for each in found),
        sum(each.folded_area for each in found),
        sum(each.folded_volume for each in found),
    )


def turned(shape: Shape, matrix: Any) -> Shape:
    """Return the shape with its axes exchanged by a matrix that has one 1 or -1 in each row."""
    one, other = matrix @ shape.low, matrix @ shape.high
    return replace(shape, low=numpy.minimum(one, other), high=numpy.maximum(one, other), lean=matrix @ shape.lean)


TO_Y_UP = numpy.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Converts Blender's axes to those of a file in which Y points up."""


def evaluated(chosen: Iterable[Any], scale: float = 1.0, format: str = "") -> dict[str, Shape]:
    """Return the shape of each of these objects as the scene shows it now, including its instances.

    Objects without points are left out, and points that a file of `format` cannot hold, or that nobody reads in it.
    """
    axes = numpy.eye(3) * scale
    parts: dict[str, list[Shape]] = {}
    for part in showing.parts(chosen):
        _add(parts, part.owner, part.object, numpy.array(part.world), axes, format)
    joined = {name: together(shapes) for name, shapes in parts.items()}
    return {name: shape for name, shape in joined.items() if shape is not None}


def _add(parts: dict[str, list[Shape]], name: str, obj: Any, world: Any, axes: Any, format: str) -> None:
    if obj.type not in ("MESH", "CURVE", "SURFACE", "FONT", "META"):
        return
    try:
        mesh = obj.to_mesh()
    except RuntimeError:  # a metaball that is drawn by another one
        return
    if mesh is None:
        return
    points, triangles = arrays(mesh)
    which = _held(mesh, triangles, format)
    quads = _quads(mesh) if len(triangles) <= _LARGE else None
    obj.to_mesh_clear()
    loose = 0
    if which is not None:
        loose = len(points) - len(which)
        points, triangles = points[which], numpy.searchsorted(which, triangles)
        quads = None if quads is None else numpy.searchsorted(which, quads)
    matrix = axes @ world[:3, :3]
    points = points @ matrix.T + axes @ world[:3, 3]
    if numpy.linalg.det(matrix) < 0:
        triangles = triangles[:, ::-1]
    shape = of(points, triangles)
    if shape is not None:
        shape.loose = loose
        if quads is not None:
            shape.folded_area, shape.folded_volume = _folds(points[quads])
        parts.setdefault(name, []).append(shape)


def _held(mesh: Any, triangles: Any, format: str) -> Any:
    """Return the numbers of the points that a file can hold; None for all of them.

    An STL file has only faces; of an OBJ file, points alone are read only if there is nothing else.
    """
    if format == "stl":
        return numpy.unique(triangles)
    if format != "obj" or not len(mesh.edges):
        return None
    ends = numpy.empty(len(mesh.edges) * 2, numpy.int32)
    mesh.edges.foreach_get("vertices", ends)
    which = numpy.unique(ends)
    return which if len(which) < len(mesh.vertices) else None


def _quads(mesh: Any) -> Any:
    """Return the numbers of four successive corners of faces, between which a diagonal may lie; None without any."""
    sizes = numpy.empty(len(mesh.polygons), numpy.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    if not len(sizes) or sizes.max() < 4:
        return None
    corners = numpy.empty(len(mesh.loops), numpy.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    counts = numpy.maximum(sizes - 3, 0)
    first = numpy.repeat(numpy.cumsum(sizes) - sizes, counts)
    second = first + 1 + numpy.arange(len(first)) - numpy.repeat(numpy.cumsum(counts) - counts, counts)
    return corners[numpy.stack([first, second, second + 1, second + 2], axis=1)]


def _folds(quads: Any) -> tuple[float, float]:
    """Return the sums of how much area and volume change with the diagonal of each quadrilateral."""
    a, b, c, d = (quads[:, number] for number in range(4))
    one = _areas(a, b, c) + _areas(a, c, d)
    other = _areas(a, b, d) + _areas(b, c, d)
    volumes = ((b - a) * numpy.cross(c - a, d - a)).sum(axis=1) / 6
    return float(numpy.abs(one - other).sum()), float(numpy.abs(volumes).sum())


def _areas(a: Any, b: Any, c: Any) -> Any:
    return numpy.linalg.norm(numpy.cross(b - a, c - a), axis=1) / 2


def arrays(mesh: Any) -> tuple[Any, Any]:
    """Return the points of a mesh, and its triangles."""
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    mesh.calc_loop_triangles()
    corners = numpy.empty(len(mesh.loop_triangles) * 3, numpy.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    return points.reshape(-1, 3).astype(numpy.float64), corners.reshape(-1, 3)
