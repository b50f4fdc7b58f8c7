"""Baking. The session checks and saves a copy of itself, a worker bakes, and the session takes up the image."""

from __future__ import annotations

import time
from typing import Any, Iterable, Sequence

import bpy

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_blender.app import excerpts, images, materials, names, picture_notes, snapshots, sockets, uv_measures
from cadgate_blender.app.foreign import outputs
from cadgate_blender.app.modifiers import find_mesh
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import files

_LIT = ("ao", "combined")
_TYPES = {"ao": "AO", "normal": "NORMAL", "base_color": "EMIT", "combined": "COMBINED"}
_OVERLAP = 0.01

# --- in the session ------------------------------------------------------------------------------------------------


@method("internal.bake_scene")
def save_for_bake(*, path: str, object: str, kind: str, map: str | None, sources: list[str] | None) -> dict[str, Any]:
    """Write the scene for a worker, and return the UV map. Raises AppError for what is missing."""
    obj = find_mesh(object)
    layer = _layer(obj, map)
    others = [find_mesh(name) for name in sources or ()]
    if obj in others:
        raise AppError("validation_error", f"sources names {object!r} itself: leave it out", {"object": object})
    if not _materials(obj):
        raise AppError(
            "validation_error",
            f"{object!r} has no material, which would use the image: POST /materials and /materials/apply first",
            {"object": object, "missing": "material"},
        )
    if kind == "base_color":
        for material in _materials(*others) if others else _materials(obj):
            if materials.shader(material) is None:
                raise AppError(
                    "validation_error",
                    f"The material {material.name!r} has no Principled BSDF, so it has no base colour to bake",
                    {"material": material.name},
                )
    found, _ = uv_measures.measure(obj.data, layer)
    if found["overlap"] > _OVERLAP:
        warn(
            "overlap",
            f"{found['overlap']:.0%} of the UV map {layer.name!r} of {object!r} is covered more than once, and each "
            "point of the image can have only one colour: unwrap it again",
        )
    if found["outside"] > _OVERLAP:
        warn("outside", f"{found['outside']:.0%} of the UV map {layer.name!r} is outside the image, and is not baked")
    # What is lit depends on everything.
    if kind in _LIT or not excerpts.save_pictured(path, [obj, *others], None):
        snapshots.save(path)
    return {"map": layer.name}


def _layer(obj: Any, name: str | None) -> Any:
    layers = obj.data.uv_layers
    if not len(layers):
        raise AppError(
            "validation_error",
            f"{obj.name!r} has no UV map, by which an image is placed on it: POST /objects/{obj.name}/uv makes one",
            {"object": obj.name, "missing": "uv_map"},
        )
    if name is None:
        return next((layer for layer in layers if layer.active_render), layers[0])
    return names.find("uv_map", layers, name)


def _materials(*objects: Any) -> list[Any]:
    found = [slot.material for obj in objects for slot in obj.material_slots if slot.material is not None]
    return list(dict.fromkeys(found))


@method("internal.bake_use")
@precise()
def use(*, path: str, object: str, kind: str, map: str, sources: list[str] | None, name: str) -> dict[str, Any]:
    """Use a baked image in the materials of an object."""
    obj = find_mesh(object)
    image = images.load(path, name)
    try:
        about_to_change(lambda: index.described(obj)["revision"])
    except BaseException:
        bpy.data.images.remove(image)
        raise
    if kind in ("normal", "ao"):
        image.colorspace_settings.name = "Non-Color"
    used: list[str] = []
    for number, slot in enumerate(obj.material_slots):
        if slot.material is None:
            continue
        material = _own(obj, number)
        if material.name not in used:
            _put(material, kind, image, _placing(obj, map))
            used.append(material.name)
    index.changed(obj, same_mesh=True)
    return {"image": image.name, "materials": used}


def _own(obj: Any, number: int) -> Any:
    """Return the material of a slot; one that other objects use too is copied for this object."""
    slot = obj.material_slots[number]
    material = slot.material
    others = [each for each in materials.users_of(material) if each != obj]
    if not others:
        return material
    copy = material.copy()
    copy.use_fake_user = True
    copy.name = f"{material.name}.{obj.name}"[:63]
    for each in obj.material_slots:
        if each.material == material:
            if obj.data.users > 1:
                each.link = "OBJECT"
            each.material = copy
    warn(
        "material_copied",
        f"{material.name!r} is used by other objects too: {obj.name!r}, whose UVs are others, has {copy.name!r}",
    )
    return copy


def _placing(obj: Any, map: str) -> str | None:
    """Return the name of the map if a picture must name it."""
    return None if obj.data.uv_layers[map].active_render else map


def _put(material: Any, kind: str, image: Any, map: str | None) -> None:
    node: Any = materials.shader(material)
    if node is None and kind != "ao":
        raise AppError(
            "validation_error",
            f"The material {material.name!r} has no Principled BSDF that could use the image; nothing was changed",
            {"material": material.name},
        )
    if kind == "combined" and node is not None:
        for name, value in (("Base Color", (0.0, 0.0, 0.0, 1.0)), ("Metallic", 0.0), ("Specular IOR Level", 0.0)):
            images.unplug(material.node_tree, node.inputs[name])
            node.inputs[name].default_value = value
        sockets.put(material.node_tree, node.inputs["Emission Strength"], 1.0)
    slot = {"base_color": "color", "normal": "normal", "ao": "occlusion", "combined": "emission"}[kind]
    picture = materials.plug(material, slot, image)
    if map is not None:
        placing = material.node_tree.nodes.new("ShaderNodeUVMap")
        placing.uv_map = map
        placing.location = (picture.location.x - 200, picture.location.y)
        material.node_tree.links.new(placing.outputs["UV"], picture.inputs["Vector"])


# --- in a worker ---------------------------------------------------------------------------------------------------


@method("internal.bake")
def bake(
    *,
    scene_path: str,
    path: str,
    object: str,
    kind: str,
    map: str,
    sources: list[str] | None,
    size: int,
    samples: int,
    margin: int,
    extrusion: float,
) -> dict[str, Any]:
    """Bake a copy of the scene to the file `path`, and read it back. `seconds` is what Blender took."""
    bpy.ops.wm.open_mainfile(filepath=scene_path, load_ui=False, use_scripts=False)
    try:
        outputs.still()
        obj = bpy.data.objects[object]
        others = [bpy.data.objects[name] for name in sources or ()]
        _settings(context.scene, kind, samples)
        image: Any = bpy.data.images.new("cadgate bake", size, size, alpha=False)
        image.colorspace_settings.name = "Non-Color" if kind in ("normal", "ao") else "sRGB"
        for each in (obj, *others):
            _fill_slots(each)
        if kind == "base_color":
            for material in _materials(*others) if others else _materials(obj):
                _show_base_color(material, size)
        for material in _materials(obj):
            _aim(material, image)
        _select(obj, others)
        began = time.perf_counter()
        operator: Any = bpy.ops.object.bake
        operator(
            type=_TYPES[kind],
            margin=margin,
            use_selected_to_active=bool(others),
            cage_extrusion=extrusion,
            uv_layer=map,
        )
        image.filepath_raw, image.file_format = path, "PNG"
        image.save()
        seconds = time.perf_counter() - began
        picture_notes.strip(path, "png")
        width, height = files.image_size(path, "png")
        if (width, height) != (size, size):
            raise AppError("command_failed", f"Blender wrote {width} x {height} pixels instead of {size} x {size}")
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return {"width": width, "height": height, "seconds": round(seconds, 4)}


def _settings(scene: Any, kind: str, samples: int) -> None:
    scene.render.engine = "CYCLES"
    # One sample is in the middle of its pixel: what is not lit is exact there, and blurred by more of them.
    scene.cycles.samples = samples if kind in _LIT else 1
    scene.cycles.use_denoising = False
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.time_limit = 0
    scene.cycles.seed = 0
    scene.render.use_simplify = False
    scene.render.bake.target = "IMAGE_TEXTURES"


def _fill_slots(obj: Any) -> None:
    """Give empty slots a material, without which Blender bakes nothing."""
    for slot in obj.material_slots:
        if slot.material is None:
            slot.material = bpy.data.materials.new("cadgate empty slot")
        slot.material.use_nodes = True


def _aim(material: Any, image: Any) -> None:
    """Make the image the one that Blender bakes this material's faces to."""
    nodes = material.node_tree.nodes
    for node in nodes:
        node.select = False
    node = nodes.new("ShaderNodeTexImage")
    node.image = image
    node.select = True
    nodes.active = node


def _show_base_color(material: Any, size: int) -> None:
    """Let a material glow with its base colour, which also shows that of metals."""
    tree, node = material.node_tree, materials.shader(material)
    if node is None:
        return
    for picture in tree.nodes:
        if picture.bl_idname == "ShaderNodeTexImage" and picture.image and list(picture.image.size) == [size, size]:
            # Pixels lie on pixels: mixing neighbours would only round.
            picture.interpolation = "Closest"
    socket = node.inputs["Base Color"]
    link = sockets.link_of(socket)
    glow = tree.nodes.new("ShaderNodeEmission")
    if link is None:
        glow.inputs["Color"].default_value = socket.default_value
    else:
        tree.links.new(link.from_socket, glow.inputs["Color"])
    for output in [each for each in tree.nodes if each.bl_idname == "ShaderNodeOutputMaterial"]:
        tree.links.new(glow.outputs[0], output.inputs["Surface"])


def _select(obj: Any, others: Sequence[Any]) -> None:
    scene, layer = context.scene, context.view_layer
    chosen: Iterable[Any] = (obj, *others)
    for each in chosen:
        each.hide_render = each.hide_viewport = False
        if each.name not in scene.collection.objects:
            scene.collection.objects.link(each)
    layer.update()
    for each in layer.objects:
        each.select_set(False)
    for each in chosen:
        each.hide_set(False)
        each.select_set(True)
    layer.objects.active = obj
