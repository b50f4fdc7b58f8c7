"""Sheared transforms, which location, rotation and scale cannot hold: detects them, and puts them into the points."""

from __future__ import annotations

from typing import Any

from mathutils import Matrix

from cadgate_blender.app import own_normals

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
    if obj.type == "MESH":
        own_normals.transform(obj.data, matrix)
        obj.data.update()
    else:
        obj.data.transform(matrix, shape_keys=True)


def decomposed(matrix: Any, like: Any) -> tuple[Any, Any, Any]:
    """Return location, XYZ Euler angles and scale of a matrix, without its shear: of the several numbers that mean the
    same, those next to the object `like`'s own.
    """
    axes = matrix.to_3x3()
    mirrored = axes.determinant() < 0
    signs = [-1.0 if factor < 0 else 1.0 for factor in like.scale]
    if (signs[0] * signs[1] * signs[2] < 0) != mirrored:
        signs = [-1.0 if mirrored else 1.0] * 3
    scale = [sign * column.length for sign, column in zip(signs, axes.col)]
    if not all(scale):
        location, turn, held = matrix.decompose()
        return location, turn.to_euler("XYZ"), held
    # The rotation nearest to a sheared matrix, as Blender finds it.
    turned = matrix.copy()
    turned.col[0], turned.col[1], turned.col[2] = (turned.col[axis] * signs[axis] for axis in range(3))
    turn = turned.to_quaternion()
    angles = turn.to_euler("XYZ", like.rotation_euler) if like.rotation_mode == "XYZ" else turn.to_euler("XYZ")
    return matrix.to_translation(), angles, scale


def place_alike(obj: Any, matrix: Any) -> None:
    """Do what `place` does, but keep the object's own numbers as far as they mean the same."""
    size = max(1.0, *(abs(value) for row in matrix for value in row))
    if all(abs(a - b) <= 1e-6 * size for one, other in zip(obj.matrix_basis, matrix) for a, b in zip(one, other)):
        return
    if has_deltas(obj):
        place(obj, matrix)
        return
    location, angles, scale = decomposed(matrix, obj)
    obj.rotation_mode = "XYZ"
    obj.location, obj.rotation_euler, obj.scale = location, angles, scale


def has_deltas(obj: Any) -> bool:
    """Return whether an object's delta transforms change its place."""
    turn = obj.delta_rotation_quaternion if obj.rotation_mode == "QUATERNION" else obj.delta_rotation_euler
    still = turn[:] == (1.0, 0.0, 0.0, 0.0) if len(turn) == 4 else not any(turn)
    return not still or any(obj.delta_location) or obj.delta_scale[:] != (1.0, 1.0, 1.0)


def place(obj: Any, matrix: Any) -> None:
    """Set location, rotation and scale to a matrix, whatever the rotation mode and the deltas are."""
    obj.rotation_mode = "XYZ"
    obj.matrix_basis = matrix
