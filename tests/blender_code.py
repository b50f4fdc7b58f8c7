"""Code run in Blender's session by tests: the other door, through which what the API says can be checked."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import connect

from tests.gateway import Gateway

COMPOSITOR = """
def compositor_of(scene):
    # The compositing nodes of a scene, switched on, which show the render. From 5.0 they are a node group.
    if hasattr(scene, "node_tree"):
        scene.use_nodes = True
        return scene.node_tree
    if scene.compositing_node_group is None:
        scene.compositing_node_group = tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        layers, end = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("NodeGroupOutput")
        layers.scene = scene
        tree.links.new(layers.outputs["Image"], end.inputs["Image"])
    return scene.compositing_node_group
def rendered(tree):
    return next(node.outputs["Image"] for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
def shown(tree):
    ends = ("CompositorNodeComposite", "NodeGroupOutput")
    return next(node.inputs["Image"] for node in tree.nodes if node.bl_idname in ends)
def writing_node(tree, folder, *more):
    node = tree.nodes.new("CompositorNodeOutputFile")
    if hasattr(node, "file_output_items"):
        node.directory, node.file_name = folder, "written"
        for name in ("Image", *more):
            node.file_output_items.new("RGBA", name)
    else:
        node.base_path = folder
        for name in more:
            node.file_slots.new(name)
    return node
"""
"""Functions for compositing nodes, to be put before `code`: they are the same in all versions of Blender."""
SEQUENCER = """
def strips_of(editor):
    # 4.4 has a new name for it, and 5.0 not the old one.
    return editor.strips if hasattr(editor, "strips") else editor.sequences
def add_effect(editor, name, kind, channel, frames):
    end = {"length": frames} if bpy.app.version >= (5, 0, 0) else {"frame_end": 1 + frames}
    return strips_of(editor).new_effect(name=name, type=kind, channel=channel, frame_start=1, **end)
"""
"""The same for strips in a sequence editor."""
NODE_INPUT = """
def put_node_input(modifier, socket, value):
    # From 5.2 the inputs of a modifier's node group are properties.
    if getattr(modifier, "properties", None) is None:
        modifier[socket.identifier] = value
    else:
        getattr(modifier.properties.inputs, socket.identifier).value = value
"""
"""The same for an input of a modifier's node group."""


def evaluate(gateway: Gateway, code: str) -> Any:
    """The value of the last expression of `code`, which must be JSON."""
    return _value(run(gateway, code))


def _value(message: dict[str, Any]) -> Any:
    assert message["status"] == "success", message["error"]
    return message["result"]["value"]


def run(gateway: Gateway, code: str) -> dict[str, Any]:
    """The whole answer to executed code."""
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
        while True:
            message = json.loads(socket.recv(timeout=30))
            if message["type"] == "result":
                return message
