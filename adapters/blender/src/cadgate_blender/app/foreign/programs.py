"""Removes programs from a file: Python that Blender would run, and what Cycles would compile."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

from cadgate_blender.app.foreign.losses import Losses, owner
from cadgate_blender.app.foreign.walking import trees
from cadgate_blender.app.snapshots import blocks

_PYTHON = "Python in files is not run"
_SHADER = "programs for Cycles can read files"


def take_out(losses: Losses) -> None:
    """Switch off, mute or remove everything in the open file that names Python or another program."""
    for text in bpy.data.texts:
        if text.use_module:
            losses.code(owner("text", text.name), "the run at the start", _PYTHON)
            text.use_module = False
    for block, curve in _drivers():
        driver = curve.driver
        if not curve.mute and driver.type == "SCRIPTED" and not driver.is_simple_expression:
            losses.code(owner(block.id_type, block.name), f"the driver of {curve.data_path!r}", _PYTHON)
            curve.mute = True
    for obj in bpy.data.objects:
        for constraint in _constraints(obj):
            # Up to 4.4.
            if constraint.type == "SCRIPT" and constraint.text is not None:
                losses.code(owner("object", obj.name), f"the constraint {constraint.name!r}", _PYTHON)
                constraint.text, constraint.mute = None, True
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            for module in layer.freestyle_settings.modules:
                if module.script is not None:
                    losses.code(owner("scene", scene.name), f"the line style of the view layer {layer.name!r}", _PYTHON)
                    module.script, module.use = None, False
    for block, tree in trees():
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeScript":
                _take_out_shader(block, node, losses)
    for camera in bpy.data.cameras:
        if getattr(camera, "custom_shader", None) is not None or getattr(camera, "custom_bytecode", ""):
            losses.code(owner("camera", camera.name), "the lens", _SHADER)
            camera.custom_shader, camera.custom_bytecode = None, ""


def _take_out_shader(block: Any, node: Any, losses: Losses) -> None:
    losses.code(owner(block.id_type, block.name), f"the script node {node.name!r}", _SHADER)
    node.script, node.filepath, node.bytecode, node.mute = None, "", "", True


def _constraints(obj: Any) -> Iterator[Any]:
    yield from obj.constraints
    for bone in () if obj.pose is None else obj.pose.bones:
        yield from bone.constraints


def _drivers() -> Iterator[tuple[Any, Any]]:
    """Yield every driver, and the data-block that it belongs to."""
    for block in list(blocks()):
        for each in (block, getattr(block, "node_tree", None), getattr(block, "shape_keys", None)):
            animation = getattr(each, "animation_data", None)
            for curve in () if animation is None else animation.drivers:
                yield block, curve
