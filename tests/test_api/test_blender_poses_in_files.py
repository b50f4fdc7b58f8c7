"""A mesh that bones pose, without any movement, is in a file as the scene shows it."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast

import httpx
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.file_readers import read_mesh

POSED = """
armature = bpy.data.armatures.new("Bones")
bones = bpy.data.objects.new("Bones", armature)
bpy.context.scene.collection.objects.link(bones)
bpy.context.view_layer.objects.active = bones
bpy.ops.object.mode_set(mode="EDIT")
bone = armature.edit_bones.new("Up")
bone.head, bone.tail = (0, 0, 0), (0, 0, 1)
bpy.ops.object.mode_set(mode="OBJECT")
mesh = bpy.data.meshes.new("Skin")
mesh.from_pydata(
    [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], [], [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
)
skin = bpy.data.objects.new("Skin", mesh)
bpy.context.scene.collection.objects.link(skin)
skin.vertex_groups.new(name="Up").add([0, 1, 2, 3], 1.0, "REPLACE")
skin.modifiers.new("Armature", "ARMATURE").object = bones
skin.parent = bones
bones.location, bones.scale = (5, 0, 0), (2, 2, 2)
# Along the bone, which is upwards.
bones.pose.bones["Up"].location = (0, 3, 0)
"""
LOW, HIGH = [5, 0, 6], [7, 2, 8]
"""In the scene: 3 up, as large again by the object."""


@pytest.fixture
def posed(blender: httpx.Client, gateway: Gateway) -> httpx.Client:
    evaluate(gateway, POSED)
    return blender


@pytest.mark.parametrize("format", ["glb", "gltf", "fbx", "usd", "abc", "obj", "stl", "ply"])
def test_a_pose_is_in_every_file_as_it_is_shown(posed: httpx.Client, http: httpx.Client, format: str) -> None:
    answer = posed.post("/export", json={"format": format})
    assert answer.status_code == 200, answer.text
    content = http.get(answer.json()["result"]["artifact"]["url"]).content
    stl = content
    if format != "stl":
        made = http.post("/api/v1/convert", params={"to": "stl"}, files={"file": (f"posed.{format}", content)})
        assert made.status_code == 200, made.text
        stl = http.get(made.json()["result"]["artifact"]["url"]).content
    mesh: Any = cast("Any", trimesh).load(BytesIO(stl), file_type="stl", force="mesh", process=False)
    assert mesh.bounds.ravel() == pytest.approx([*LOW, *HIGH], abs=1e-4)


@pytest.mark.parametrize("format", ["glb", "fbx"])
def test_another_application_gets_the_pose_as_well(posed: httpx.Client, http: httpx.Client, format: str) -> None:
    answer = posed.post("/export", json={"format": format})
    content = http.get(answer.json()["result"]["artifact"]["url"]).content
    made = http.post("/api/v1/convert", params={"to": "3mf"}, files={"file": (f"posed.{format}", content)})
    assert made.status_code == 200, made.text
    found = read_mesh(http.get(made.json()["result"]["artifact"]["url"]).content, "3mf").values()
    # What the bones are in is an object, too.
    (part,) = [each for each in found if len(each.faces)]
    assert part.bounds.ravel() == pytest.approx([1000 * each for each in (*LOW, *HIGH)], abs=0.1)
