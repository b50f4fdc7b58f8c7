"""An empty that shows a picture, as modellers have them for reference, is an object like others."""

from __future__ import annotations

import httpx

from tests.blender_code import evaluate
from tests.gateway import Gateway

MADE = """
picture = bpy.data.objects.new("Picture", None)
picture.empty_display_type = "IMAGE"
picture.data = bpy.data.images.new("Drawing", 8, 8)
bpy.context.scene.collection.objects.link(picture)
[picture.type, picture.empty_display_type]
"""


def test_a_picture_is_listed_changed_and_looked_at(blender: httpx.Client, gateway: Gateway) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
    assert evaluate(gateway, MADE) == ["EMPTY", "IMAGE"]
    listed = blender.get("/objects").json()["result"]["objects"]
    assert sorted(each["name"] for each in listed) == ["Cube", "Picture"]
    moved = blender.patch("/objects/Picture", json={"location": [1, 2, 3]})
    assert moved.json()["result"]["location"] == [1, 2, 3]
    keys = {"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": 9, "value": [1, 0, 0]}]}
    assert blender.post("/objects/Picture/animation", json=keys).status_code in (200, 201)
    assert len(blender.get("/objects/Picture/animation").json()["result"]["curves"]) == 3
    body = {"properties": {"value": [0, 0, 1]}, "context": {"selected": ["Picture"]}}
    ran = blender.post("/operators/transform.translate", json=body)
    assert ran.status_code == 200, ran.text
    assert blender.post("/objects/Picture/duplicate", json={}).status_code == 201
    assert blender.post("/look", json={}).status_code == 200
    assert blender.post("/export", json={"format": "glb"}).status_code == 200
    assert blender.delete("/objects/Picture").status_code == 200
    undone = blender.post("/undo")
    assert undone.status_code == 200, undone.text
    assert blender.get("/objects/Picture").status_code == 200
