"""Files that lead out of themselves, on the real Blender: what they lose, what is said, and what `trusted` keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.blender_code import COMPOSITOR, evaluate
from tests.gateway import Gateway

pytestmark = pytest.mark.security

MAKE = """
import os
scene = bpy.data.scenes.new("Foreign")
image = bpy.data.images.new("Wood", 4, 4)
image.filepath_raw, image.file_format = {picture!r}, "PNG"
image.save()
bpy.data.images.remove(image)
mesh = bpy.data.meshes.new("Part")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
material = bpy.data.materials.new("Wood")
material.use_nodes = True
material.node_tree.nodes.new("ShaderNodeTexImage").image = bpy.data.images.load({picture!r})
mesh.materials.append(material)
part = bpy.data.objects.new("Part", mesh)
curve = part.driver_add("location", 0)
curve.driver.expression = "len(str(frame)) + 1"
text = bpy.data.texts.new("start.py")
text.use_module = True
text.use_fake_user = True
bpy.data.libraries.write({path!r}, {{part, text}}, path_remap="ABSOLUTE", fake_user=True)
bpy.data.objects.remove(part)
bpy.data.scenes.remove(scene)
for block in (bpy.data.images["wood.png"], material, mesh, text):
    block.use_fake_user = False
bpy.data.texts.remove(text)
bpy.data.orphans_purge(do_recursive=True)
None
"""
HELD = """
[[each.filepath for each in bpy.data.images],
 [[curve.mute for curve in obj.animation_data.drivers] for obj in bpy.data.objects if obj.animation_data],
 [each.use_module for each in bpy.data.texts]]
"""


@pytest.fixture
def foreign(blender: httpx.Client, gateway: Gateway) -> Iterator[bytes]:
    # A sandbox lets code write in its own folders only; this one is not the workspace, where files may lead.
    folder = gateway.state_dir / "sessions" / "blender" / "home" / "foreign"
    path = folder / "foreign.blend"
    evaluate(gateway, f"import os; os.makedirs({str(folder)!r}, exist_ok=True)")
    evaluate(gateway, MAKE.format(picture=str(folder / "wood.png"), path=str(path)))
    yield path.read_bytes()
    evaluate(gateway, "[bpy.data.texts.remove(text) for text in list(bpy.data.texts)] and None")


def messages(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {each["code"]: each["message"] for each in answer.json()["result"]["warnings"]}


@pytest.mark.parametrize("door", ["/scene/open", "/import"])
def test_what_a_blend_loses_is_named(blender: httpx.Client, gateway: Gateway, foreign: bytes, door: str) -> None:
    said = messages(blender.post(door, files={"file": ("foreign.blend", foreign)}))
    assert set(said) == {"missing_files", "code_left_out"}
    assert "image 'wood.png' (filepath)" in said["missing_files"]
    assert "the driver of 'location' of object 'Part'" in said["code_left_out"]
    assert "the run at the start of text 'start.py" in said["code_left_out"]
    pictures, drivers, texts = evaluate(gateway, HELD)
    assert pictures in ([], [""])
    assert drivers == [[True]]
    assert texts in ([], [False])


@pytest.mark.parametrize("door", ["/scene/open", "/import"])
def test_a_trusted_blend_is_as_it_is(blender: httpx.Client, gateway: Gateway, foreign: bytes, door: str) -> None:
    answer = blender.post(door, files={"file": ("foreign.blend", foreign)}, data={"trusted": "true"})
    assert messages(answer) == {}
    pictures, drivers, texts = evaluate(gateway, HELD)
    assert pictures == [str(gateway.state_dir / "sessions" / "blender" / "home" / "foreign" / "wood.png")]
    assert drivers == [[False]]
    assert texts in ([], [True])


WRITES = """
def writes(tree):
    node = writing_node(tree, folder)
    color = tree.nodes.new("CompositorNodeRGB")
    tree.links.new(color.outputs[0], node.inputs[0])
inner = bpy.data.scenes.new("Inner")
inner.render.engine, inner.cycles.samples = "CYCLES", 1
inner.render.resolution_x, inner.render.resolution_y = 32, 24
writes(compositor_of(inner))
group = bpy.data.node_groups.new("Group", "CompositorNodeTree")
writes(group)
compositor_of(inner).nodes.new("CompositorNodeGroup").node_tree = group
eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
inner.collection.objects.link(eye)
inner.camera = eye
scene = bpy.context.scene
editor = scene.sequence_editor_create()
(editor.strips if hasattr(editor, "strips") else editor.sequences).new_scene("Strip", inner, 1, 1)
None
"""
CLEAN = """
bpy.context.scene.sequence_editor_clear()
bpy.data.scenes.remove(bpy.data.scenes["Inner"])
[bpy.data.node_groups.remove(group) for group in list(bpy.data.node_groups)]
None
"""


def test_a_render_writes_nothing_but_its_picture_whatever_scene_it_shows(
    blender: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    blender.post("/primitives/cube", json={})
    evaluate(gateway, f"folder = {str(tmp_path)!r}\n" + COMPOSITOR + WRITES)
    try:
        answer = blender.post("/render", json={"resolution": [32, 24], "samples": 1})
        assert answer.status_code == 200, answer.text
        assert list(tmp_path.iterdir()) == []
        kept = "[node.bl_idname for node in compositor_of(bpy.data.scenes['Inner']).nodes]"
        assert evaluate(gateway, COMPOSITOR + kept).count("CompositorNodeOutputFile") == 1
    finally:
        evaluate(gateway, CLEAN)


def glb(document: dict[str, Any]) -> bytes:
    return json.dumps({"asset": {"version": "2.0"}, **document}).encode()


@pytest.mark.parametrize(
    "document",
    [
        {"buffers": [{"byteLength": 4, "uri": "/etc/passwd"}]},
        {"images": [{"uri": "file:///etc/passwd"}]},
        {"extensions": {"EXT_lights_ies": {"lights": [{"uri": "/etc/passwd"}]}}},
    ],
)
def test_a_gltf_that_refers_to_a_file_anywhere_is_refused(blender: httpx.Client, document: dict[str, Any]) -> None:
    answer = blender.post("/import", files={"file": ("a.gltf", glb(document))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_format")
