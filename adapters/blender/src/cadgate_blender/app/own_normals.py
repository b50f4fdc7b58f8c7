"""Normals that a mesh has of its own, kept while it changes.

Blender keeps them as angles from the normals that its faces give (customdata type CustomNormal), so whatever changes
faces changes them with it, in silence: a transform that is no rotation, a mirrored mesh whose faces are turned round, a
cut next to a face. Here they are carried through as vectors of the corners, which Blender copies and interpolates.
"""

from __future__ import annotations

from typing import Any, Sequence

import numpy

from cadgate_blender.app import mesh_arrays

_CARRIED = "cadgate normals"
"""The name of the attribute that carries them. One that begins with a dot would not be copied."""


def transform(mesh: Any, turn: Any) -> None:
    """Transform a mesh with its shape keys, and its own normals as those of a surface.

    A mirrored one has its faces turned round, so that they show the same side as before.
    """
    carried = mesh.has_custom_normals and abs(turn.determinant()) > 1e-30
    if carried:
        _carry(mesh, numpy.array(turn.to_3x3().inverted()))
    mesh.transform(turn, shape_keys=True)
    if turn.determinant() < 0:
        mesh.flip_normals()
    if carried:
        put_back(mesh)


def turn_faces(mesh: Any, *, with_normals: bool = False) -> None:
    """Turn the faces of a mesh round; its own normals point where they did, or are turned round with them."""
    carried = mesh.has_custom_normals
    if carried:
        _carry(mesh, -numpy.eye(3) if with_normals else None)
    mesh.flip_normals()
    if carried:
        put_back(mesh)


def carry(meshes: Sequence[Any], reversed: Sequence[bool]) -> bool:
    """Let meshes carry the normals of their corners, if any has normals of its own, until `put_back` of what is made
    of them. Those of `reversed` will have their faces turned round.
    """
    if not any(mesh.has_custom_normals for mesh in meshes):
        return False
    for mesh, turned in zip(meshes, reversed):
        _carry(mesh, -numpy.eye(3) if turned else None)
    return True


def put_back(mesh: Any) -> None:
    """Make what the corners carry the mesh's own normals."""
    carried = mesh.attributes[_CARRIED]
    normals = numpy.empty(len(mesh.loops) * 3, numpy.float32)
    carried.data.foreach_get("vector", normals)
    mesh.attributes.remove(carried)
    normals = normals.reshape(-1, 3)
    lengths = numpy.linalg.norm(normals, axis=1, keepdims=True)
    # Blender takes a zero for the normal that the faces give.
    mesh.normals_split_custom_set(numpy.where(lengths > 1e-6, normals / numpy.maximum(lengths, 1e-6), 0))
    mesh.update()


def _carry(mesh: Any, turn: Any = None) -> None:
    """Write the normals of the corners, times `turn` from the right, into an attribute."""
    normals = mesh_arrays.corner_normals(mesh)
    if turn is not None:
        normals = (normals @ turn).astype(numpy.float32)
    mesh.attributes.new(_CARRIED, "FLOAT_VECTOR", "CORNER").data.foreach_set("vector", normals.ravel())
