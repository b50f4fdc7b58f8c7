"""FBX files of Blender's own exporter, which leaves out curves of what stays: what they move, moves after an import."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

MAKE = """
import base64, os, tempfile
mesh = bpy.data.meshes.new("Lift")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
lift = bpy.data.objects.new("Lift", mesh)
bpy.context.scene.collection.objects.link(lift)
lift.location = (5, 6, 7)
for path, axis in MOVES:
    lift.keyframe_insert(path, frame=1)
    value = getattr(lift, path)
    value[axis] += 1.5
    lift.keyframe_insert(path, frame=10)
bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 10
path = os.path.join(tempfile.gettempdir(), "moving.fbx")
bpy.ops.export_scene.fbx(filepath=path, bake_anim_use_all_actions=False, bake_anim_use_nla_strips=False)
data = open(path, "rb").read()
os.remove(path)
"""
SHOWN = """
found = []
for frame in (1, 4, 10):
    bpy.context.scene.frame_set(frame)
    found.append([value for row in bpy.data.objects["Lift"].matrix_world for value in row])
bpy.context.scene.frame_set(1)
"""


@pytest.mark.parametrize(
    "moves",
    [
        [("location", 2)],
        [("rotation_euler", 1)],
        [("scale", 1)],
        [("location", 1), ("rotation_euler", 2), ("scale", 2)],
        [("location", 0)],
    ],
)
def test_movement_along_any_axis_is_there_after_an_import(
    blender: httpx.Client, gateway: Gateway, moves: list[tuple[str, int]]
) -> None:
    made: dict[str, Any] = evaluate(
        gateway,
        f"MOVES = {moves}\n{MAKE}\n{SHOWN}\n"
        "bpy.data.objects.remove(lift)\n"
        '{"file": base64.b64encode(data).decode(), "shown": found}',
    )
    answer = blender.post("/import", files={"file": ("moving.fbx", base64.b64decode(made["file"]))})
    assert answer.status_code == 200, answer.text
    assert [each["name"] for each in answer.json()["result"]["objects"]] == ["Lift"]
    seen = evaluate(gateway, f"{SHOWN}\nfound")
    for frame, wanted in zip(seen, made["shown"], strict=True):
        assert frame == pytest.approx(wanted, abs=1e-4)
    assert seen[0] != pytest.approx(seen[2], abs=0.1)


def test_a_damaged_file_is_still_refused(blender: httpx.Client, gateway: Gateway) -> None:
    made = evaluate(gateway, f"MOVES = [('location', 2)]\n{MAKE}\nbase64.b64encode(data).decode()")
    data = base64.b64decode(made)
    assert blender.post("/import", files={"file": ("cut.fbx", data[: len(data) // 2])}).status_code == 422
