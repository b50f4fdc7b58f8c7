"""Checks that an operation that only rearranges meshes kept their shape: counts, box and volume in the world."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy

from cadgate.appserver import AppError
from cadgate_blender.app import mesh_arrays

_ROUNDING = 4e-6
"""The uncertainty of 32-bit coordinates, relative to the size and the distance from the origin, with a margin."""


class Shape(NamedTuple):
    """The combined measures of some meshes in the world."""

    vertices: int
    faces: int
    box: Any
    """Its least and its greatest corner; None without vertices."""
    volume: float
    """What the faces enclose with the middle of the box; what they enclose, if they are closed."""
    lean: Any
    """By how much that shrinks for each step of the middle: zero for closed meshes."""
    surface: float

    def volume_about(self, middle: Any) -> float:
        """Return what the faces enclose with another point."""
        return self.volume - float(self.lean @ (middle - self.middle))

    @property
    def middle(self) -> Any:
        return numpy.zeros(3) if self.box is None else self.box.mean(axis=0)


def shape(parts: Sequence[tuple[Any, Any]]) -> Shape:
    """Return the shape of meshes, each with the matrix that places it in the world."""
    whole = Shape(0, 0, None, 0.0, numpy.zeros(3), 0.0)
    for mesh, matrix in parts:
        whole = _together(whole, _shape_of(mesh, numpy.array(matrix)))
    return whole


def _together(one: Shape, other: Shape) -> Shape:
    boxes = [each.box for each in (one, other) if each.box is not None]
    box = None
    if boxes:
        box = numpy.array([numpy.min([each[0] for each in boxes], 0), numpy.max([each[1] for each in boxes], 0)])
    both = Shape(
        one.vertices + other.vertices,
        one.faces + other.faces,
        box,
        0.0,
        one.lean + other.lean,
        one.surface + other.surface,
    )
    return both._replace(volume=sum(each.volume_about(both.middle) for each in (one, other)))


def _shape_of(mesh: Any, frame: Any) -> Shape:
    points = mesh_arrays.positions(mesh).reshape(-1, 3).astype(numpy.float64) @ frame[:3, :3].T + frame[:3, 3]
    if not len(points):
        return Shape(0, 0, None, 0.0, numpy.zeros(3), 0.0)
    box = numpy.array([points.min(axis=0), points.max(axis=0)])
    faces = len(mesh.polygons)
    if not faces:
        return Shape(len(points), 0, box, 0.0, numpy.zeros(3), 0.0)
    sizes = numpy.empty(faces, numpy.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    ends = numpy.cumsum(sizes)
    starts = ends - sizes
    following = numpy.arange(1, len(mesh.loops) + 1)
    following[ends - 1] = starts
    corners = points[mesh_arrays.corner_vertices(mesh)]
    # Triangles with the mean of the corners of a face: Blender folds a face that is not flat one way or the other, as
    # it is stretched.
    means = numpy.repeat(numpy.add.reduceat(corners, starts) / sizes[:, None], sizes, axis=0)
    normals = numpy.cross(corners - means, corners[following] - means)
    # A mirrored object shows the other side of each face; its volume counts as Blender shows it.
    side = 1 if numpy.linalg.det(frame[:3, :3]) > 0 else -1
    return Shape(
        len(points),
        faces,
        box,
        side * float(numpy.einsum("ij,ij->", means - box.mean(axis=0), normals)) / 6,
        side * normals.sum(axis=0) / 6,
        float(numpy.linalg.norm(normals, axis=1).sum()) / 2,
    )


def check_same(what: str, before: Shape, after: Shape) -> None:
    """Raise AppError if an operation changed more than how its meshes are stored."""
    problem = None
    if (before.vertices, before.faces) != (after.vertices, after.faces):
        problem = f"{after.vertices} vertices, {after.faces} faces are left of {before.vertices} and {before.faces}"
    elif before.box is not None:
        room = _ROUNDING * float(numpy.abs(before.box).max() + numpy.linalg.norm(before.box[1] - before.box[0]))
        if numpy.abs(before.box - after.box).max() > 4 * room:
            problem = f"the bounding box is {after.box.round(6).tolist()} instead of {before.box.round(6).tolist()}"
        else:
            volume = after.volume_about(before.middle)
            if abs(before.volume - volume) > room * before.surface:
                problem = f"the volume is {volume:.6g} instead of {before.volume:.6g}"
    if problem is not None:
        raise AppError("command_failed", f"The result of the {what} was wrong, and it was undone: {problem}")
