"""Checks whether a material shows a picture that needs a UV map, and whether a mesh has one."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import warn


def warn_of_missing_uvs(objects: list[Any]) -> None:
    """Warn of objects whose material shows a picture that their mesh cannot place."""
    bare = [obj.name for obj in objects if without_uvs(obj)]
    if bare:
        listed = ", ".join(repr(name) for name in bare[:10]) + (" …" if len(bare) > 10 else "")
        warn(
            "no_uvs",
            f"The material of {listed} shows a picture, but the mesh has no UV map to place it: the picture is not "
            "shown as it should be; give the mesh UVs",
        )


def without_uvs(obj: Any) -> bool:
    """Return whether a mesh has a material with a picture placed by UVs, but no UV map."""
    if obj.type != "MESH" or len(obj.data.uv_layers):
        return False
    if any(modifier.type in ("NODES", "UV_PROJECT") for modifier in obj.modifiers):
        return False
    return any(slot.material is not None and needs_uvs(slot.material) for slot in obj.material_slots)


def needs_uvs(material: Any) -> bool:
    """Return whether the material shows a picture that is placed by the active UV map."""
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
