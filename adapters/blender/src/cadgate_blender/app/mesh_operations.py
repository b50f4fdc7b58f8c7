"""Operations that change how a mesh is stored and shaded, but not its shape: shading, separating, transforms."""

from __future__ import annotations

import math
from typing import Any, cast

import bpy
import numpy
from mathutils import Matrix, Vector

from cadgate.appserver import AppError, about_to_change, alone, method, warn
from cadgate_blender.app import limits, own_normals, removal, versions
from cadgate_blender.app.describe import world_matrix
from cadgate_blender.app.modifiers import find_mesh
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.staging import stage
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification.unchanged import check_same, shape

# --- shading -----------------------------------------------------------------------------------------------------


@method("objects.shade")
@precise()
def shade(*, name: str, mode: str, angle: float) -> dict[str, Any]:
    """Shade the whole mesh smooth or flat, or smooth except at edges sharper than `angle` (degrees)."""
    obj = find_mesh(name)
    mesh = obj.data
    about_to_change(lambda: index.described(obj)["revision"])
    if mesh.has_custom_normals:
        versions.clear_custom_normals(mesh)
        warn("custom_normals", f"The custom normals of {name!r} were removed: they would hide the shading")
    sharp = mesh.attributes.get("sharp_edge")
    if sharp is not None:
        mesh.attributes.remove(sharp)
    if mode == "flat":
        mesh.shade_flat()
    else:
        mesh.shade_smooth()
        if mode == "auto":
            mesh.set_sharp_from_angle(angle=math.radians(angle))
    mesh.update()
    flags = [False] * len(mesh.polygons)
    mesh.polygons.foreach_get("use_smooth", flags)
    if any(flag == (mode == "flat") for flag in flags):
        raise AppError("command_failed", f"Blender did not shade all faces of {name!r}")
    return _changed(obj)


def _changed(obj: Any) -> dict[str, Any]:
    """Return the ObjectInfo of a changed object, and report those that share its mesh."""
    described = index.changed(obj)
    if obj.data is not None and obj.data.users > 1:
        for each in bpy.data.objects:
            if each.data == obj.data and each != obj:
                index.changed(each, same_mesh=True)
    return described


# --- separating ----------------------------------------------------------------------------------------


@method("objects.separate")
def separate(*, name: str, by: str) -> dict[str, Any]:
    """Make an object of each connected part of a mesh, or of each material's faces."""
    obj = find_mesh(name)
    if obj.data.shape_keys is not None:
        raise AppError("conflict", f"{name!r} has shape keys, so it cannot be separated")
    before, frame = shape([(obj.data, Matrix.Identity(4))]), world_matrix(obj).copy()
    known, collections = set(bpy.data.objects), list(obj.users_collection)
    about_to_change(lambda: index.described(obj)["revision"])
    _own_mesh(obj)
    carried = own_normals.carry([obj.data], [False])
    hidden, obj.hide_viewport = obj.hide_viewport, False
    with stage([obj]) as staged, alone(), context.temp_override(**staged, active_object=obj, object=obj):
        bpy.ops.mesh.separate(type=cast("Any", by.upper()))
    obj.hide_viewport = hidden
    parts = sorted((each for each in bpy.data.objects if each not in known), key=lambda each: each.name)
    limits.check("The number of objects", len(known) + len(parts), "max_objects")
    for part in parts:
        part.hide_viewport = hidden
        for collection in collections:
            if collection not in list(part.users_collection):
                collection.objects.link(part)
    everything = [obj, *parts]
    for part in everything if carried else ():
        own_normals.put_back(part.data)
    after = shape([(each.data, Matrix.Identity(4)) for each in everything])
    # Faces of different materials share vertices, which both parts then have.
    check_same("separation", before, after if by == "loose" else after._replace(vertices=before.vertices))
    for each in parts:
        if max(abs(a - b) for one, other in zip(world_matrix(each), frame) for a, b in zip(one, other)) > 1e-5:
            raise AppError("command_failed", f"Blender moved the part {each.name!r}; the change was undone")
    if not parts:
        warn("no_effect", f"{name!r} is already a single part: nothing was separated")
    return {"objects": [index.changed(obj), *(index.created(part) for part in parts)]}


# --- transforms and origins ----------------------------------------------------------------------------------------


@method("objects.apply")
def apply(*, name: str, location: bool, rotation: bool, scale: bool) -> dict[str, Any]:
    """Apply location, rotation and scale to the mesh: the object looks as before, with none of its own."""
    obj = find_mesh(name)
    parts = {"location": location, "rotation": rotation, "scale": scale}
    _refuse_animated(obj, [part for part, wanted in parts.items() if wanted])

    def reset(each: Any) -> None:
        if location:
            each.location = each.delta_location = (0, 0, 0)
        if rotation:
            each.rotation_mode = "XYZ"
            each.rotation_euler = each.delta_rotation_euler = (0, 0, 0)
            each.delta_rotation_quaternion = (1, 0, 0, 0)
        if scale:
            each.scale = each.delta_scale = (1, 1, 1)

    trial = obj.copy()
    reset(trial)
    kept = trial.matrix_basis.copy()
    removal.remove_unlinked(trial)
    if abs(kept.determinant()) < 1e-30:
        raise AppError("validation_error", f"{name!r} has a scale of 0 along an axis: apply the scale too, or set it")
    about_to_change(lambda: index.described(obj)["revision"], anything=any(parts.values()))
    if not any(parts.values()):
        return index.describe(obj)

    _shift(obj, kept.inverted() @ obj.matrix_basis, reset, "transform")
    return _changed(obj)


def _refuse_animated(obj: Any, parts: list[str]) -> None:
    animation = obj.animation_data
    if animation is None:
        return
    curves = [*versions.curves_of(animation), *animation.drivers]
    held = sorted({part for part in parts for curve in curves if curve.data_path.startswith(part)})
    if held:
        raise AppError(
            "conflict",
            f"{', '.join(held)} of {obj.name!r} {'are' if len(held) > 1 else 'is'} animated: the next frame would set "
            "it again. Remove its keyframes first, or leave it out",
            {"object": obj.name, "animated": held},
        )


def _shift(obj: Any, turn: Any, reset: Any, what: str) -> None:
    """Transform an object's mesh by `turn`, let `reset` change the object to match, and check that nothing moved."""
    before = shape([(obj.data, world_matrix(obj))])
    shown = _shown(obj)
    _own_mesh(obj)
    own_normals.transform(obj.data, turn)
    reset(obj)
    for child in obj.children:
        if child.parent_type == "OBJECT":
            child.matrix_parent_inverse = turn @ child.matrix_parent_inverse
    check_same(what, before, shape([(obj.data, world_matrix(obj))]))
    now = _shown(obj)
    if shown is None:
        return
    if now is None or max(abs(a - b) for a, b in zip(shown, now)) > 1e-4 * max(1e-9, *map(abs, shown)):
        warn(
            "modifiers_differ",
            f"The modifiers of {obj.name!r} work in its own frame, which has changed: their result looks different",
        )


def _shown(obj: Any) -> list[float] | None:
    """Return the box in the world of the mesh with its modifiers; None without modifiers."""
    if not len(obj.modifiers):
        return None
    evaluated = obj.evaluated_get(context.evaluated_depsgraph_get())
    corners = [evaluated.matrix_world @ Vector(corner) for corner in evaluated.bound_box]
    return [pick(corner[axis] for corner in corners) for pick in (min, max) for axis in range(3)]


def _own_mesh(obj: Any) -> None:
    """Copy a mesh that other objects share, so that those stay as they are."""
    if obj.data.users - int(obj.data.use_fake_user) > 1:
        obj.data = obj.data.copy()
        warn("single_user", f"Other objects share the mesh of {obj.name!r}: it now has its own copy")


@method("objects.origin")
def origin(*, name: str, to: str | list[float]) -> dict[str, Any]:
    """Move the object's origin; its appearance does not change."""
    obj = find_mesh(name)
    _refuse_animated(obj, ["location"])
    frame = world_matrix(obj)
    if not isinstance(to, str):
        if abs(frame.determinant()) < 1e-30:
            raise AppError("validation_error", f"{name!r} has a scale of 0 along an axis: set another scale first")
        place = frame.inverted() @ Vector(to)
    elif not len(obj.data.vertices):
        raise AppError("validation_error", f"{name!r} has no vertices: send a point, [x, y, z]")
    else:
        place = _middle(obj.data, to)
    about_to_change(lambda: index.described(obj)["revision"])
    step = obj.matrix_basis.to_3x3() @ place

    def reset(each: Any) -> None:
        each.location = Vector(each.location) + step

    _shift(obj, Matrix.Translation(-place), reset, "origin")
    return _changed(obj)


def _middle(mesh: Any, to: str) -> Any:
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    points = points.reshape(-1, 3).astype(numpy.float64)
    middle = points.mean(axis=0) if to == "geometry" else (points.min(axis=0) + points.max(axis=0)) / 2
    return Vector(middle.tolist())
