"""The picture of how much of its surroundings a surface sees. Blender's shaders have no such input; glTF files do.

Blender's glTF exporter and importer know it as the input of a node group of this name.
"""

from __future__ import annotations

from typing import Any

import bpy

GROUP = "glTF Material Output"


def socket(material: Any, *, create: bool = False) -> Any:
    """Return the input for the picture; None if there is none and none is to be made."""
    tree = material.node_tree
    if tree is None:
        return None
    for node in tree.nodes:
        if node.bl_idname == "ShaderNodeGroup" and node.node_tree is not None and node.node_tree.name == GROUP:
            return node.inputs.get("Occlusion")
    if not create:
        return None
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = bpy.data.node_groups.get(GROUP) or _group()
    node.location = (300, -400)
    return node.inputs["Occlusion"]


def _group() -> Any:
    group: Any = bpy.data.node_groups.new(GROUP, "ShaderNodeTree")
    made = group.interface.new_socket("Occlusion", in_out="INPUT", socket_type="NodeSocketFloat")
    made.default_value = 1.0
    group.nodes.new("NodeGroupInput")
    group.use_fake_user = True
    return group
