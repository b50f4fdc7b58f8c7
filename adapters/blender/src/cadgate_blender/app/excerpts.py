"""Saves some objects of a session, with what they depend on, in a separate file, so that the rest need not be read."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import aside, removal, scene_copies, snapshots
from cadgate_blender.app.typed import context, open_library

_WORTH = 50
"""The number of other objects up to which it is not worthwhile."""

_SETTINGS: dict[str, tuple[str, ...]] = {
    "": ("name", "frame_start", "frame_end", "frame_step"),
    "render": (
        *("engine", "fps", "fps_base", "resolution_x", "resolution_y", "resolution_percentage"),
        *("pixel_aspect_x", "pixel_aspect_y"),
    ),
    "unit_settings": (
        *("system", "system_rotation", "scale_length", "length_unit", "mass_unit", "time_unit", "temperature_unit"),
        "use_separate",
    ),
}
"""The settings of a scene that exporters use."""


def save(path: str, chosen: list[Any]) -> dict[str, Any] | None:
    """Write objects and what they depend on to `path`. Returns what `load` needs in addition; None, without writing
    anything, if they depend on what such a file cannot contain.
    """
    scene = context.scene
    if len(bpy.data.objects) <= len(chosen) + _WORTH or not _is_simple(scene):
        return None
    needed = _needed(chosen)
    if needed is None or len(bpy.data.objects) <= len(needed) + _WORTH:
        return None
    snapshots.settle_images()
    blocks: set[Any] = {*needed, *([scene.world] if scene.world is not None else [])}
    bpy.data.libraries.write(path, blocks, fake_user=True)
    noted: dict[str, Any] = {
        part: {field: getattr(getattr(scene, part) if part else scene, field) for field in fields}
        for part, fields in _SETTINGS.items()
    }
    # Use the scene's order, in which exporters write them; then what only others refer to.
    standing = [obj for obj in scene.objects if obj in needed]
    names = [obj.name for obj in standing] + sorted(obj.name for obj in needed.difference(standing))
    return {"settings": noted, "frame": [scene.frame_current, scene.frame_subframe], "objects": names}


def save_pictured(path: str, chosen: list[Any], camera: Any) -> bool:
    """Write a session to `path` with only these objects, what they depend on, the lights and the camera, in a scene
    with all settings. Returns whether that was possible. It is read like any other session.
    """
    scene = context.scene
    if len(bpy.data.objects) <= len(chosen) + _WORTH or not scene_copies.can_copy(scene):
        return False
    shown = {*chosen, *scene_copies.shining(scene), *([] if camera is None else [camera])}
    needed = _needed(list(shown))
    if needed is None or len(bpy.data.objects) <= len(needed) + _WORTH or any(_is_lit_apart(obj) for obj in shown):
        return False
    snapshots.settle_images()
    copy = scene_copies.empty_copy(scene)
    if copy is None:
        return False
    try:
        # Sort by name, whatever the order of the request, so that pictures of the same objects are the same.
        for obj in sorted(shown, key=lambda each: each.name):
            copy.collection.objects.link(obj)
        bpy.data.libraries.write(path, {copy}, fake_user=True)
    finally:
        removal.remove_scene(copy)
    return True


def load(path: str, noted: dict[str, Any]) -> None:
    """Replace a worker's session by what `save` wrote."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with open_library(path, link=False) as (source, taken):
        taken.objects, taken.worlds = source.objects, source.worlds
    for library in list(bpy.data.libraries):
        bpy.data.libraries.remove(library)
    scene = context.scene
    scene.world = next(iter(taken.worlds), None)
    for part, fields in noted["settings"].items():
        for field, value in fields.items():
            setattr(getattr(scene, part) if part else scene, field, value)
    # There may be more objects: those that a material, a lens or a property names.
    if not set(noted["objects"]) <= {obj.name for obj in bpy.data.objects}:
        raise AppError("command_failed", "Blender did not write the chosen objects with what they depend on")
    for name in noted["objects"]:
        scene.collection.objects.link(bpy.data.objects[name])
    scene.frame_set(noted["frame"][0], subframe=noted["frame"][1])


def _is_simple(scene: Any) -> bool:
    """Return whether objects and exporters use only the settings above."""
    return (
        len(bpy.data.scenes) == 1
        and scene.animation_data is None
        and scene.rigidbody_world is None
        and not scene.render.use_simplify
        and not len(scene.timeline_markers)
        # These are settings of Cycles.
        and all(name.startswith("cycles") for name, _ in scene.items())
    )


def _needed(chosen: list[Any]) -> set[Any] | None:
    """Return these objects, their parents and those named by their modifiers; None if one depends on anything else."""
    found: set[Any] = set()
    pending = list(chosen)
    while pending:
        obj = pending.pop()
        if obj in found:
            continue
        if not _depends_on_little(obj):
            return None
        found.add(obj)
        pending += [each for each in (obj.parent, *_named(obj)) if each is not None]
    return found


def _named(obj: Any) -> list[Any]:
    fields = ("object", "mirror_object", "offset_object", "start_cap", "end_cap", "curve")
    named = [getattr(modifier, field, None) for modifier in obj.modifiers for field in fields]
    if obj.type in _CURVES:
        named += [getattr(obj.data, field) for field in ("bevel_object", "taper_object", "follow_curve")]
    return named


_CURVES = ("CURVE", "SURFACE", "FONT")


def _is_lit_apart(obj: Any) -> bool:
    """Return whether collections restrict which objects lights shine on, or which ones block them."""
    linking = getattr(obj, "light_linking", None)
    return linking is not None and not (linking.receiver_collection is None and linking.blocker_collection is None)


def _depends_on_little(obj: Any) -> bool:
    data = obj.data
    blocks = (obj, data, getattr(data, "shape_keys", None), *(slot.material for slot in obj.material_slots))
    return (
        obj.type in ("MESH", "EMPTY", "CAMERA", "LIGHT", *_CURVES)
        and obj.instance_type == "NONE"
        and obj.library is None
        and obj.override_library is None
        and obj.rigid_body is None
        and not len(obj.constraints)
        and not len(obj.particle_systems)
        and obj.parent_type == "OBJECT"
        and all(modifier.type in aside.PLAIN for modifier in obj.modifiers)
        and all(getattr(modifier, "operand_type", "OBJECT") == "OBJECT" for modifier in obj.modifiers)
        # Without points, it is only its children that show something.
        and (obj.type != "MESH" or len(data.vertices) > 0)
        and (obj.type not in _CURVES or bool(getattr(data, "body", "")) or len(data.splines) > 0)
        and not any(_is_driven(block) for block in blocks if block is not None)
    )


def _is_driven(block: Any) -> bool:
    tree = getattr(block, "node_tree", None)
    return any(
        animation is not None and len(animation.drivers) > 0
        for animation in (getattr(each, "animation_data", None) for each in (block, tree))
    )
