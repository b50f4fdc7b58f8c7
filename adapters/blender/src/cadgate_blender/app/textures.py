"""Whether a material shows a picture that needs a UV map, and whether a mesh has one."""

from __future__ import annotations

from typing import Any


def without_uvs(obj: Any) -> bool:
    """Whether a mesh has a material with a picture placed by UVs, and no UV map."""
    if obj.type != "MESH" or len(obj.data.uv_layers):
        return False
    if any(modifier.type in ("NODES", "UV_PROJECT") for modifier in obj.modifiers):
        return False
    return any(slot.material is not None and needs_uvs(slot.material) for slot in obj.material_slots)


def needs_uvs(material: Any) -> bool:
    """Whether the material shows a picture that it places by the active UV map."""
    if not material.use_nodes or material.node_tree is None:
        return False
    for node in material.node_tree.nodes:
        if node.type == "TEX_IMAGE" and node.image is not None and any(plug.links for plug in node.outputs):
            vector = node.inputs["Vector"]
            if not vector.is_linked or _is_uv(vector.links[0]):
                return True
    return False


def _is_uv(link: Any) -> bool:
    node = link.from_node
    if node.type == "MAPPING":
        plug = node.inputs["Vector"]
        return plug.is_linked and _is_uv(plug.links[0])
    return node.type == "UVMAP" or (node.type == "TEX_COORD" and link.from_socket.name == "UV")
