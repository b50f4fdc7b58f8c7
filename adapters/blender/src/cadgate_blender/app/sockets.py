"""Inputs of shader nodes: what feeds one, which value is effective, and setting the effective value."""

from __future__ import annotations

from typing import Any, NamedTuple

from cadgate_blender.app import images

_MOST_NODES = 32
"""The number of consecutive nodes that are followed."""


class Feed(NamedTuple):
    """What reaches an input."""

    value: Any
    """The plain value, which an image is multiplied by; None if other nodes produce it."""
    image: Any
    """The image, if one feeds it."""
    factor: Any
    """The input of a node in between that holds the value; None if that is the input itself, or nowhere."""
    link: Any
    """The last link, or None."""


def link_of(socket: Any) -> Any:
    """Return the link that feeds an input and is not muted."""
    return next((link for link in socket.links if link.is_valid and not link.is_muted), None)


def feed(socket: Any) -> Feed:
    """Return what reaches `socket`: its own value, an image, an image times a value, or nothing expressible."""
    link = link_of(socket)
    if link is None:
        return Feed(_plain(socket), None, None, None)
    return _behind(link, _MOST_NODES)._replace(link=link)


def _plain(socket: Any) -> Any:
    value = getattr(socket, "default_value", None)
    return value if value is None or isinstance(value, (int, float)) else tuple(value)


def _one(socket: Any) -> Any:
    value = _plain(socket)
    return 1.0 if isinstance(value, float) else None if value is None else (1.0,) * len(value)


def _behind(link: Any, left: int) -> Feed:
    """Return what a link brings to its end."""
    node, nothing = link.from_node, Feed(None, None, None, None)
    kind = node.bl_idname
    if left == 0:
        return nothing
    if kind in ("ShaderNodeTexImage", "ShaderNodeTexEnvironment"):
        return nothing if node.image is None else Feed(_one(link.to_socket), node.image, None, None)
    if kind in ("ShaderNodeRGB", "ShaderNodeValue"):
        return Feed(_plain(node.outputs[0]), None, None, None)
    passed = _PASSED.get(kind)
    if passed is not None:
        behind = link_of(node.inputs[passed])
        found = nothing if behind is None else _behind(behind, left - 1)
        # A channel of an image is a number; a colour before it, which may have three different ones, is not reported.
        whole = found.factor is None and found.image is not None
        return found._replace(value=_one(link.to_socket)) if whole else found._replace(value=None, factor=None)
    multiplied = product(node)
    return nothing if multiplied is None else _multiplied(link, multiplied, left)


_PASSED = {
    "NodeReroute": 0,
    "ShaderNodeSeparateColor": 0,
    "ShaderNodeSeparateRGB": 0,
    "ShaderNodeRGBToBW": 0,
    "ShaderNodeNormalMap": "Color",
}
"""Nodes that pass on one of their inputs, and that input."""


def product(node: Any) -> tuple[Any, Any] | None:
    """Return the two inputs that a node multiplies, if it does nothing else."""
    if node.mute:
        return None
    if node.bl_idname == "ShaderNodeMix" and node.data_type == "RGBA" and node.blend_type == "MULTIPLY":
        return _whole(node.inputs[0], node.inputs[6], node.inputs[7])
    if node.bl_idname == "ShaderNodeMixRGB" and node.blend_type == "MULTIPLY":
        return _whole(*node.inputs[:3])
    if node.bl_idname == "ShaderNodeMath" and node.operation == "MULTIPLY":
        return node.inputs[0], node.inputs[1]
    return None


def _whole(share: Any, first: Any, second: Any) -> tuple[Any, Any] | None:
    """Return the two inputs if the node mixes in all of their product."""
    return (first, second) if link_of(share) is None and share.default_value == 1.0 else None


def _multiplied(link: Any, inputs: tuple[Any, Any], left: int) -> Feed:
    links = [link_of(socket) for socket in inputs]
    if links[0] is None and links[1] is None:
        values = [_plain(socket) for socket in inputs]
        return Feed(_times(*values), None, None, None)
    if links[0] is not None and links[1] is not None:
        # An image times another image, an attribute or a node: the image is known, but there is no number.
        found = [_behind(each, left - 1) for each in links]
        return Feed(None, found[0].image or found[1].image, None, None)
    linked, plain = (links[0], inputs[1]) if links[0] is not None else (links[1], inputs[0])
    found = _behind(linked, left - 1)
    if found.value is None:
        return Feed(None, found.image, None, None)
    return Feed(_times(found.value, _plain(plain)), found.image, plain if found.factor is None else None, None)


def _times(one: Any, other: Any) -> Any:
    if isinstance(one, tuple):
        return tuple(first * second for first, second in zip(one, other))
    return one * other


def put(tree: Any, socket: Any, value: Any) -> bool:
    """Set the effective value, for an image its factor. Returns whether other nodes had to be unlinked for that."""
    found = feed(socket)
    socket.default_value = value
    if found.link is None:
        return False
    if found.image is not None and found.value is not None:
        factor = found.factor or (_insert(tree, found.link) if _differs(found.value, value) else None)
        if factor is not None:
            factor.default_value = value
        if not _differs(feed(socket).value, value):
            return False
    images.unplug(tree, socket)
    return True


def _differs(one: Any, other: Any) -> bool:
    if one is None:
        return True
    pairs = [(one, other)] if isinstance(one, float) else zip(one[:3], other[:3])
    return any(abs(first - second) > 1e-6 for first, second in pairs)


def _insert(tree: Any, link: Any) -> Any:
    """Insert a node that multiplies what a link brings; returns the input for the factor."""
    source, target = link.from_socket, link.to_socket
    if target.type == "RGBA":
        node = tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", "MULTIPLY"
        node.inputs[0].default_value = 1.0
        into, factor, out = node.inputs[6], node.inputs[7], node.outputs[2]
    else:
        node = tree.nodes.new("ShaderNodeMath")
        node.operation = "MULTIPLY"
        into, factor, out = node.inputs[0], node.inputs[1], node.outputs[0]
    node.location = (link.to_node.location.x - 200, link.from_node.location.y)
    tree.links.new(source, into)
    tree.links.new(out, target)
    return factor
