"""Drivers, wherever they are, change values on their own: from then on each change is saved as a whole."""

from __future__ import annotations

import httpx
import pytest

from tests.blender_code import run
from tests.gateway import Gateway

OWNERS = {
    "object": "holder, path = obj, 'location'",
    "mesh": "obj.data['size'] = 1.0\nholder, path = obj.data, '[\"size\"]'",
    "shape key": "obj.shape_key_add(name='Basis')\nobj.shape_key_add(name='Up')\n"
    "holder, path = obj.data.shape_keys, 'key_blocks[\"Up\"].value'",
    "material": "material = bpy.data.materials.new('M')\nholder, path = material, 'roughness'",
    "nodes of a material": "material = bpy.data.materials.new('M')\nmaterial.use_nodes = True\n"
    "holder, path = material.node_tree, 'nodes[\"Principled BSDF\"].inputs[0].default_value'",
    "nodes of the world": "world = bpy.context.scene.world\nworld.use_nodes = True\n"
    "holder, path = world.node_tree, 'nodes[\"Background\"].inputs[1].default_value'",
    "scene": "scene = bpy.context.scene\nscene['size'] = 1.0\nholder, path = scene, '[\"size\"]'",
    "group of nodes": "group = bpy.data.node_groups.new('G', 'ShaderNodeTree')\n"
    "group.nodes.new('ShaderNodeValue')\nholder, path = group, 'nodes[\"Value\"].outputs[0].default_value'",
}
ADD = "obj = bpy.data.objects['Cube']\n{}\nholder.driver_add(path)\nNone"


@pytest.mark.parametrize("owner", OWNERS)
def test_a_driver_is_noticed_wherever_it_is(blender: httpx.Client, gateway: Gateway, owner: str) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
    answer = run(gateway, ADD.format(OWNERS[owner]))
    assert answer["status"] == "success", answer["error"]
    warnings = answer["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["scripted_session"]
    assert "has drivers" in warnings[0]["message"]
    assert gateway.health("blender")["result"]["keeps"] == "snapshots"

    assert run(gateway, "holder.driver_remove(path)")["status"] == "success"
    assert gateway.health("blender")["result"].get("keeps") is None
