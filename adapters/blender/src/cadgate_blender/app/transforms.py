"""Sheared transforms, which location, rotation and scale cannot hold: detects them, and puts them into the points."""

from __future__ import annotations

from typing import Any

from mathutils import Matrix

_SLANT = 1e-5
"""The cosine between two axes above which they are not at right angles; below it is 32-bit noise."""
_BARE = ("EMPTY", "CAMERA", "LIGHT", "SPEAKER", "LIGHT_PROBE")
"""Types of objects without points, on which a shear would not show."""


def is_sheared(matrix: Any) -> bool:
    """Return whether no location, rotation and scale together make this matrix."""
    axes = [column.xyz for column in matrix.col[:3]]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        size = axes[one].length * axes[other].length
        if abs(axes[one].dot(axes[other])) > _SLANT * size:
            return True
    return False


def without_shear(matrix: Any) -> Any:
    """Return the nearest matrix that location, rotation and scale can make."""
    return Matrix.LocRotScale(*matrix.decompose())


def shear_of(matrix: Any) -> Any:
    """Return the matrix by which `without_shear(matrix)` must be multiplied, on the right, to give `matrix` again."""
    return without_shear(matrix).inverted_safe() @ matrix


def shows_shear(obj: Any) -> bool:
    """Return whether an object looks different when it is sheared."""
    return obj.type not in _BARE or obj.instance_type != "NONE"


def can_hold(obj: Any) -> bool:
    """Return whether a shear can be put into the points of an object's data without changing anything else."""
    if obj.type == "MESH":
        # An armature works in its own space; everything else works along the axes of the object.
        return all(modifier.type == "ARMATURE" for modifier in obj.modifiers)
    if obj.type in ("CURVE", "SURFACE"):
        data = obj.data
        return not len(obj.modifiers) and not (data.bevel_depth or data.extrude or data.bevel_object or data.offset)
    return False


def put_into_points(obj: Any, matrix: Any) -> None:
    """Transform the points of a mesh or curve, with its shape keys; shared data is copied first."""
    if obj.data.users > 1:
        obj.data = obj.data.copy()
    if obj.type != "MESH":
        obj.data.dimensions = "3D"
    obj.data.transform(matrix, shape_keys=True)
    if obj.type == "MESH":
        obj.data.update()


def place(obj: Any, matrix: Any) -> None:
    """Set location, rotation and scale to a matrix, whatever the rotation mode and the deltas are."""
    obj.rotation_mode = "XYZ"
    obj.matrix_basis = matrix
