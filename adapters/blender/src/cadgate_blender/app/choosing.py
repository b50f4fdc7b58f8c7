"""Chooses what a request names and a file of its format can hold, records it, and prepares it."""

from __future__ import annotations

import json
from typing import Any

import bpy

from cadgate.appserver import AppError, current, warn
from cadgate_blender.app import file_materials, flattening, preparing, showing, textures, vertex_colours
from cadgate_blender.app.motion import Motion
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import extents, files, normals
from cadgate_blender.app.verification.files import Truth

STILL = ("obj", "stl", "ply")
_HOLLOW = ("MESH", "CURVE", "SURFACE", "FONT", "META")
"""Types of objects that are nothing without points."""


def prepared(chosen: list[Any], format: str, apply: bool, scale: float, up: str) -> tuple[list[str], Truth]:
    """Select what is to be written, changed so that it can be. Return the names of the objects that are in it, and
    what the file must then contain.
    """
    _choose(chosen)
    _tame_names()
    _drop_settings(chosen, format)
    if not apply:
        for modifier in [modifier for obj in chosen for modifier in obj.modifiers]:
            modifier.show_viewport = modifier.show_render = False
    context.view_layer.update()
    found = extents.evaluated(chosen, scale, format)
    chosen = _with_something(chosen, format, found)
    loose = [name for name, shape in found.items() if shape.loose]
    if loose:
        what = "edges and points without a face" if format == "stl" else "points without an edge or a face"
        warn("left_out", f"Files in {format} hold no {what}: those of {preparing.listed(loose)} are not in this one")
    motion = Motion(chosen)
    moving = motion.at_all()
    if moving and format in STILL:
        warn("still", f"A {format} file cannot hold movement: {preparing.listed(moving)} is in it as in this frame")
    keyed = [obj.name for obj in chosen if getattr(obj.data, "shape_keys", None) is not None]
    instanced = any(showing.makes_instances(obj) for obj in chosen)
    meshes = {obj.name for obj in chosen if obj.type == "MESH"}
    before = len(current().warnings)
    chosen = preparing.prepare(chosen, format, motion)
    kept = [obj.name for obj in chosen]
    truth = Truth({name: shape for name, shape in found.items() if name in kept and shape.triangles})
    words = " ".join(each["message"] for each in current().warnings[before:])
    warned = {obj.name for obj in chosen if repr(obj.name) in words}
    truth.excused = set(warned)
    textures.warn_of_missing_uvs(chosen)
    everything = [*chosen, *_instanced(chosen)] if instanced else chosen
    file_materials.fit(everything, format)
    vertex_colours.fit(everything, format)
    normals.warn_of_facets([obj for obj in chosen if obj.name in meshes], format)
    normals.warn_of_keys(chosen, format, motion)
    truth.session = files.Times.of_scene()
    truth.excused |= _otherwise_at_rest(format, motion, moving)
    truth.by_name = not instanced
    if format not in STILL:
        truth.moving = {name for name in moving if motion.moves(name)} - warned
    if format in ("glb", "gltf"):
        truth.keyed = {name for name in keyed if _has_keys(name)} - warned
        truth.names = {obj.name for obj in chosen if obj.type in ("MESH", "EMPTY", "CAMERA", "LIGHT", "ARMATURE")}
    flattening.flatten(chosen, format)
    return kept, truth


def _instanced(chosen: list[Any]) -> list[Any]:
    """Return what these objects show as instances, unless it is chosen itself."""
    known = {obj.name for obj in chosen}
    names = {part.object.original.name for part in showing.parts(chosen) if part.is_instance}
    return [bpy.data.objects[name] for name in sorted(names - known)]


def _otherwise_at_rest(format: str, motion: Motion, moving: list[str]) -> set[str]:
    """Return what moves, if the file at rest differs from the shown frame: its place cannot be compared then."""
    if not motion.frames or format in STILL:
        return set()
    if format in ("glb", "gltf") or has_tracks() or not motion.frames[0] <= motion.now <= motion.frames[-1]:
        return set(moving)
    return {name for name in moving if motion.deforms(name)} if motion.now != motion.frames[0] else set()


def _holds(format: str, obj: Any, found: dict[str, Any]) -> bool:
    """Return whether anything of the object can be in a file of this format."""
    shape = found.get(obj.name)
    if shape is None:
        return format not in STILL and (obj.type not in _HOLLOW or len(obj.children) > 0)
    if shape.triangles:
        return True
    # Only points and lines.
    if format in ("obj", "ply", "glb", "gltf"):
        return obj.type == "MESH" or (format not in STILL and len(obj.children) > 0)
    return format in ("usd", "abc", "fbx") or (format != "stl" and len(obj.children) > 0)


def _has_keys(name: str) -> bool:
    keys = getattr(bpy.data.objects[name].data, "shape_keys", None)
    return keys is not None and len(keys.key_blocks) > 1


def _with_something(chosen: list[Any], format: str, found: dict[str, Any]) -> list[Any]:
    """Leave out objects that should have points but have none, or none that the format can hold."""
    full = [obj for obj in chosen if _holds(format, obj, found)]
    left = [obj.name for obj in chosen if obj not in full]
    if not full:
        raise AppError(
            "degenerate_result",
            f"There is no surface to export as {format}: {preparing.listed(left)} has no faces in this scene (text of "
            "spaces, an empty mesh, points and lines alone, modifiers that leave nothing); add some, or name other "
            "objects",
            {"objects": left},
        )
    if left:
        warn("left_out", f"What has no surface in this scene is not in the file: {preparing.listed(left)}")
        for obj in [each for each in chosen if each.name in left]:
            obj.select_set(False)
    return full


def _choose(chosen: list[Any]) -> None:
    """Select exactly these, and make them visible: exporters leave out anything else."""
    scene, layer = context.scene, context.view_layer
    bpy.ops.object.select_all(action="DESELECT")
    # Looking up one by name, or asking whether it is visible, costs a walk over all.
    known = set(layer.objects.keys())
    for obj in chosen:
        if obj.name not in known:
            scene.collection.objects.link(obj)
        for switch in ("hide_viewport", "hide_render", "hide_select"):
            if getattr(obj, switch):
                setattr(obj, switch, False)
    layer.update()
    for obj in chosen:
        if obj.hide_get():
            obj.hide_set(False)
        obj.select_set(True)
    visible = {obj.name for obj in context.visible_objects}
    for obj in [each for each in chosen if each.name not in visible]:
        scene.collection.objects.link(obj)
        obj.select_set(True)
    if chosen:
        layer.objects.active = chosen[0]


def _tame_names() -> None:
    """Make the names of images safe as file names: exporters write some of them unchanged, including `../`."""
    for image in bpy.data.images:
        if any(each in image.name for each in "/\\\0") or image.name.startswith("."):
            image.name = bpy.path.clean_name(image.name)


def _drop_settings(chosen: list[Any], format: str) -> None:
    """Remove custom properties that are settings of Cycles. FBX gets groups of values as JSON text, because Blender
    would write their addresses in memory.
    """
    for block in {*chosen, *(obj.data for obj in chosen if obj.data is not None), *bpy.data.materials}:
        for name, value in list(block.items()):
            if name.startswith("cycles"):
                del block[name]
            elif format == "fbx" and hasattr(value, "to_dict"):
                block[name] = json.dumps(value.to_dict(), default=str, sort_keys=True)


def has_tracks() -> bool:
    """Return whether anything has several movements to choose from."""
    blocks = [*bpy.data.objects, *bpy.data.shape_keys]
    return any(block.animation_data is not None and len(block.animation_data.nla_tracks) for block in blocks)
