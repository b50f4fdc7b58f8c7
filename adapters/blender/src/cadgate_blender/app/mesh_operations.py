"""What changes how a mesh is kept and shaded, and not its shape: shading, joining, separating, transforms, origins."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import Any, Generator, Sequence, cast

import bpy
import numpy
from mathutils import Matrix, Vector

from cadgate.appserver import AppError, about_to_change, method, name_taken, warn
from cadgate_blender.app import limits, names, probe, versions
from cadgate_blender.app.describe import world_matrix
from cadgate_blender.app.modifiers import find_mesh, replace_mesh
from cadgate_blender.app.objects import remove
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification.unchanged import check_same, shape

# --- shading -----------------------------------------------------------------------------------------------------


@method("objects.shade")
@precise()
def shade(*, name: str, mode: str, angle: float) -> dict[str, Any]:
    """Shade the whole mesh smooth or flat, or smooth but at edges sharper than `angle` (degrees)."""
    obj = find_mesh(name)
    mesh = obj.data
    about_to_change(index.described(obj)["revision"])
    if mesh.has_custom_normals:
        versions.clear_custom_normals(mesh)
        warn("custom_normals", f"The normals that {name!r} had of its own are gone: they would hide the shading")
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
    """The ObjectInfo of a changed object; those that share its mesh changed too."""
    described = index.changed(obj)
    if obj.data is not None and obj.data.users > 1:
        for each in bpy.data.objects:
            if each.data == obj.data and each != obj:
                index.changed(each, same_mesh=True)
    return described


# --- joining and separating ----------------------------------------------------------------------------------------


@method("objects.join")
def join(*, objects: list[str], name: str | None, on_conflict: str) -> dict[str, Any]:
    """Make one mesh of several, the modifiers of all applied, in the frame of the first, which stays."""
    chosen = [find_mesh(each) for each in objects]
    first = chosen[0]
    for obj in chosen:
        if obj.data.shape_keys is not None:
            raise AppError("conflict", f"{obj.name!r} has shape keys, and those cannot be joined", {"object": obj.name})
    new_name = first.name if name is None else name
    taken = new_name not in objects and names.has_object(new_name)
    names.check_free("object", name, taken, on_conflict)
    frames = [world_matrix(obj).copy() for obj in chosen]
    if abs(frames[0].determinant()) < 1e-30:
        raise AppError(
            "validation_error", f"{first.name!r} has a scale of 0 along an axis, so nothing can be brought into it"
        )
    meshes = [probe.copy_of_mesh(obj, keep=lambda modifier: modifier.show_viewport) for obj in chosen]
    try:
        before = shape(list(zip(meshes, frames)))
        limits.check("The number of vertices of the result", before.vertices, "max_vertices")
        about_to_change(index.described(first)["revision"])
    except BaseException:
        for mesh in meshes:
            bpy.data.meshes.remove(mesh)
        raise
    joined = _joined(chosen, meshes, frames)
    check_same("join", before, shape([(joined, frames[0])]))
    first.modifiers.clear()
    replace_mesh(first, joined)
    for obj in chosen[1:]:
        remove(obj)
    former = first.name
    if new_name != former:
        if taken and on_conflict == "replace":
            remove(names.find_object(new_name))
        first.name = new_name
        if first.name != new_name and on_conflict != "rename":
            raise name_taken("object", new_name)
    return index.changed(first, former=former)


def _joined(chosen: list[Any], meshes: list[Any], frames: list[Any]) -> Any:
    """One mesh of all: Blender's operator on copies, which merges materials, UV maps, groups and attributes by name."""
    copies: list[Any] = []
    back = frames[0].inverted()
    for obj, mesh, frame in zip(chosen, meshes, frames):
        if obj != chosen[0]:
            turn = back @ frame
            mesh.transform(turn)
            if turn.determinant() < 0:
                mesh.flip_normals()
        copy = probe.bare_copy(obj, mesh)
        for number, slot in enumerate(copy.material_slots):
            if slot.link == "OBJECT":
                mesh.materials[number] = slot.material
                slot.link = "DATA"
        copies.append(copy)
    with _stage(copies) as staged, context.temp_override(**staged, active_object=copies[0], object=copies[0]):
        bpy.ops.object.join()
    bpy.data.objects.remove(copies[0])
    return meshes[0]


@contextmanager
def _stage(objects: Sequence[Any]) -> Generator[dict[str, Any], None, None]:
    """A scene with only these objects: operators cost what they cost there."""
    scene = bpy.data.scenes.new("cadgate stage")
    try:
        for obj in objects:
            scene.collection.objects.link(obj)
        layer = scene.view_layers[0]
        layer.update()
        yield {
            "scene": scene,
            "view_layer": layer,
            "selected_objects": list(objects),
            "selected_editable_objects": list(objects),
        }
    finally:
        bpy.data.scenes.remove(scene)


@method("objects.separate")
def separate(*, name: str, by: str) -> dict[str, Any]:
    """Make an object of each part of a mesh that hangs together, or of each material's faces."""
    obj = find_mesh(name)
    if obj.data.shape_keys is not None:
        raise AppError("conflict", f"{name!r} has shape keys, and cannot be separated")
    before, frame = shape([(obj.data, Matrix.Identity(4))]), world_matrix(obj).copy()
    known, collections = set(bpy.data.objects), list(obj.users_collection)
    about_to_change(index.described(obj)["revision"])
    _own_mesh(obj)
    hidden, obj.hide_viewport = obj.hide_viewport, False
    with _stage([obj]) as staged, context.temp_override(**staged, active_object=obj, object=obj):
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
    after = shape([(each.data, Matrix.Identity(4)) for each in everything])
    # Faces of another material share vertices, which both parts have then.
    check_same("separation", before, after if by == "loose" else after._replace(vertices=before.vertices))
    for each in parts:
        if max(abs(a - b) for one, other in zip(world_matrix(each), frame) for a, b in zip(one, other)) > 1e-5:
            raise AppError("command_failed", f"Blender moved the part {each.name!r}; it was taken back")
    if not parts:
        warn("no_effect", f"{name!r} is one part already: nothing was separated")
    return {"objects": [index.changed(obj), *(index.created(part) for part in parts)]}


# --- transforms and origins ----------------------------------------------------------------------------------------


@method("objects.apply")
def apply(*, name: str, location: bool, rotation: bool, scale: bool) -> dict[str, Any]:
    """Move location, rotation and scale into the mesh: the object looks as before, and has none of its own."""
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
    bpy.data.objects.remove(trial)
    if abs(kept.determinant()) < 1e-30:
        raise AppError("validation_error", f"{name!r} has a scale of 0 along an axis: apply the scale too, or set it")
    about_to_change(index.described(obj)["revision"], anything=any(parts.values()))
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
    """Transform an object's mesh by `turn`, let `reset` change the object to match, and see that nothing moved."""
    before = shape([(obj.data, world_matrix(obj))])
    shown = _shown(obj)
    _own_mesh(obj)
    obj.data.transform(turn, shape_keys=True)
    if turn.determinant() < 0:
        obj.data.flip_normals()
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
            f"The modifiers of {obj.name!r} work in its own frame, which is another one now: what they make looks "
            "different",
        )


def _shown(obj: Any) -> list[float] | None:
    """The box in the world of what the modifiers make of the mesh; None without modifiers."""
    if not len(obj.modifiers):
        return None
    evaluated = obj.evaluated_get(context.evaluated_depsgraph_get())
    corners = [evaluated.matrix_world @ Vector(corner) for corner in evaluated.bound_box]
    return [pick(corner[axis] for corner in corners) for pick in (min, max) for axis in range(3)]


def _own_mesh(obj: Any) -> None:
    """Copy a mesh that other objects use too: those stay as they are."""
    if obj.data.users - int(obj.data.use_fake_user) > 1:
        obj.data = obj.data.copy()
        warn("single_user", f"Other objects share the mesh of {obj.name!r}: it has a copy of its own now")


@method("objects.origin")
def origin(*, name: str, to: str | list[float]) -> dict[str, Any]:
    """Put the object's origin elsewhere; what it shows stays where it is."""
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
    about_to_change(index.described(obj)["revision"])
    step = obj.matrix_basis.to_3x3() @ place

    def reset(each: Any) -> None:
        each.location = Vector(each.location) + step

    _shift(obj, Matrix.Translation(-place), reset, "origin")
    return _changed(obj)


def _middle(mesh: Any, to: str) -> Any:
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    points = points.reshape(-1, 3).astype(numpy.float64)
    return Vector(points.mean(axis=0) if to == "geometry" else (points.min(axis=0) + points.max(axis=0)) / 2)
