"""Joining meshes: one object gets the meshes of several, and the others are gone."""

from __future__ import annotations

from typing import Any, Iterable, Sequence

import bpy

from cadgate.appserver import AppError, about_to_change, alone, method, name_taken, warn
from cadgate_blender.app import limits, names, own_normals, probe, versions
from cadgate_blender.app.describe import is_visible, placed_plainly, world_matrix
from cadgate_blender.app.modifiers import find_mesh, replace_mesh
from cadgate_blender.app.objects import check_unparent, remove
from cadgate_blender.app.removal import remove_trial, remove_unlinked
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.staging import stage
from cadgate_blender.app.verification.joined import Part, check_joined, expected_normals, part_of, warn_of_normals
from cadgate_blender.app.verification.unchanged import check_same, shape

_UV_MAPS = 8
"""What Blender keeps of them in a mesh."""


@method("objects.join")
def join(*, objects: list[str], name: str | None, on_conflict: str) -> dict[str, Any]:
    """Make one mesh of several, the modifiers of all applied, in the frame of the first, which stays."""
    chosen = [find_mesh(each) for each in objects]
    first, others = chosen[0], chosen[1:]
    for obj in chosen:
        if obj.data.shape_keys is not None:
            raise AppError("conflict", f"{obj.name!r} has shape keys, and those cannot be joined", {"object": obj.name})
    new_name = first.name if name is None else name
    taken = new_name not in objects and names.has_object(new_name)
    names.check_free("object", name, taken, on_conflict)
    replaced = [names.find_object(new_name)] if taken and on_conflict == "replace" else []
    gone = [*others, *replaced]
    for child in [child for obj in gone for child in obj.children if child not in chosen and child not in replaced]:
        check_unparent(child)
    frames = [world_matrix(obj).copy() for obj in chosen]
    if abs(frames[0].determinant()) < 1e-30:
        raise AppError(
            "validation_error",
            f"{first.name!r} has a scale of 0 along an axis, so nothing can be brought into it: set another scale, or "
            "name another object first",
            {"object": first.name},
        )
    meshes: list[Any] = []
    try:
        meshes += [probe.copy_of_mesh(obj, keep=lambda modifier: modifier.show_viewport) for obj in chosen]
        before = shape(list(zip(meshes, frames)))
        limits.check("The number of vertices of the result", before.vertices, "max_vertices")
        about_to_change(lambda: index.described(first)["revision"])
    except BaseException:
        for mesh in meshes:
            remove_trial(mesh)
        raise
    _warn_of_losses(chosen, gone)
    parts = _bring_together(chosen, meshes, frames)
    joined = _joined(chosen, meshes)
    check_joined([obj.name for obj in chosen], parts, joined)
    first.modifiers.clear()
    replace_mesh(first, joined)
    for obj in gone:
        remove(obj)
    check_same("join", before, shape([(first.data, world_matrix(first))]))
    former = first.name
    if new_name != former:
        versions.rename(first, new_name)
        if first.name != new_name and on_conflict != "rename":
            raise name_taken("object", new_name)
    return index.changed(first, former=former)


# --- the mesh ------------------------------------------------------------------------------------------------------


def _bring_together(chosen: Sequence[Any], meshes: Sequence[Any], frames: Sequence[Any]) -> list[Part]:
    """Transform the meshes into the frame of the first, and rename or drop what would be lost. Returns what they are.

    Blender merges what has one name, and keeps only one of two attributes that are of different kinds.
    """
    back = frames[0].inverted()
    kinds: dict[str, tuple[str, str]] = {}
    maps: set[str] = set()
    for number, (obj, mesh, frame) in enumerate(zip(chosen, meshes, frames)):
        if number:
            turn = back @ frame
            normals = expected_normals(mesh, turn)
            own_normals.transform(mesh, turn)
            warn_of_normals(obj.name, normals, mesh)
        # An object's slots may hold other materials than its mesh.
        for slot_number, slot in enumerate(obj.material_slots):
            if slot.link == "OBJECT":
                mesh.materials[slot_number] = slot.material
        _rename_attributes(obj, mesh, kinds)
        _drop_uv_maps(obj, mesh, maps)
    _warn_of_active_maps(chosen, meshes)
    return [part_of(mesh) for mesh in meshes]


def _rename_attributes(obj: Any, mesh: Any, kinds: dict[str, tuple[str, str]]) -> None:
    own = [each.name for each in mesh.attributes if not each.is_internal and not each.is_required]
    for name in own:
        attribute = mesh.attributes[name]
        kind = (attribute.data_type, attribute.domain)
        if kinds.setdefault(name, kind) == kind:
            continue
        free = next(new for new in (f"{name}.{n:03}" for n in range(1, 1000)) if new not in kinds and new not in own)
        attribute.name = free
        kinds[free] = kind
        warn(
            "renamed",
            f"The attribute {name!r} of {obj.name!r} is of another kind than that of the objects before it: in the "
            f"joined mesh it is {free!r}",
        )


def _drop_uv_maps(obj: Any, mesh: Any, maps: set[str]) -> None:
    for name in [layer.name for layer in mesh.uv_layers]:
        if name in maps or len(maps) < _UV_MAPS:
            maps.add(name)
            continue
        mesh.uv_layers.remove(mesh.uv_layers[name])
        warn("left_out", f"The UV map {name!r} of {obj.name!r} was left out: Blender keeps {_UV_MAPS} in a mesh")


def _warn_of_active_maps(chosen: Sequence[Any], meshes: Sequence[Any]) -> None:
    """Pictures are placed by one map of a mesh, which is empty for those whose map is called otherwise."""
    active = [next((layer.name for layer in mesh.uv_layers if layer.active_render), None) for mesh in meshes]
    leading = next((name for name in active if name is not None), None)
    apart = [f"{obj.name!r} ({name})" for obj, name in zip(chosen, active) if name not in (None, leading)]
    if apart:
        warn(
            "uv_maps_differ",
            f"Pictures are placed by the UV map {leading!r} in the joined mesh, and the UV maps of {', '.join(apart)} "
            "are called otherwise: there pictures are not seen as before. Give the UV maps one name and join again",
        )


def _joined(chosen: Sequence[Any], meshes: Sequence[Any]) -> Any:
    """The first mesh, with all others in it: Blender's operator on copies, which merges groups and attributes by name.

    The other meshes are gone then.
    """
    if any(len(mesh.materials) for mesh in meshes):
        for mesh in meshes:
            # Blender 4.2 and 5.0 give faces of a mesh without slots a material of the others.
            if not len(mesh.materials):
                mesh.materials.append(None)
    copies = [probe.bare_copy(obj, mesh) for obj, mesh in zip(chosen, meshes)]
    for copy in copies:
        for slot in copy.material_slots:
            slot.link = "DATA"
    overridden = {"active_object": copies[0], "object": copies[0]}
    with stage(copies) as context, alone(), bpy.context.temp_override(**context, **overridden):
        bpy.ops.object.join()
    remove_unlinked(copies[0])
    for mesh in meshes[1:]:
        # The operator deletes the objects alone.
        remove_trial(mesh)
    return meshes[0]


# --- what the others had besides a mesh ----------------------------------------------------------------------------


def _warn_of_losses(chosen: Sequence[Any], gone: Sequence[Any]) -> None:
    first = chosen[0]
    for obj in chosen:
        lost = [
            f"the modifier {each.name!r}, which is switched off" for each in obj.modifiers if not each.show_viewport
        ]
        if obj != first:
            lost += _lost_of(obj, first, chosen)
        if lost:
            warn("left_out", f"{first.name!r} does not get from {obj.name!r}: {', '.join(lost)}")
    names_of_gone = {obj.name for obj in gone}
    for block in _referring(first, gone):
        warn(
            "reference_lost",
            f"{block.name!r} refers to an object that is gone now, one of {sorted(names_of_gone)!r}: let it refer to "
            f"{first.name!r} instead",
        )


def _lost_of(obj: Any, first: Any, chosen: Sequence[Any]) -> list[str]:
    data, parent = obj.data, obj.parent
    animated = obj.animation_data is not None or data.animation_data is not None
    return [
        *(["its animation"] if animated else []),
        *([] if animated or placed_plainly(obj) else ["what moves it: its constraints, or those of its parents"]),
        *([] if parent is None or parent in (*chosen, first.parent) else [f"the parent {parent.name!r}"]),
        *(["that it is visible"] if is_visible(obj) and not is_visible(first) else []),
        *(["its custom properties"] if len(obj.keys()) else []),
        *(["its particle systems"] if len(obj.particle_systems) else []),
    ]


def _referring(first: Any, gone: Sequence[Any]) -> Iterable[Any]:
    """Data-blocks that stay and refer to one that goes, by more than that it is their parent or in their collection."""
    users = {user for found in bpy.data.user_map(subset=list(gone)).values() for user in found}
    for block in sorted(users, key=lambda each: each.name):
        if block in gone or isinstance(block, bpy.types.Collection):
            continue
        if isinstance(block, bpy.types.Object):
            parts = [*block.constraints, *([] if block == first else block.modifiers)]
            if any(_points_to(part, gone) for part in parts):
                yield block
        elif not isinstance(block, bpy.types.Scene) or block.camera in gone:
            yield block


def _points_to(part: Any, gone: Sequence[Any]) -> bool:
    pointers = [prop.identifier for prop in part.bl_rna.properties if prop.type == "POINTER"]
    return any(getattr(part, pointer, None) in gone for pointer in pointers)
