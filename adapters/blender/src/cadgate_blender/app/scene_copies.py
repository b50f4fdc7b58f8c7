"""Copies the settings of a scene without its objects, for a picture of some of them."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

from cadgate_blender.app import removal, versions

_DEPTH = 3
_NOT_PICTURED = {
    # Common to all data-blocks; only for editing; or checked by `can_copy`.
    *("rna_type", "camera", "collection", "view_layers", "tool_settings", "cursor", "bake", "ffmpeg", "hydra"),
    *("animation_data", "node_tree", "sequence_editor", "rigidbody_world", "use_nodes", "grease_pencil", "active_clip"),
    *("layer_collection", "active_layer_collection", "depsgraph", "freestyle_settings", "curve_mapping", "cage_object"),
    *("selected_studio_light", "motion_blur_shutter_curve", "compositing_node_group", "wireframe_color_type"),
}


def can_copy(scene: Any) -> bool:
    """Return whether `empty_copy` copies everything in the scene that a picture of an object depends on."""
    strips = getattr(scene, "sequence_editor", None)
    return (
        len(bpy.data.scenes) == 1
        and len(scene.view_layers) == 1
        and scene.animation_data is None
        and scene.rigidbody_world is None
        and scene.background_set is None
        and not versions.composites(scene)
        and (strips is None or not len(versions.strips_of(strips)))
        and not scene.render.use_freestyle
        and not scene.render.use_motion_blur
        and not scene.render.use_multiview
        and not scene.view_settings.use_curve_mapping
        and not any(name not in ("cycles", "cycles_curves") for name, _ in scene.items())
        and not _is_driven(scene.world)
        # Their cameras alternate.
        and not len(scene.timeline_markers)
        and not any(each.holdout or each.indirect_only for each in _layers(scene))
    )


def empty_copy(scene: Any) -> Any:
    """Return the scene's copy, which the caller removes; None, leaving nothing, if a setting cannot be copied."""
    copy = bpy.data.scenes.new("cadgate excerpt")
    pairs = [(scene, copy), (scene.view_layers[0], copy.view_layers[0])]
    # The choices of some values depend on others: what is refused at first is accepted once these are set.
    for _ in range(3):
        differed = [_copy(source, target, _DEPTH) for source, target in pairs]
        if not any(differed):
            return copy
    removal.remove_scene(copy)
    return None


def shining(scene: Any) -> list[Any]:
    """Return the lights of a scene that its pictures show."""
    lights = [obj for obj in scene.objects if obj.type == "LIGHT" and not obj.hide_render]
    if not lights or not len(scene.collection.children):
        return lights
    shown = {
        obj.name
        for layer in _layers(scene, of_pictures=True)
        for obj in layer.collection.objects
        if obj.type == "LIGHT"
    }
    return [light for light in lights if light.name in shown]


def _layers(scene: Any, *, of_pictures: bool = False) -> Iterator[Any]:
    pending = [scene.view_layers[0].layer_collection]
    while pending:
        layer = pending.pop()
        if not of_pictures or not (layer.exclude or layer.collection.hide_render):
            yield layer
        # Excluding a collection does not exclude its children; not rendering it always applies to them.
        if not of_pictures or not layer.collection.hide_render:
            pending += layer.children


def _copy(source: Any, target: Any, depth: int) -> bool:
    """Copy settings; return whether anything differed."""
    differed = False
    for prop in source.bl_rna.properties:
        name = prop.identifier
        if name in _NOT_PICTURED or name in bpy.types.ID.bl_rna.properties or prop.type == "COLLECTION":
            continue
        value = getattr(source, name)
        if prop.type == "POINTER":
            if prop.is_readonly and value is not None and depth and not isinstance(value, bpy.types.ID):
                differed |= _copy(value, getattr(target, name), depth - 1)
                continue
        elif getattr(prop, "is_array", False) and value[:] == getattr(target, name)[:]:
            continue
        if prop.is_readonly or value == getattr(target, name):
            continue
        differed = True
        try:
            setattr(target, name, value)
        except (AttributeError, TypeError, ValueError):
            continue
    return differed


def _is_driven(world: Any) -> bool:
    blocks = [] if world is None else [world, world.node_tree]
    return any(
        each is not None and each.animation_data is not None and len(each.animation_data.drivers) for each in blocks
    )
