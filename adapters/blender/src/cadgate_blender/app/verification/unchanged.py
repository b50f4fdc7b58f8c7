"""Checks that an operation that only rearranges meshes kept their shape: counts, box and volume in the world."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy

from cadgate.appserver import AppError
from cadgate_blender.app.verification.solids import Solid

_ROUNDING = 4e-6
"""The uncertainty of 32-bit coordinates, relative to the size and the distance from the origin, with a margin."""


class Shape(NamedTuple):
    """The combined measures of some meshes in the world."""

    vertices: int
    faces: int
    box: Any
    volume: float
    surface: float


def shape(parts: Sequence[tuple[Any, Any]]) -> Shape:
    """Return the shape of meshes, each with the matrix that places it in the world."""
    vertices = faces = 0
    boxes: list[Any] = []
    volume = surface = 0.0
    for mesh, matrix in parts:
        solid = Solid(mesh)
        vertices += len(mesh.vertices)
        faces += len(mesh.polygons)
        if not len(solid.points):
            continue
        # A mirrored object shows the other side of each face; its volume counts as Blender shows it.
        frame = numpy.array(matrix)
        solid.points = solid.points @ frame[:3, :3].T + frame[:3, 3]
        boxes.append(solid.bounds)
        surface += float(solid.areas.sum())
        if solid.closed:
            volume += solid.volume * (1 if numpy.linalg.det(frame[:3, :3]) > 0 else -1)
    box = None
    if boxes:
        box = numpy.array([numpy.min([each[0] for each in boxes], 0), numpy.max([each[1] for each in boxes], 0)])
    return Shape(vertices, faces, box, volume, surface)


def check_same(what: str, before: Shape, after: Shape) -> None:
    """Raise AppError if an operation changed more than how its meshes are stored."""
    problem = None
    if (before.vertices, before.faces) != (after.vertices, after.faces):
        problem = f"{after.vertices} vertices, {after.faces} faces are left of {before.vertices} and {before.faces}"
    elif before.box is not None:
        room = _ROUNDING * float(numpy.abs(before.box).max() + numpy.linalg.norm(before.box[1] - before.box[0]))
        if numpy.abs(before.box - after.box).max() > 4 * room:
            problem = f"the bounding box is {after.box.round(6).tolist()} instead of {before.box.round(6).tolist()}"
        elif abs(before.volume - after.volume) > room * before.surface:
            problem = f"the volume is {after.volume:.6g} instead of {before.volume:.6g}"
    if problem is not None:
        raise AppError("command_failed", f"The result of the {what} was wrong, and it was undone: {problem}")
