"""Blender's scene and world over HTTP: described, changed, cleared, saved, opened."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.gateway import Gateway
from tests.pictures import hue, images_kept, png, rendered

GREY = {"color": [0.05, 0.05, 0.05, 1.0], "strength": 1.0, "image": None}


def scene(blender: httpx.Client) -> dict[str, Any]:
    answer = blender.get("/scene")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def settings(blender: httpx.Client) -> dict[str, Any]:
    """The settings that a new session has, put back: clearing a scene keeps them."""
    wanted = {"frame_start": 1, "frame_end": 250, "frame": 1, "engine": "eevee"}
    answer = blender.patch("/scene", json=wanted)
    assert answer.status_code == 200, answer.text
    return wanted


# --- description and clearing ------------------------------------------------------------------------------------


def test_an_empty_scene_has_no_objects_no_camera_and_blenders_own_settings(
    blender: httpx.Client, settings: dict[str, Any]
) -> None:
    found = scene(blender)
    assert (found["objects"], found["object_count"], found["camera"]) == ([], 0, None)
    assert found["name"] == "Scene"
    assert found["unit_system"].lower() == "metric"
    assert {field: found[field] for field in settings} == settings


def test_the_scene_lists_its_objects_by_name_with_type_and_location(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Zeta", "location": [1, 2, 3]})
    blender.post("/light", json={"name": "Alpha", "location": [0, 0, 4]})
    blender.post("/camera", json={"name": "Eye"})
    found = scene(blender)
    assert found["objects"] == [
        {"name": "Alpha", "type": "LIGHT", "location": [0.0, 0.0, 4.0]},
        {"name": "Eye", "type": "CAMERA", "location": [0.0, 0.0, 0.0]},
        {"name": "Zeta", "type": "MESH", "location": [1.0, 2.0, 3.0]},
    ]
    assert found["object_count"] == 3
    assert found["camera"] == "Eye"


def test_clearing_says_how_many_objects_it_removed_and_leaves_none(blender: httpx.Client) -> None:
    for name in ("A", "B"):
        blender.post("/primitives/cube", json={"name": name})
    blender.post("/camera", json={})
    assert blender.delete("/scene").json() == {"status": "success", "result": {"deleted": 3}}
    assert (scene(blender)["objects"], scene(blender)["camera"]) == ([], None)
    assert blender.get("/objects").json()["result"]["total"] == 0
    assert blender.delete("/scene").json()["result"] == {"deleted": 0}


def test_clearing_removes_materials_also_those_that_nothing_used(blender: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Used"})
    blender.post("/materials", json={"name": "Unused"})
    blender.post("/primitives/cube", json={"material": "Used"})
    blender.delete("/scene")
    assert blender.get("/materials").json()["result"] == {"materials": [], "total": 0}


def test_after_clearing_every_name_is_free_again_for_object_mesh_and_material(blender: httpx.Client) -> None:
    for _ in range(2):
        assert blender.post("/materials", json={"name": "Red"}).json()["result"]["name"] == "Red"
        assert blender.post("/primitives/cube", json={"name": "Box"}).json()["result"]["name"] == "Box"
        assert blender.post("/primitives/cube", json={}).json()["result"]["name"] == "Cube"
        blender.delete("/scene")


def test_a_dry_run_of_clearing_removes_nothing(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    assert blender.delete("/scene", params={"dry_run": "true"}).status_code == 200
    assert scene(blender)["object_count"] == 1


# --- settings ----------------------------------------------------------------------------------------------------


def test_settings_are_changed_one_by_one_and_read_back(blender: httpx.Client, settings: dict[str, Any]) -> None:
    changed = blender.patch("/scene", json={"frame_start": 300, "frame_end": 400, "frame": 310, "engine": "cycles"})
    assert changed.status_code == 200
    assert changed.json()["result"] == scene(blender)
    assert (scene(blender)["frame_start"], scene(blender)["frame_end"], scene(blender)["frame"]) == (300, 400, 310)
    assert scene(blender)["engine"] == "cycles"
    blender.patch("/scene", json={"engine": "workbench"})
    assert (scene(blender)["frame_start"], scene(blender)["engine"]) == (300, "workbench")


@pytest.mark.parametrize(
    "wanted",
    [
        {"frame_start": 251},
        {"frame_start": 20, "frame_end": 10},
        {"frame_start": -1},
        {"frame_end": 2_000_000},
        {"frame": 1.5},
        {"engine": "povray"},
        {"engine": None},
        {"frame_start": None},
        {"gravity": 9.81},
    ],
)
def test_settings_that_cannot_be_are_refused_and_change_nothing(
    blender: httpx.Client, settings: dict[str, Any], wanted: dict[str, Any]
) -> None:
    before = scene(blender)
    assert code(blender.patch("/scene", json={"frame": 7, **wanted})) == (422, "validation_error")
    assert scene(blender) == before


def test_the_active_camera_is_one_of_the_cameras_or_none(blender: httpx.Client) -> None:
    blender.post("/camera", json={"name": "One"})
    blender.post("/camera", json={"name": "Two"})
    blender.post("/primitives/cube", json={"name": "Box"})
    assert blender.patch("/scene", json={"camera": "One"}).json()["result"]["camera"] == "One"
    assert code(blender.patch("/scene", json={"camera": "Box"})) == (422, "validation_error")
    missing = blender.patch("/scene", json={"camera": "Tow"})
    assert code(missing) == (404, "object_not_found")
    assert missing.json()["error"]["details"]["did_you_mean"] == ["Two"]
    assert scene(blender)["camera"] == "One"
    assert blender.patch("/scene", json={"camera": None}).json()["result"]["camera"] is None


# --- files -------------------------------------------------------------------------------------------------------


def test_a_saved_scene_is_a_blend_artifact_and_opens_again_as_it_was(blender: httpx.Client, http: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Rød", "color": [1, 0, 0]})
    blender.post("/materials", json={"name": "Unused"})
    cube = blender.post("/primitives/cube", json={"name": "Kasse/1", "location": [1, 2, 3], "material": "Rød"})
    blender.post("/camera", json={"name": "Eye", "location": [0, -9, 0], "look_at": [1, 2, 3]})
    before = scene(blender)
    saved = blender.post("/scene/save", json={"filepath": "kept/house.blend"})
    assert saved.status_code == 200
    artifact = saved.json()["result"]["artifact"]
    assert artifact["name"] == "kept/house.blend"
    content = http.get(artifact["url"]).content
    assert len(content) == artifact["size"]

    blender.delete("/scene")
    blender.post("/primitives/cube", json={"name": "Other"})
    opened = blender.post("/scene/open", json={"artifact": artifact["id"]})
    assert opened.status_code == 200
    assert (
        {**opened.json()["result"], "warnings": []} == {**before, "warnings": []} == {**scene(blender), "warnings": []}
    )
    assert blender.get("/objects/Kasse%2F1").json()["result"] == cube.json()["result"]
    assert [each["name"] for each in blender.get("/materials").json()["result"]["materials"]] == ["Rød", "Unused"]

    blender.delete("/scene")
    uploaded = blender.post("/scene/open", files={"file": ("house.blend", content)})
    assert [each["name"] for each in uploaded.json()["result"]["objects"]] == ["Eye", "Kasse/1"]


def test_the_file_itself_is_answered_where_accept_asks_for_it(blender: httpx.Client) -> None:
    answer = blender.post("/scene/save", json={}, headers={"Accept": "application/x-blender"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-blender"
    assert answer.content.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd"))
    assert answer.headers["x-artifact-id"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("house.blend", b"BLENDER-v405 and then nothing of the kind", "command_failed"),
        ("house.blend", b"hello", "unsupported_format"),
        ("house.glb", b"glTF....", "unsupported_format"),
        ("house.blend", b"", "validation_error"),
    ],
)
def test_a_file_that_is_no_scene_is_refused_and_the_scene_stays(
    blender: httpx.Client, name: str, content: bytes, expected: str
) -> None:
    blender.post("/primitives/cube", json={"name": "Mine"})
    assert code(blender.post("/scene/open", files={"file": (name, content)})) == (422, expected)
    assert [each["name"] for each in scene(blender)["objects"]] == ["Mine"]


def test_a_scene_is_not_opened_from_an_artifact_that_does_not_exist(blender: httpx.Client) -> None:
    assert code(blender.post("/scene/open", json={"artifact": "0" * 32})) == (404, "artifact_not_found")


@pytest.mark.parametrize("filepath", ["../house.blend", "/tmp/house.blend", "a//b.blend", "a\\b.blend"])
def test_a_scene_is_never_saved_outside_the_workspace(blender: httpx.Client, filepath: str) -> None:
    assert code(blender.post("/scene/save", json={"filepath": filepath})) == (422, "path_not_allowed")


def test_a_dry_run_of_opening_and_importing_changes_nothing(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Inside"})
    artifact = blender.post("/scene/save").json()["result"]["artifact"]["id"]
    blender.delete("/scene")
    for path in ("/scene/open", "/import"):
        answer = blender.post(path, json={"artifact": artifact}, params={"dry_run": "true"})
        assert answer.json() == {"status": "success", "result": {"dry_run": True}}
    assert scene(blender)["objects"] == []


def test_subscribers_of_the_scene_learn_what_happened_to_it(blender: httpx.Client, gateway: Gateway) -> None:
    artifact = blender.post("/scene/save").json()["result"]["artifact"]["id"]
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["scene"]}))
        while json.loads(socket.recv(timeout=10))["type"] != "result":
            pass
        blender.delete("/scene")
        blender.patch("/scene", json={"frame": 1})
        blender.patch("/scene", json={"frame": 2}, params={"dry_run": "true"})
        blender.post("/scene/open", json={"artifact": artifact})
        seen: list[str] = []
        while len(seen) < 3:
            message = json.loads(socket.recv(timeout=10))
            if message["type"] == "event":
                seen.append(message["data"]["action"])
    assert seen == ["cleared", "changed", "opened"]


def test_subscribers_learn_what_an_opened_file_replaced(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/primitives/cube", json={"name": "Inside"})
    artifact = blender.post("/scene/save", json={}).json()["result"]["artifact"]["id"]
    blender.delete("/scene")
    blender.post("/primitives/cube", json={"name": "Before"})
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["objects"]}))
        while json.loads(socket.recv(timeout=10))["type"] != "result":
            pass
        assert blender.post("/scene/open", json={"artifact": artifact}).status_code == 200
        seen: dict[str, str] = {}
        while len(seen) < 2:
            message = json.loads(socket.recv(timeout=10))
            if message["type"] == "event":
                seen[message["data"]["name"]] = message["data"]["action"]
    assert seen == {"Before": "deleted", "Inside": "created"}


# --- the world ---------------------------------------------------------------------------------------------------


@pytest.fixture
def world(blender: httpx.Client) -> None:
    """A grey world, as a new session has it: clearing a scene keeps the world."""
    answer = blender.patch("/world", json={"color": GREY["color"], "strength": 1})
    assert {field: answer.json()["result"][field] for field in GREY} == GREY


@pytest.mark.usefixtures("world")
def test_the_worlds_colour_and_strength_are_changed_alone_and_read_back(blender: httpx.Client) -> None:
    assert blender.patch("/world", json={"color": "#ff0000"}).status_code == 200
    blender.patch("/world", json={"strength": 0.5})
    found = blender.get("/world").json()["result"]
    assert (found["color"], found["strength"], found["image"]) == ([1.0, 0.0, 0.0, 1.0], 0.5, None)
    blender.patch("/world", json={"color": GREY["color"], "strength": 1})


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("wanted", [{"strength": -1}, {"color": [2, 0, 0]}, {"color": None}, {"fog": True}])
def test_a_world_that_cannot_be_is_refused(blender: httpx.Client, wanted: dict[str, Any]) -> None:
    assert code(blender.patch("/world", json=wanted)) == (422, "validation_error")
    found = blender.get("/world").json()["result"]
    assert {field: found[field] for field in GREY} == GREY


@pytest.mark.usefixtures("world")
def test_an_image_surrounds_the_scene_in_renders_until_a_colour_takes_its_place(
    blender: httpx.Client, gateway: Gateway
) -> None:
    blender.post("/camera", json={"rotation": [90, 0, 0]})
    set_ = blender.post("/world/image", files={"file": ("sky.png", png((0, 255, 0)))})
    assert set_.status_code == 200
    assert set_.json()["result"]["image"].startswith("sky.png")
    assert hue(rendered(blender)) == "green"
    blender.patch("/world", json={"color": [0, 0, 1]})
    assert blender.get("/world").json()["result"]["image"] is None
    assert hue(rendered(blender)) == "blue"
    assert images_kept(gateway) == []
    blender.patch("/world", json={"color": GREY["color"]})


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("name", "content"), [("sky.png", b"\x89PNG\r\n\x1a\nno"), ("sky.txt", b"hello")])
def test_surroundings_that_are_no_image_are_refused(blender: httpx.Client, name: str, content: bytes) -> None:
    assert code(blender.post("/world/image", files={"file": (name, content)})) == (422, "unsupported_format")
    assert blender.get("/world").json()["result"]["image"] is None
