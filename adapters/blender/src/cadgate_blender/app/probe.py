"""Applies modifiers to one object in a separate scene, so that the cost does not grow with the session."""

from __future__ import annotations

from typing import Any, Callable

import bpy
from mathutils import Matrix

from cadgate.appserver import AppError
from cadgate_blender.app import limits, removal, staging


def mesh_of(
    obj: Any,
    *,
    keep: Callable[[Any], bool] = lambda modifier: True,
    dress: Callable[[Any], None] | None = None,
    also: Any = None,
) -> Any:
    """Return a new mesh: `obj` with the modifiers that `keep` selects, and with what `dress` adds to a copy of it.

    Neither the object nor its scene change. `also` is another object that must be evaluated. Raises AppError.
    """
    is_as_asked = (
        dress is None
        and not obj.hide_viewport
        and all(modifier.show_viewport and keep(modifier) for modifier in obj.modifiers)
    )
    shown = obj if is_as_asked else obj.copy()
    try:
        if shown != obj:
            _prepare(shown, keep, dress)
        with staging.evaluated([shown] if also is None else [shown, also]) as depsgraph:
            mesh = bpy.data.meshes.new_from_object(
                shown.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
            )
    except RuntimeError as error:
        raise AppError("command_failed", f"Blender could not evaluate the modifiers: {error}") from error
    finally:
        if shown != obj:
            removal.remove_unlinked(shown)
    try:
        limits.check("The number of vertices of the result", len(mesh.vertices), "max_vertices")
    except AppError:
        removal.remove_trial(mesh)
        raise
    return mesh


def _prepare(copy: Any, keep: Callable[[Any], bool], dress: Callable[[Any], None] | None) -> None:
    """Let a copy of an object have the modifiers that `keep` selects, in effect, and what `dress` adds."""
    for modifier in list(copy.modifiers):
        if keep(modifier):
            modifier.show_viewport = True
        else:
            copy.modifiers.remove(modifier)
    if dress is not None:
        dress(copy)
    copy.hide_viewport = False


def copy_of_mesh(obj: Any, *, keep: Callable[[Any], bool]) -> Any:
    """Return a new mesh: the object's own with the modifiers that `keep` selects, and its shape keys, in effect."""
    if obj.data.shape_keys is None and not any(keep(modifier) for modifier in obj.modifiers):
        return obj.data.copy()
    return mesh_of(obj, keep=keep)


def bare_copy(obj: Any, mesh: Any) -> Any:
    """Return a new object with that mesh and the object's material slots, at the origin, where nothing moves it."""
    copy = obj.copy()
    copy.modifiers.clear()
    copy.constraints.clear()
    copy.animation_data_clear()
    copy.data = mesh
    copy.parent = None
    copy.delta_location, copy.delta_rotation_euler, copy.delta_scale = (0, 0, 0), (0, 0, 0), (1, 1, 1)
    copy.delta_rotation_quaternion = (1, 0, 0, 0)
    copy.matrix_basis = Matrix.Identity(4)
    copy.hide_viewport = False
    return copy
