"""A session that has undone, rolled back, restored and opened much is as fast as a fresh one, and the same."""

from __future__ import annotations

import time

import httpx

from tests.blender_code import evaluate
from tests.gateway import Gateway

OBJECTS = 1500
UNDOS = 6


def filled(blender: httpx.Client, count: int) -> None:
    answer = blender.post("/batch", json={"calls": [{"method": "primitives.cube"}] * count})
    assert {each["status"] for each in answer.json()["result"]["results"]} == {"success"}


def cleared(blender: httpx.Client) -> float:
    began = time.perf_counter()
    answer = blender.delete("/scene")
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return seconds


def test_a_scene_is_cleared_as_fast_after_undos_as_before(blender: httpx.Client) -> None:
    fresh: list[float] = []
    aged: list[float] = []
    for _ in range(2):
        filled(blender, OBJECTS)
        fresh.append(cleared(blender))
        filled(blender, OBJECTS)
        for _ in range(UNDOS):
            assert blender.post("/primitives/cube", json={}).status_code == 201
            assert blender.post("/undo", json={}).status_code == 200
        assert blender.get("/objects?limit=1").json()["result"]["total"] == OBJECTS
        aged.append(cleared(blender))
    # Each undo made all that follows slower by the whole scene: six of them ten times.
    assert min(aged) < 3 * min(fresh), (fresh, aged)


def test_an_undo_keeps_the_scene_and_view_layer_that_are_shown(blender: httpx.Client, gateway: Gateway) -> None:
    shown = "[bpy.context.scene.name, bpy.context.view_layer.name, bpy.context.mode, len(bpy.data.window_managers)]"
    at_first = evaluate(gateway, shown)
    evaluate(
        gateway,
        """
scene = bpy.data.scenes.new("Second")
layer = scene.view_layers.new("Other")
bpy.context.window.scene = scene
bpy.context.window.view_layer = layer
None
""",
    )
    before = evaluate(gateway, shown)
    assert before[:2] == ["Second", "Other"]
    assert blender.post("/primitives/cube", json={}).status_code == 201
    assert blender.post("/undo", json={}).status_code == 200
    assert evaluate(gateway, shown) == before
    assert blender.post("/undo", json={}).status_code == 200
    assert evaluate(gateway, shown) == at_first


def test_a_scene_of_many_objects_is_cleared_with_all_that_stays(blender: httpx.Client, gateway: Gateway) -> None:
    found = [blender.get(path).json()["result"] for path in ("/scene", "/world")]
    assert blender.patch("/scene", json={"name": "Kept", "frame_end": 77, "fps": 30}).status_code == 200
    assert blender.patch("/world", json={"color": [0.1, 0.2, 0.3], "strength": 2}).status_code == 200
    evaluate(gateway, "bpy.data.texts.new('Notes').write('kept')")
    before = blender.get("/scene").json()["result"]
    world = blender.get("/world").json()["result"]
    filled(blender, 4001)
    assert blender.delete("/scene").json()["result"] == {"deleted": 4001}
    assert blender.get("/scene").json()["result"] == before
    assert blender.get("/world").json()["result"] == world
    assert blender.post("/undo", json={}).status_code == 200
    assert blender.get("/objects?limit=1").json()["result"]["total"] == 4001
    assert blender.delete("/scene").json()["result"] == {"deleted": 4001}
    assert evaluate(gateway, "[bpy.data.texts['Notes'].as_string(), len(bpy.data.meshes)]") == ["kept", 0]
    # A cleared scene keeps its settings, also for the next test.
    settings = {field: found[0][field] for field in ("name", "frame_end", "fps")}
    assert blender.patch("/scene", json=settings).status_code == 200
    assert blender.patch("/world", json={field: found[1][field] for field in ("color", "strength")}).status_code == 200
