"""Changes materials so that files can hold them: a picture with a factor, or one channel of it, becomes a picture of
its own. What no file can hold is a warning.
"""

from __future__ import annotations

import os
from typing import Any, Iterator, NamedTuple, cast

import bpy
import numpy

from cadgate.appserver import warn
from cadgate_blender.app import empty_slots, images, materials, sockets, versions
from cadgate_blender.app.preparing import listed

_BARE = {"stl": "materials", "ply": "materials", "abc": "materials"}
"""Formats without materials, as Blender writes them."""
_DIRECT = ("obj", "fbx", "usd")
"""Formats whose exporters find only a picture that is plugged in directly."""
_SLOTS = {
    **{slot: name for slot, name in materials.SLOTS.items() if slot != "normal"},
    "emission strength": "Emission Strength",
}
_CHANNELS = {"Red": 0, "Green": 1, "Blue": 2}
_MOST_NODES = 32
_GREY = (0.2126, 0.7152, 0.0722)


class _Chain(NamedTuple):
    """What leads from a picture to an input of a shader."""

    picture: Any
    output: str
    steps: list[Any]
    """From the picture on: a factor (numbers), or a channel (text)."""


def fit(chosen: list[Any], format: str) -> None:
    """Change the materials of these objects so that `format` can hold them, and warn of what it cannot."""
    if format in _DIRECT:
        empty_slots.fill(chosen, format)
    users: dict[str, list[str]] = {}
    for obj in chosen:
        for slot in obj.material_slots:
            if slot.material is not None and obj.name not in users.setdefault(slot.material.name, []):
                users[slot.material.name].append(obj.name)
    if format in _BARE:
        _warn_of_bare(users, format)
        return
    for name, objects in users.items():
        lost = list(_lost(bpy.data.materials[name], format))
        if lost:
            warn(
                "material_simplified",
                f"Nodes compute {', '.join(lost)} of the material {name!r} of {listed(objects)}, which a {format} "
                "file cannot hold: it has plain values instead; bake the object to keep what they show",
            )
        if format.startswith("usd") and versions.USD_IS_OPAQUE and _is_clear(bpy.data.materials[name]):
            warn(
                "material_simplified",
                f"{versions.text()} writes no opacity into {format} files: the material {name!r} of {listed(objects)} "
                "is opaque there; use glb to keep it",
            )


def _is_clear(material: Any) -> bool:
    """Return whether a material's alpha is a number below 1."""
    shader = materials.shader(material) if material.use_nodes and material.node_tree is not None else None
    if shader is None:
        return False
    socket = shader.inputs[_SLOTS["alpha"]]
    return sockets.link_of(socket) is None and socket.default_value < 1.0


def _warn_of_bare(users: dict[str, list[str]], format: str) -> None:
    dressed = list(dict.fromkeys(name for names in users.values() for name in names))
    if dressed:
        warn("materials_lost", f"Files in {format} hold no materials: those of {listed(dressed)} are not in this one")


def _lost(material: Any, format: str) -> Iterator[str]:
    """Make the material's pictures direct, and yield what the file cannot hold of it."""
    if not material.use_nodes or material.node_tree is None:
        return
    shader = materials.shader(material)
    if shader is None or not _alone(material, shader):
        # Blender's glTF exporter knows some other shaders: what only emits is unlit.
        if format not in ("glb", "gltf"):
            yield "the surface" if shader is None else "a mixture with the surface"
        if shader is None:
            return
    for slot, name in _SLOTS.items():
        socket = shader.inputs[name]
        link, value = sockets.link_of(socket), sockets.feed(socket).value
        chain = None if link is None else _chain(link)
        if chain is None and value is None:
            if not (slot == "color" and format in ("glb", "gltf") and _is_painted(link, _MOST_NODES)):
                yield slot
        elif chain is None and link is not None and format in _DIRECT:
            images.unplug(material.node_tree, socket)
            socket.default_value = value
        elif chain is not None and format in _DIRECT:
            if chain.steps:
                _replace(material.node_tree, socket, chain)
            if socket.type == "RGBA":
                # Many readers multiply the picture by the colour that is written with it.
                socket.default_value = (1.0, 1.0, 1.0, 1.0)


def _alone(material: Any, shader: Any) -> bool:
    output = material.node_tree.get_output_node("ALL")
    link = None if output is None else sockets.link_of(output.inputs["Surface"])
    while link is not None and link.from_node.bl_idname == "NodeReroute":
        link = sockets.link_of(link.from_node.inputs[0])
    return link is None or link.from_node == shader


def _is_painted(link: Any, left: int) -> bool:
    """Return whether a link brings colours of points, perhaps times a number or a picture, which glTF files hold."""
    if link is None or not left:
        return False
    node = link.from_node
    if node.bl_idname == "NodeReroute":
        return _is_painted(sockets.link_of(node.inputs[0]), left - 1)
    if node.bl_idname == "ShaderNodeVertexColor":
        return True
    product = sockets.product(node)
    return product is not None and any(_is_painted(sockets.link_of(socket), left - 1) for socket in product)


def _chain(link: Any) -> _Chain | None:
    """Follow a link back to a picture; None if anything but factors and channels is in between."""
    steps: list[Any] = []
    for _ in range(_MOST_NODES):
        node = link.from_node
        kind = node.bl_idname
        if kind == "ShaderNodeTexImage":
            return None if node.image is None else _Chain(node, link.from_socket.name, steps[::-1])
        if kind == "NodeReroute":
            behind = sockets.link_of(node.inputs[0])
        elif kind in ("ShaderNodeSeparateColor", "ShaderNodeSeparateRGB"):
            if getattr(node, "mode", "RGB") != "RGB":
                return None
            steps.append({"R": "Red", "G": "Green", "B": "Blue"}.get(link.from_socket.name, link.from_socket.name))
            behind = sockets.link_of(node.inputs[0])
        else:
            product = sockets.product(node)
            links = [] if product is None else [sockets.link_of(socket) for socket in product]
            if product is None or sum(each is not None for each in links) != 1:
                return None
            behind, factor = (links[0], product[1]) if links[0] is not None else (links[1], product[0])
            value = factor.default_value
            steps.append([value] * 3 if isinstance(value, float) else list(value)[:3])
        if behind is None:
            return None
        link = behind
    return None


def _replace(tree: Any, socket: Any, chain: _Chain) -> None:
    """Plug a picture of what the chain shows directly into the input."""
    node = tree.nodes.new("ShaderNodeTexImage")
    for name in ("interpolation", "extension", "projection"):
        setattr(node, name, getattr(chain.picture, name))
    node.image = _shown(chain, colored=socket.type == "RGBA")
    vector = sockets.link_of(chain.picture.inputs["Vector"])
    if vector is not None:
        tree.links.new(vector.from_socket, node.inputs["Vector"])
    images.unplug(tree, socket)
    tree.links.new(node.outputs["Color"], socket)


def _shown(chain: _Chain, *, colored: bool) -> Any:
    """Return a new, packed image of what the chain makes of its picture."""
    image = chain.picture.image
    width, height = image.size
    held = numpy.empty(width * height * 4, numpy.float32)
    image.pixels.foreach_get(held)
    held = held.reshape(-1, 4)
    curved = image.colorspace_settings.name == "sRGB" and not image.is_float
    seen = numpy.repeat(held[:, 3:], 3, axis=1) if chain.output == "Alpha" else held[:, :3]
    if curved and chain.output != "Alpha":
        seen = numpy.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)
    for step in chain.steps:
        seen = seen[:, [_CHANNELS[step]] * 3] if isinstance(step, str) else seen * numpy.array(step, numpy.float32)
    if not colored:
        seen = numpy.repeat((seen @ numpy.array(_GREY, numpy.float32))[:, None], 3, axis=1)
    name = os.path.splitext(image.name)[0][:50] + " shown"
    made = cast("Any", bpy.data.images).new(name, width, height, alpha=True, float_buffer=image.is_float)
    made.colorspace_settings.name = image.colorspace_settings.name if colored else "Non-Color"
    if curved and colored:
        seen = numpy.where(seen <= 0.0031308, seen * 12.92, 1.055 * numpy.maximum(seen, 0) ** (1 / 2.4) - 0.055)
    pixels = numpy.ones_like(held)
    pixels[:, :3] = seen if image.is_float else seen.clip(0.0, 1.0)
    if colored:
        pixels[:, 3] = held[:, 3]
    made.pixels.foreach_set(pixels.ravel())
    made.pack()
    return made
