"""Transforms that location, rotation and scale cannot hold: sheared ones, told and put into the points instead."""

from __future__ import annotations

from typing import Any

from mathutils import Matrix

_SLANT = 1e-5
"""The cosine between two axes above which they are not at right angles; below it is the noise of 32-bit floats."""
_BARE = ("EMPTY", "CAMERA", "LIGHT", "SPEAKER", "LIGHT_PROBE")
"""What has no points that a shear would show on."""


def is_sheared(matrix: Any) -> bool:
    """Whether no location, rotation and scale together make this matrix."""
    axes = [column.xyz for column in matrix.col[:3]]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        size = axes[one].length * axes[other].length
        if abs(axes[one].dot(axes[other])) > _SLANT * size:
            return True
    return False


def without_shear(matrix: Any) -> Any:
    """The nearest matrix that location, rotation and scale can make."""
    return Matrix.LocRotScale(*matrix.decompose())


def shear_of(matrix: Any) -> Any:
    """What `without_shear(matrix)` has to be multiplied by, on the right, to give `matrix` again."""
    return without_shear(matrix).inverted_safe() @ matrix


def shows_shear(obj: Any) -> bool:
    """Whether an object looks different when it is sheared."""
    return obj.type not in _BARE or obj.instance_type != "NONE"


def can_hold(obj: Any) -> bool:
    """Whether a shear can be put into the points of an object's data without changing anything else of it."""
    if obj.type == "MESH":
        # What an armature does is done in the armature's own space; all else works along the axes of the object.
        return all(modifier.type == "ARMATURE" for modifier in obj.modifiers)
    if obj.type in ("CURVE", "SURFACE"):
        data = obj.data
        return not len(obj.modifiers) and not (data.bevel_depth or data.extrude or data.bevel_object or data.offset)
    return False


def put_into_points(obj: Any, matrix: Any) -> None:
    """Transform the points of a mesh or curve, with its shape keys; data that others use is copied first."""
    if obj.data.users > 1:
        obj.data = obj.data.copy()
    if obj.type != "MESH":
        obj.data.dimensions = "3D"
    obj.data.transform(matrix, shape_keys=True)
    if obj.type == "MESH":
        obj.data.update()


def place(obj: Any, matrix: Any) -> None:
    """Set what location, rotation and scale make together, whatever the mode of rotation and the deltas are."""
    obj.rotation_mode = "XYZ"
    obj.matrix_basis = matrix
