"""Blender's renders over HTTP: what their pixels show, what they leave behind, and what is refused or stopped."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from websockets.sync.client import connect

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import hue, pixel

QUICK = {"resolution": [48, 32], "engine": "cycles", "samples": 4, "denoise": False}
MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "exr": "image/x-exr", "webp": "image/webp"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def render(blender: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = blender.post("/render", json={**QUICK, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def picture(http: httpx.Client, result: dict[str, Any]) -> Image.Image:
    content = http.get(result["artifact"]["url"]).content
    assert hashlib.sha256(content).hexdigest() == result["artifact"]["sha256"]
    assert len(content) == result["artifact"]["size"]
    return Image.open(BytesIO(content))


def warnings(result: dict[str, Any]) -> list[str]:
    return [each["code"] for each in result["warnings"]]


@pytest.fixture
def red(blender: httpx.Client) -> httpx.Client:
    """A red cube at the origin, and neither camera nor light."""
    assert blender.post("/materials", json={"name": "Red", "color": [1, 0, 0]}).status_code == 201
    assert blender.post("/primitives/cube", json={"name": "Cube", "material": "Red"}).status_code == 201
    return blender


@pytest.fixture
def scene(red: httpx.Client) -> httpx.Client:
    """The same with a camera in front of it and a sun."""
    assert red.post("/camera", json={"location": [0, -8, 0], "look_at": [0, 0, 0]}).status_code == 201
    sun = {"kind": "sun", "energy": 3, "location": [0, -5, 3], "look_at": [0, 0, 0]}
    assert red.post("/light", json=sun).status_code == 201
    # Clearing the scene leaves the world as others have made it.
    assert red.patch("/world", json={"color": [0.05, 0.05, 0.05], "strength": 1}).status_code == 200
    return red


# --- pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cycles", "workbench"])
def test_a_red_cube_is_red_in_the_middle_and_grey_around(scene: httpx.Client, http: httpx.Client, engine: str) -> None:
    result = render(scene, engine=engine)
    assert (result["width"], result["height"], result["engine"], result["samples"]) == (48, 32, engine, 4)
    assert result["artifact"]["media_type"] == "image/png"
    assert result["artifact"]["name"] == "render.png"
    assert result["seconds"] > 0
    assert result["warnings"] == []
    shown = picture(http, result)
    assert (shown.size, shown.mode) == ((48, 32), "RGB")
    assert hue(shown) == "red"
    corner = pixel(shown, 0, 0)
    assert max(corner) - min(corner) < 12


def test_without_camera_and_light_the_objects_are_framed_and_lit_and_nothing_stays(
    red: httpx.Client, http: httpx.Client
) -> None:
    red.patch("/objects/Cube", json={"location": [500, -300, 40], "scale": [30, 30, 30]})
    before = red.get("/objects").json()["result"]
    result = render(red)
    assert warnings(result) == ["temporary_camera", "temporary_sun"]
    shown = picture(http, result).convert("RGB")
    assert hue(shown) == "red"
    assert [hue(shown, x, y) for x in (0, 1) for y in (0, 1)] == [None] * 4
    assert red.get("/objects").json()["result"] == before
    assert red.get("/scene").json()["result"]["camera"] is None


def test_the_frame_holds_all_objects_however_far_apart(red: httpx.Client, http: httpx.Client) -> None:
    red.post("/materials", json={"name": "Blue", "color": [0, 0, 1]})
    red.post("/primitives/cube", json={"location": [6, 0, 0], "material": "Blue"})
    shown = picture(http, render(red, engine="workbench", resolution=[96, 64])).convert("RGB")
    hues = {hue(shown, x / 24, y / 16) for x in range(25) for y in range(17)}
    assert hues == {"red", "blue", None}


def test_an_empty_scene_is_a_picture_of_the_world(blender: httpx.Client, http: httpx.Client) -> None:
    blender.patch("/world", json={"color": [0, 0.4, 0], "strength": 1})
    try:
        assert hue(picture(http, render(blender)).convert("RGB")) == "green"
    finally:
        blender.patch("/world", json={"color": [0.05, 0.05, 0.05], "strength": 1})


def test_a_transparent_film_shows_the_object_only(scene: httpx.Client, http: httpx.Client) -> None:
    shown = picture(http, render(scene, transparent=True))
    assert shown.mode == "RGBA"
    alpha = shown.getchannel("A")
    assert (alpha.getpixel((0, 0)), alpha.getpixel((24, 16))) == (0, 255)


@pytest.mark.parametrize(
    ("format", "suffix", "head"),
    [
        ("png", ".png", b"\x89PNG\r\n\x1a\n"),
        ("jpeg", ".jpg", b"\xff\xd8\xff"),
        ("exr", ".exr", b"\x76\x2f\x31\x01"),
        ("webp", ".webp", b"RIFF"),
    ],
)
def test_every_format_is_written_and_answered_itself_where_accept_asks(
    scene: httpx.Client, http: httpx.Client, format: str, suffix: str, head: bytes
) -> None:
    body = {**QUICK, "format": format, "output": "shots/front"}
    answer = scene.post("/render", json=body, headers={"Accept": MEDIA_TYPES[format]})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == MEDIA_TYPES[format]
    assert answer.content.startswith(head)
    stored = http.get(f"/api/v1/artifacts/{answer.headers['X-Artifact-Id']}")
    assert stored.content == answer.content
    listed = {each["id"]: each["name"] for each in http.get("/api/v1/artifacts").json()["result"]["artifacts"]}
    assert listed[answer.headers["X-Artifact-Id"]] == f"shots/front{suffix}"


def test_the_suffix_of_the_output_says_the_format(scene: httpx.Client) -> None:
    artifact = render(scene, output="front.JPEG", engine="workbench")["artifact"]
    assert (artifact["name"], artifact["media_type"]) == ("front.JPEG", "image/jpeg")
    assert render(scene, output="v1.2", engine="workbench")["artifact"]["name"] == "v1.2.png"


def test_the_named_camera_and_frame_are_rendered(scene: httpx.Client, http: httpx.Client, gateway: Gateway) -> None:
    assert scene.patch("/scene", json={"frame": 1}).status_code == 200
    scene.post("/camera", json={"name": "Away", "location": [0, -8, 0], "rotation": [-90, 0, 0], "active": False})
    assert hue(picture(http, render(scene, camera="Away")).convert("RGB")) is None
    evaluate(
        gateway,
        "cube = bpy.data.objects['Cube']\n"
        "cube.keyframe_insert('location', frame=1)\ncube.location.x = 50\ncube.keyframe_insert('location', frame=10)",
    )
    assert hue(picture(http, render(scene, frame=1)).convert("RGB")) == "red"
    assert hue(picture(http, render(scene, frame=10)).convert("RGB")) is None
    assert scene.get("/scene").json()["result"]["frame"] == 1


def test_a_hidden_object_is_not_rendered(scene: httpx.Client, http: httpx.Client) -> None:
    scene.patch("/objects/Cube", json={"visible": False})
    assert hue(picture(http, render(scene)).convert("RGB")) is None


def test_subdivided_and_copied_as_the_modifiers_say(scene: httpx.Client, http: httpx.Client) -> None:
    scene.post("/objects/Cube/modifiers", json={"type": "array", "count": 2, "constant_offset": [2.5, 0, 0]})
    shown = picture(http, render(scene, resolution=[96, 32])).convert("RGB")
    # Two cubes, 2.5 apart, seen from 8 in front: the second one is to the right, and there is nothing to the left.
    assert (hue(shown), hue(shown, 0.5 + 2.5 / 5.76), hue(shown, 0.5 - 2.5 / 5.76)) == ("red", "red", None)


def test_workbench_with_a_preview_is_quick_and_keeps_nothing(scene: httpx.Client, http: httpx.Client) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]
    answer = scene.get("/render/preview", params={"width": 64})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    shown = Image.open(BytesIO(answer.content)).convert("RGB")
    assert (shown.size, hue(shown)) == ((64, 36), "red")
    assert http.get("/api/v1/artifacts").json()["result"] == before
    kept = scene.get("/render/preview?width=64&height=64", headers={"Accept": "application/json"}).json()["result"]
    assert (kept["width"], kept["height"], kept["engine"]) == (64, 64, "workbench")
    assert picture(http, kept).size == (64, 64)


# --- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"resolution": [0, 10]},
        {"resolution": [3, 10]},
        {"resolution": [10]},
        {"resolution": [10.5, 10]},
        {"resolution": "10x10"},
        {"samples": 0},
        {"samples": 1.5},
        {"engine": "povray"},
        {"format": "gif"},
        {"format": "jpeg", "transparent": True},
        {"format": "png", "output": "x.jpg"},
        {"frame": 10**9},
        {"frame": 1.5},
        {"transparent": 1},
        {"camera": "Cube"},
        {"quality": 5},
    ],
)
def test_a_render_that_cannot_be_is_refused(red: httpx.Client, params: dict[str, Any]) -> None:
    assert code(red.post("/render", json={**QUICK, **params})) == (422, "validation_error")


@pytest.mark.parametrize(
    ("params", "limit"),
    [
        ({"resolution": [65_536, 4]}, "max_render_size"),
        ({"resolution": [16_384, 16_384]}, "max_render_pixels"),
        ({"samples": 1_000_000}, "max_samples"),
    ],
)
def test_a_render_that_would_kill_blender_is_refused_at_once(
    red: httpx.Client, params: dict[str, Any], limit: str
) -> None:
    began = time.monotonic()
    answer = red.post("/render", json={**QUICK, **params})
    assert code(answer) == (422, "limit_exceeded")
    assert answer.json()["error"]["details"]["limit"] == limit
    assert time.monotonic() - began < 2
    assert red.get("/render/preview?width=65536").json()["error"]["code"] == "limit_exceeded"


def test_a_camera_that_is_not_there_is_404(red: httpx.Client) -> None:
    assert code(red.post("/render", json={**QUICK, "camera": "Eye"})) == (404, "object_not_found")
    assert code(red.get("/render/preview?camera=Eye")) == (404, "object_not_found")


@pytest.mark.parametrize(
    "output", ["../x", "/etc/passwd", "a/../../b.png", "a\\b", "", "a//b", "a/", "%2e%2e/x", "x\0"]
)
def test_a_picture_is_never_written_outside_the_workspace(red: httpx.Client, http: httpx.Client, output: str) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]
    assert code(red.post("/render", json={**QUICK, "output": output})) == (422, "path_not_allowed")
    assert http.get("/api/v1/artifacts").json()["result"] == before


def test_an_engine_that_the_machine_cannot_run_is_422_with_the_remedy_and_blender_lives(tmp_path: Path) -> None:
    # A Blender that finds no OpenGL: the same one, started by a script that hides EGL's drivers from it.
    program = tmp_path / "blender"
    hidden = "export __EGL_VENDOR_LIBRARY_FILENAMES=/nonexistent.json"
    program.write_text(f'#!/bin/sh\n{hidden}\nfor last; do :; done\nexec "{sys.executable}" -P "$last"\n')
    program.chmod(0o755)
    environment = {"BLENDER_CMD": str(program), "CADGATE_FREECAD_ENABLED": "false", "CADGATE_BLENDER_SANDBOX": "none"}
    gateway = Gateway(tmp_path / "state", environment=environment).start()
    try:
        with gateway.client("/api/v1/blender") as blender:
            assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
            pid = httpx.get(f"{gateway.url}/health/blender").json()["result"]["pid"]
            answer = blender.get("/render/preview?width=64")
            assert code(answer) == (422, "command_failed")
            assert "libegl1" in answer.json()["error"]["details"]["remedy"]
            assert render(blender)["engine"] == "cycles"
            assert blender.get("/objects/Cube").status_code == 200
            assert httpx.get(f"{gateway.url}/health/blender").json()["result"]["pid"] == pid
    finally:
        assert gateway.stop() == 0


# --- beside the session ------------------------------------------------------------------------------------------


@pytest.fixture
def heavy(red: httpx.Client) -> dict[str, Any]:
    """A render that takes minutes here."""
    red.post("/primitives/monkey", json={"material": "Red"})
    red.post("/objects/Suzanne/modifiers", json={"type": "subdivision", "levels": 3})
    return {"resolution": [1600, 1200], "engine": "cycles", "samples": 2000}


def events(gateway: Gateway) -> Iterator[dict[str, Any]]:
    """What subscribers of `render` are told, from now on."""
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as live:
        live.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["render"]}))
        while True:
            message = json.loads(live.recv(timeout=30))
            if message["type"] == "result":
                yield {}
            elif message["type"] == "event":
                yield message["data"]


def test_the_session_answers_while_it_renders_and_a_client_that_goes_away_ends_the_render(
    red: httpx.Client, gateway: Gateway, heavy: dict[str, Any]
) -> None:
    told = events(gateway)
    next(told)
    body = json.dumps(heavy).encode()
    head = (
        f"POST /api/v1/blender/render HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.port)) as leaving:
        leaving.sendall(head.encode() + body)
        assert next(told)["state"] == "started"
        while next(told)["state"] != "rendering":
            pass
        began = time.monotonic()
        assert red.post("/primitives/cube", json={"name": "Meanwhile"}).status_code == 201
        assert red.get("/objects/Meanwhile").status_code == 200
        assert time.monotonic() - began < 5
    while (last := next(told))["state"] == "rendering":
        pass
    assert last["state"] == "failed"
    # The machine is free again: the next render does not wait for the abandoned one.
    assert red.get("/render/preview?width=32", timeout=60).status_code == 200


def test_a_deadline_stops_the_render(red: httpx.Client, heavy: dict[str, Any], http: httpx.Client) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]
    began = time.monotonic()
    answer = red.post("/render", json=heavy, headers={"X-Deadline-Ms": "1500"}, timeout=60)
    assert code(answer) == (504, "deadline_exceeded")
    assert time.monotonic() - began < 15
    assert http.get("/api/v1/artifacts").json()["result"] == before
    assert red.get("/objects/Suzanne").status_code == 200


def test_progress_is_told_in_percent_up_to_the_end(scene: httpx.Client, gateway: Gateway) -> None:
    told = events(gateway)
    next(told)
    answer = scene.post("/render", json={**QUICK, "samples": 16}, headers={"X-Request-ID": "progress-test"})
    seen = [next(told)]
    while seen[-1]["state"] != "done":
        seen.append(next(told))
    assert {each["request_id"] for each in seen} == {"progress-test"}
    percents = [each["percent"] for each in seen]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0.0, 100.0)
    assert "rendering" in {each["state"] for each in seen}
    assert seen[-1]["artifact"] == answer.json()["result"]["artifact"]["id"]


def test_a_repeated_idempotency_key_gets_the_first_picture(scene: httpx.Client) -> None:
    first = scene.post("/render", json=QUICK, headers={"Idempotency-Key": "one-picture"}).json()["result"]
    scene.delete("/objects/Cube")
    again = scene.post("/render", json=QUICK, headers={"Idempotency-Key": "one-picture"}).json()["result"]
    assert again == first


def test_pixels_that_code_painted_are_rendered(scene: httpx.Client, http: httpx.Client, gateway: Gateway) -> None:
    evaluate(
        gateway,
        """
image = bpy.data.images.new("Painted", 4, 4)
image.pixels = [0.0, 0.0, 1.0, 1.0] * 16
material = bpy.data.materials["Red"]
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = image
shader = next(each for each in material.node_tree.nodes if each.bl_idname == "ShaderNodeBsdfPrincipled")
link = material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
""",
    )
    assert hue(picture(http, render(scene)).convert("RGB")) == "blue"


@pytest.mark.parametrize("route", ["/render", "/export", "/scene/save"])
def test_a_dry_run_of_what_writes_files_checks_the_request_and_writes_none(
    scene: httpx.Client, http: httpx.Client, route: str
) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]["total"]
    answer = scene.post(route, json={}, params={"dry_run": "true"})
    assert (answer.status_code, answer.json()["result"]) == (200, {"dry_run": True})
    assert scene.post(route, json={"nonsense": 1}, params={"dry_run": "true"}).status_code == 422
    assert http.get("/api/v1/artifacts").json()["result"]["total"] == before
