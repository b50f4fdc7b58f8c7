"""Undo in Blender: the journal is replayed without the last request, so every method must be there to be replayed."""

from __future__ import annotations

import httpx


def test_undo_replays_modifiers_that_were_added_and_changed_before(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Rounded"})
    bevel = blender.post("/objects/Rounded/modifiers", json={"type": "bevel", "width": 0.2})
    assert bevel.json()["result"]["modifiers"] == ["Bevel"]
    changed = blender.patch("/objects/Rounded/modifiers/Bevel", json={"segments": 3, "show_viewport": False})
    assert changed.status_code == 200, changed.text
    before = blender.get("/objects/Rounded").json()["result"]
    assert blender.post("/primitives/cube", json={"name": "Wrong"}).status_code == 201

    undone = blender.post("/undo")

    assert undone.json()["result"]["undone"] == "primitives.cube", undone.text
    assert blender.get("/objects/Wrong").status_code == 404
    assert blender.get("/objects/Rounded").json()["result"] == before
    told = blender.get("/objects/Rounded/modifiers").json()["result"]["modifiers"]
    assert [(one["name"], one["settings"]["segments"], one["show_viewport"]) for one in told] == [("Bevel", 3, False)]
    assert blender.post("/primitives/cube", json={}).status_code == 201


def test_undo_replays_cameras_and_lights_that_were_made_and_changed_before(blender: httpx.Client) -> None:
    blender.post("/camera", json={"name": "View", "location": [5, -5, 5], "look_at": [0, 0, 0]})
    blender.post("/light", json={"name": "Key", "kind": "area", "location": [1, 1, 4], "look_at": [0, 0, 0]})
    assert blender.patch("/light/Key", json={"energy": 300}).status_code == 200
    assert blender.patch("/camera/View", json={"lens": 80}).status_code == 200
    before = [blender.get(path).json()["result"] for path in ("/camera/View", "/light/Key", "/objects/Key")]
    blender.post("/primitives/sphere", json={})

    undone = blender.post("/undo")

    assert undone.json()["result"]["undone"] == "primitives.sphere", undone.text
    after = [blender.get(path).json()["result"] for path in ("/camera/View", "/light/Key", "/objects/Key")]
    assert after == before
