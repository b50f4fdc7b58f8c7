"""The scene: its description and settings, clearing, saving and opening; and the world around it."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, cleared, method, name_taken
from cadgate_blender.app import animated, images, limits, names, removal, snapshots, sockets, staging, versions, view
from cadgate_blender.app import camera as cameras
from cadgate_blender.app.describe import tidy, vector
from cadgate_blender.app.objects import drop_unused
from cadgate_blender.app.scene_index import Ties, index, precise
from cadgate_blender.app.typed import context

_OWNED = (
    "meshes",
    "curves",
    "metaballs",
    "lights",
    "cameras",
    "lattices",
    "armatures",
    "speakers",
    "lightprobes",
    "volumes",
    "hair_curves",
    "pointclouds",
    "materials",
    "images",
    "textures",
    "node_groups",
    "actions",
    "particles",
    "shape_keys",
)
"""Data that belongs to objects, and is orphaned without them."""

_MANY = 4000
"""The number of objects above which deleting them is slower than reopening the session first, if Blender must look for
each of them in what editors show: that is quadratic.
"""


def info() -> dict[str, Any]:
    """SceneInfo."""
    scene = context.scene
    units = scene.unit_settings
    objects = [
        {"name": obj.name, "type": obj.type, "location": vector(obj.location)}
        for obj in sorted(scene.objects, key=lambda each: each.name)
    ]
    return {
        "name": scene.name,
        "objects": objects,
        "object_count": len(objects),
        "camera": scene.camera.name if scene.camera else None,
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "frame": scene.frame_current,
        "fps": float(f"{scene.render.fps / scene.render.fps_base:.6g}"),
        "engine": versions.engine_name(scene.render.engine),
        "unit_system": units.system,
        "unit_scale": tidy(units.scale_length),
        **view.info(scene),
    }


@method("scene.get")
def get() -> dict[str, Any]:
    return info()


@method("scene.update")
def update(**wanted: Any) -> dict[str, Any]:
    scene = context.scene
    new_name = wanted.get("name", scene.name)
    names.check_length(new_name)
    if new_name != scene.name and new_name in bpy.data.scenes:
        raise name_taken("scene", new_name, on_conflict=False)
    camera = None if wanted.get("camera") is None else cameras.find(wanted["camera"])
    first, last = wanted.get("frame_start", scene.frame_start), wanted.get("frame_end", scene.frame_end)
    if last < first:
        raise AppError("validation_error", f"The scene would end at frame {last}, before its start at {first}")
    seen = view.check(scene, wanted)
    about_to_change(anything=bool(wanted))
    scene.name = new_name
    if "camera" in wanted:
        scene.camera = camera
    # Blender moves one end when the other passes it: set both, the moved one last.
    scene.frame_start, scene.frame_end = first, last
    scene.frame_start = first
    if "frame" in wanted:
        animated.go_to_frame(scene, wanted["frame"])
    if "fps" in wanted:
        whole = round(wanted["fps"])
        scene.render.fps = max(1, whole)
        scene.render.fps_base = max(1, whole) / wanted["fps"]
    if "engine" in wanted:
        # The engines that there are depend on what is enabled: the stubs know one.
        setattr(scene.render, "engine", versions.ENGINES[wanted["engine"]])  # noqa: B010
    if "unit_system" in wanted:
        scene.unit_settings.system = wanted["unit_system"]
    if "unit_scale" in wanted:
        scene.unit_settings.scale_length = wanted["unit_scale"]
    view.put(scene, seen)
    animated.warn_of(scene.name, scene, {field: _PATHS[field] for field in wanted if field in _PATHS})
    if "camera" in wanted:
        animated.warn_of_camera(scene)
    if wanted:
        index.scene("changed")
    return info()


_PATHS = {
    "frame_start": ("frame_start",),
    "frame_end": ("frame_end",),
    "fps": ("render.fps", "render.fps_base"),
    "unit_scale": ("unit_settings.scale_length",),
    "exposure": ("view_settings.exposure",),
    "gamma": ("view_settings.gamma",),
}
"""Fields that can be animated, and where."""


@method("scene.clear")
@precise()
def clear() -> dict[str, Any]:
    """Remove every object, collection and video strip, and what only these (or nobody) used; the world stays."""
    about_to_change()
    staging.put_away()
    count = len(bpy.data.objects)
    _remove_objects()
    bpy.data.batch_remove(list(bpy.data.collections))
    for scene in bpy.data.scenes:
        if scene.sequence_editor is not None:
            scene.sequence_editor_clear()
    for kind in _OWNED:
        for block in getattr(bpy.data, kind, ()):
            block.use_fake_user = False
    data: Any = bpy.data  # the stubs have no parameters of the next
    data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)
    if len(bpy.data.objects):
        raise AppError("command_failed", f"Blender left {len(bpy.data.objects)} objects")
    index.scene("cleared")
    cleared()
    return {"deleted": count}


def _remove_objects() -> None:
    """Remove every object, with its data if these are known to be only its own."""
    known: list[tuple[Any, Ties]] = []
    others: list[Any] = []
    for obj in bpy.data.objects:
        ties = index.ties_of(obj) if index.is_unmarked(obj) else None
        if ties is not None and ties.collections:
            known.append((obj, ties))
        else:
            others.append(obj)
        index.removed(obj)
    if len(others) * (len(known) + len(others)) > _MANY**2:
        snapshots.empty_queue()
        bpy.data.batch_remove(list(bpy.data.objects))
        return
    bpy.data.batch_remove(others)
    # Several objects may share them.
    data = {obj.data: ties.has_unmarked_data for obj, ties in known if obj.data is not None}
    removal.remove_objects([(obj, ties.collections) for obj, ties in known])
    for each, is_unmarked in data.items():
        drop_unused(each, is_unmarked=is_unmarked)


# --- files -------------------------------------------------------------------------------------------------------


@method("internal.save")
def save(*, path: str) -> dict[str, Any]:
    snapshots.save(path, compress=True)
    return {}


@method("internal.open")
def open_document(*, path: str) -> dict[str, Any]:
    """Replace the session by a .blend file that a worker has checked."""
    about_to_change()
    snapshots.open_file(path)
    index.unknown_change()
    index.scene("opened")
    return info()


# --- the world ---------------------------------------------------------------------------------------------------


def _background(create: bool = False) -> Any:
    """Return the Background node of the scene's world; with `create`, make one if there is none."""
    scene = context.scene
    if scene.world is None:
        if not create:
            return None
        scene.world = bpy.data.worlds.new("World")
        scene.world.use_fake_user = True
    if create:
        versions.use_nodes(scene.world)
    tree = scene.world.node_tree
    if tree is None:
        return None
    found = next((node for node in tree.nodes if node.bl_idname == "ShaderNodeBackground"), None)
    if found is None and create:
        found = tree.nodes.new("ShaderNodeBackground")
        output = next((node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputWorld"), None)
        output = output or tree.nodes.new("ShaderNodeOutputWorld")
        tree.links.new(found.outputs["Background"], output.inputs["Surface"])
    return found


def _world_info() -> dict[str, Any]:
    world: Any = context.scene.world
    node = _background()
    if node is None:
        color = (*world.color, 1.0) if world else (0.0, 0.0, 0.0, 1.0)
        return {"name": world.name if world else "", "color": vector(color), "strength": 1.0, "image": None}
    fed, strength = sockets.feed(node.inputs["Color"]), sockets.feed(node.inputs["Strength"])
    image = fed.image
    return {
        "name": world.name,
        # With an image, it is the factor of its pixels.
        "color": vector(node.inputs["Color"].default_value if fed.value is None else fed.value),
        "strength": tidy(node.inputs["Strength"].default_value if strength.value is None else strength.value),
        "image": image.name if image else None,
    }


@method("world.get")
def get_world() -> dict[str, Any]:
    return _world_info()


@method("world.update")
def update_world(**wanted: Any) -> dict[str, Any]:
    about_to_change(anything=bool(wanted))
    if not wanted:
        return _world_info()
    node = _background(create=True)
    world: Any = context.scene.world  # it has one now
    if "color" in wanted:
        images.unplug(world.node_tree, node.inputs["Color"])
        node.inputs["Color"].default_value = wanted["color"]
        world.color = wanted["color"][:3]
        animated.warn_of_socket(world.name, world.node_tree, "color", node.inputs["Color"])
    if "strength" in wanted:
        sockets.put(world.node_tree, node.inputs["Strength"], wanted["strength"])
        animated.warn_of_socket(world.name, world.node_tree, "strength", node.inputs["Strength"])
    index.scene("changed")
    return _world_info()


@method("internal.world_image")
def set_world_image(*, path: str, name: str) -> dict[str, Any]:
    image = images.load(path, name)
    try:
        limits.check("The number of pixels of the image", image.size[0] * image.size[1], "max_image_pixels")
        about_to_change()
    except BaseException:
        bpy.data.images.remove(image)
        raise
    node = _background(create=True)
    world: Any = context.scene.world  # it has one now
    tree = world.node_tree
    images.unplug(tree, node.inputs["Color"])
    picture = tree.nodes.new("ShaderNodeTexEnvironment")
    picture.image = image
    tree.links.new(picture.outputs["Color"], node.inputs["Color"])
    index.scene("changed")
    return _world_info()
