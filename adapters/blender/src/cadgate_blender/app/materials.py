"""Materials: a Principled BSDF's values, images as textures, and the slots of objects."""

from __future__ import annotations

import hashlib
from typing import Any, Sequence

import bpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, not_found, warn
from cadgate_blender.app import animated, images, limits, names, occlusion, sockets, textures, versions
from cadgate_blender.app.describe import tidy, vector
from cadgate_blender.app.scene_index import index, precise

SLOTS = {
    "color": "Base Color",
    "roughness": "Roughness",
    "metallic": "Metallic",
    "alpha": "Alpha",
    "emission": "Emission Color",
    "normal": "Normal",
}
"""The input of the shader that a picture in each slot feeds."""


def find(name: str) -> Any:
    """Return the material `name`. Raises AppError `material_not_found`."""
    return names.find("material", bpy.data.materials, name)


def shader(material: Any) -> Any:
    """Return the Principled BSDF that makes the material's surface; None if code or a file made it without one."""
    if material.node_tree is None or not material.use_nodes:
        return None
    output = material.node_tree.get_output_node("ALL")
    pending = [] if output is None else [output]
    for node in pending:
        if node.bl_idname == "ShaderNodeBsdfPrincipled":
            return node
        links = [sockets.link_of(plug) for plug in node.inputs if plug.type == "SHADER"]
        pending.extend(link.from_node for link in links if link is not None and link.from_node not in pending)
    return None


_VALUES = {
    "color": "Base Color",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "emission_color": "Emission Color",
    "emission_strength": "Emission Strength",
    "alpha": "Alpha",
}
"""The fields with a plain value, and their inputs."""


def info(material: Any) -> dict[str, Any]:
    """Return MaterialInfo; without nodes, the viewport values; with other shaders, no numbers."""
    node = shader(material)
    described: dict[str, Any] = {"name": material.name}
    if node is None and material.node_tree is not None and material.use_nodes:
        described.update({**dict.fromkeys(_VALUES), "textures": {}, "linked": list(_VALUES)})
    elif node is None:
        described.update(
            {
                "color": vector(material.diffuse_color),
                "metallic": tidy(material.metallic),
                "roughness": tidy(material.roughness),
                "emission_color": [1.0, 1.0, 1.0, 1.0],
                "emission_strength": 0.0,
                "alpha": tidy(material.diffuse_color[3]),
                "textures": {},
                "linked": [],
            }
        )
    else:
        feeds = {field: sockets.feed(node.inputs[name]) for field, name in _VALUES.items()}
        for field, found in feeds.items():
            value = found.value
            described[field] = vector(value) if isinstance(value, tuple) else None if value is None else tidy(value)
        pictures = {slot: sockets.feed(node.inputs[name]).image for slot, name in SLOTS.items()}
        seen = occlusion.socket(material)
        pictures["occlusion"] = None if seen is None else sockets.feed(seen).image
        described["textures"] = {slot: image.name for slot, image in pictures.items() if image is not None}
        described["linked"] = [field for field, found in feeds.items() if found.value is None]
    described["users"] = material.users - int(material.use_fake_user)
    described["revision"] = hashlib.sha1(repr(sorted(described.items())).encode()).hexdigest()[:12]
    return described


def _shader(material: Any) -> Any:
    node = shader(material)
    if node is None:
        raise AppError(
            "command_failed",
            f"The material {material.name!r} has no Principled BSDF, so its values cannot be set: make a new material",
            {"material": material.name},
        )
    return node


def _set(material: Any, values: dict[str, Any]) -> None:
    """Set effective values: inputs fed by an image get a factor, inputs fed by other nodes are unlinked."""
    node = _shader(material)
    wanted = {field: values[field] for field in _VALUES if values.get(field) is not None}
    dark = sockets.feed(node.inputs["Emission Strength"]).value == 0.0
    if "emission_color" in wanted and "emission_strength" not in wanted and dark:
        wanted["emission_strength"] = 1.0
    if "alpha" not in wanted and "color" in wanted and wanted["color"][3] < 1.0:
        wanted["alpha"] = wanted["color"][3]
    unlinked = [
        field for field, value in wanted.items() if sockets.put(material.node_tree, node.inputs[_VALUES[field]], value)
    ]
    if unlinked:
        warn(
            "unlinked",
            f"Nodes fed {', '.join(unlinked)} of {material.name!r}: they were unlinked, "
            "so that the new values take effect",
        )
    for field in wanted:
        socket = node.inputs[_VALUES[field]]
        animated.warn_of_socket(material.name, material.node_tree, field, sockets.feed(socket).factor or socket)
    alpha = sockets.feed(node.inputs["Alpha"])
    if "alpha" in wanted:
        solid = wanted["alpha"] == 1.0 and alpha.link is None
        material.surface_render_method = "DITHERED" if solid else "BLENDED"
    # Workbench and viewports show these, not the nodes.
    color, metallic, roughness = (sockets.feed(node.inputs[_VALUES[field]]).value for field in _SHOWN)
    if color is not None and alpha.value is not None:
        material.diffuse_color = (*color[:3], alpha.value)
    material.metallic = material.metallic if metallic is None else metallic
    material.roughness = material.roughness if roughness is None else roughness


_SHOWN = ("color", "metallic", "roughness")


def users_of(material: Any) -> list[Any]:
    """Return the objects that have `material` in a slot."""
    if material.users - int(material.use_fake_user) == 0:
        return []
    return [obj for obj in bpy.data.objects if any(slot.material == material for slot in obj.material_slots)]


def _report(objects: Sequence[Any]) -> None:
    for obj in objects:
        index.changed(obj, same_mesh=True)


# --- methods -----------------------------------------------------------------------------------------------------


@method("materials.create")
@precise()
def create(*, name: str | None, on_conflict: str, **values: Any) -> dict[str, Any]:
    existing = None if name is None else bpy.data.materials.get(name)
    names.check_free("material", name, existing is not None, on_conflict)
    about_to_change(info(existing)["revision"] if existing is not None and on_conflict == "replace" else None)
    material = bpy.data.materials.new(name or "Material")
    versions.use_nodes(material)
    material.use_fake_user = True
    if name is not None and existing is not None and on_conflict == "replace":
        users = users_of(existing)
        existing.user_remap(material)
        bpy.data.materials.remove(existing)
        material.name = name
        _report(users)
    if name is not None and material.name != name and on_conflict != "rename":
        raise name_taken("material", name)
    _set(material, values)
    return info(material)


@method("materials.list")
def list_materials(*, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    from cadgate.appserver import page

    found = page(list(bpy.data.materials), info, limit=limit, offset=offset, fields=fields)
    return {"materials": found["objects"], "total": found["total"]}


@method("materials.get")
def get(*, name: str) -> dict[str, Any]:
    return info(find(name))


@method("materials.update")
def update(*, name: str, **values: Any) -> dict[str, Any]:
    material = find(name)
    new_name, on_conflict = values.pop("new_name", name), values.pop("on_conflict", "error")
    existing = bpy.data.materials.get(new_name) if new_name != name else None
    names.check_free("material", new_name, existing is not None, on_conflict)
    if values:
        _shader(material)
    about_to_change(lambda: info(material)["revision"], anything=bool(values) or new_name != name)
    if values:
        _set(material, values)
    if new_name != name:
        if existing is not None and on_conflict == "replace":
            existing.user_remap(material)
            bpy.data.materials.remove(existing)
        material.name = new_name
        if material.name != new_name and on_conflict != "rename":
            raise name_taken("material", new_name)
        _report(users_of(material))
    return info(material)


@method("materials.delete")
def delete(*, name: str) -> dict[str, Any]:
    material = find(name)
    about_to_change(lambda: info(material)["revision"])
    users = users_of(material)
    bpy.data.materials.remove(material)
    _report(users)
    return {"deleted": name}


@method("materials.apply")
@precise()
def apply(*, object: str, material: str, slot: int | None) -> dict[str, Any]:
    obj = names.find_object(object)
    found = find(material)
    if obj.data is None or not hasattr(obj.data, "materials"):
        raise AppError(
            "validation_error", f"{object!r} is {names.kind_of(obj)}, which has no surface", {"object": object}
        )
    count = len(obj.material_slots)
    number = slot or 0
    if number > count:
        raise AppError(
            "validation_error",
            f"{object!r} has {count} material slots: slot {number} is neither one of them nor the next one",
            {"slot": number, "slots": count},
        )
    about_to_change(lambda: index.described(obj)["revision"])
    if number == count:
        obj.data.materials.append(found)
    else:
        obj.material_slots[number].material = found
    described = index.changed(obj, same_mesh=True)
    if obj.data.users > 1:
        _report([each for each in bpy.data.objects if each.data == obj.data and each != obj])
    textures.warn_of_missing_uvs([obj])
    return described


def plug(material: Any, slot: str, image: Any) -> Any:
    """Use an image in a slot, instead of what was there. Returns the node that shows it."""
    tree = material.node_tree
    socket = _socket(material, slot, create=True)
    images.unplug(tree, socket)
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.image = image
    picture.location = (-400, 300 - 60 * [*SLOTS, "occlusion"].index(slot))
    if slot not in ("color", "emission"):
        image.colorspace_settings.name = "Non-Color"
    output = picture.outputs["Color"]
    if slot == "alpha":
        output = picture.outputs["Alpha"] if image.depth in (32, 64, 128) else output
        material.surface_render_method = "BLENDED"
    elif slot == "normal":
        bump = tree.nodes.new("ShaderNodeNormalMap")
        tree.links.new(output, bump.inputs["Color"])
        output = bump.outputs["Normal"]
    elif slot == "occlusion":
        channels = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(output, channels.inputs["Color"])
        output = channels.outputs["Red"]
    elif slot == "emission":
        strength = shader(material).inputs["Emission Strength"]
        if sockets.feed(strength).value == 0.0:
            sockets.put(tree, strength, 1.0)
    tree.links.new(output, socket)
    return picture


def _socket(material: Any, slot: str, *, create: bool = False) -> Any:
    """Return the input of a slot; None for one that is not there."""
    if slot == "occlusion":
        return occlusion.socket(material, create=create)
    return _shader(material).inputs[SLOTS[slot]]


@method("internal.texture")
def texture(*, path: str, name: str, material: str, slot: str) -> dict[str, Any]:
    """Use the image file `path` in `slot`. The image is packed: the session needs no other file."""
    found = find(material)
    _shader(found)
    image = images.load(path, name)
    try:
        limits.check("The number of pixels of the image", image.size[0] * image.size[1], "max_image_pixels")
        about_to_change(lambda: info(found)["revision"])
    except BaseException:
        bpy.data.images.remove(image)
        raise
    plug(found, slot, image)
    textures.warn_of_missing_uvs(
        [obj for obj in bpy.data.objects if any(each.material == found for each in obj.material_slots)]
    )
    return info(found)


@method("materials.remove_texture")
def remove_texture(*, material: str, slot: str) -> dict[str, Any]:
    """Remove the image from `slot`: the value that it was multiplied by, or that was there before it, stays."""
    found = find(material)
    socket: Any = _socket(found, slot)
    if socket is None or sockets.feed(socket).image is None:
        raise not_found("texture", slot, info(found)["textures"])
    fed = sockets.feed(socket)
    about_to_change(lambda: info(found)["revision"])
    images.unplug(found.node_tree, socket)
    if fed.factor is not None and fed.value is not None:
        socket.default_value = fed.value
    if slot == "alpha" and socket.default_value == 1.0:
        found.surface_render_method = "DITHERED"
    return info(found)
