"""A value that keyframes will set again stays as it was sent: through a snapshot, an undo and a kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another

KEYS = {"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": 9, "value": [1, 0, 0]}]}
MATERIAL = """
mat = bpy.data.materials.new("Glow")
mat.use_nodes = True
socket = mat.node_tree.nodes[0].inputs[0]
socket.keyframe_insert("default_value", frame=1)
mat["level"] = 1.0
mat.keyframe_insert('["level"]', frame=1)
socket.default_value = (0.25, 0.5, 0.75, 1)
mat["level"] = 3.0
bpy.data.objects["Cube"].data.materials.append(mat)
"""
MATERIAL_NOW = """
mat = bpy.data.materials["Glow"]
[[round(each, 4) for each in mat.node_tree.nodes[0].inputs[0].default_value], mat["level"], "cadgate_overruled" in mat]
"""


def moved_by_patch(blender: httpx.Client, gateway: Gateway) -> None:
    answer = blender.patch("/objects/Cube", json={"location": [5, 6, 7]})
    assert [each["code"] for each in answer.json()["result"]["warnings"]] == ["animated"]
    evaluate(gateway, "1")  # code is followed by a snapshot


def moved_by_operator(blender: httpx.Client, gateway: Gateway) -> None:
    body = {"properties": {"value": [5, 6, 7]}, "context": {"selected": ["Cube"]}}
    assert blender.post("/operators/transform.translate", json=body).status_code == 200


def moved_by_code(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, "bpy.data.objects['Cube'].location = (5, 6, 7)")


def animate(blender: httpx.Client) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
    assert blender.post("/objects/Cube/animation", json=KEYS).status_code == 201


def location(blender: httpx.Client, name: str = "Cube") -> Any:
    return blender.get(f"/objects/{name}").json()["result"]["location"]


@pytest.mark.parametrize("move", [moved_by_patch, moved_by_operator, moved_by_code])
def test_it_stays_after_an_undo(
    blender: httpx.Client, gateway: Gateway, move: Callable[[httpx.Client, Gateway], None]
) -> None:
    animate(blender)
    move(blender, gateway)
    copied = blender.post("/objects/Cube/duplicate", json={"name": "Copy"})
    assert copied.json()["result"]["location"] == [5, 6, 7]
    assert blender.delete("/objects/Cube").status_code == 200
    undone = blender.post("/undo")
    assert undone.status_code == 200, undone.text
    assert (location(blender), location(blender, "Copy")) == ([5, 6, 7], [5, 6, 7])
    assert blender.post("/undo").status_code == 200
    assert location(blender) == [5, 6, 7]


def test_it_stays_after_a_kill(own_blender: Gateway) -> None:
    own_blender.start()
    with own_blender.client("/api/v1/blender") as blender:
        animate(blender)
        evaluate(own_blender, MATERIAL)
        moved_by_operator(blender, own_blender)
        assert blender.post("/objects/Cube/duplicate", json={"name": "Copy"}).status_code == 201
        shown = evaluate(own_blender, MATERIAL_NOW)
        assert shown == [[0.25, 0.5, 0.75, 1.0], 3.0, False]
        pid = own_blender.application_pid("blender")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: is_another(own_blender.health("blender").get("result", {}), pid), what="another Blender")
        assert (location(blender), location(blender, "Copy")) == ([5, 6, 7], [5, 6, 7])
        assert evaluate(own_blender, MATERIAL_NOW) == shown
