"""No body makes others wait: every route that takes one, with as much as it takes of the worst kinds."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.gateway import Gateway
from tests.heavy_bodies import KINDS, LIMIT_SECONDS, SIZE, UPLOADS, Watcher, filled, multipart, stall_of
from tests.long_form import some_of_each

JSON = {"Content-Type": "application/json"}


def bodies_of_routes(http: httpx.Client) -> list[tuple[str, str, list[str]]]:
    """Verb, path and the body's fields of every route that takes JSON."""
    document = http.get("/openapi.json").json()
    found: list[tuple[str, str, list[str]]] = []
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            schema: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if schema:
                name = str(schema["schema"].get("$ref", "")).rpartition("/")[2]
                known = document["components"]["schemas"].get(name, schema["schema"]).get("properties", {})
                found.append((verb.upper(), re.sub(r"\{\w+\}", "nothing", path), sorted(known) or ["a"]))
    return found


def most_values(fields: list[str]) -> bytes:
    """A body just below the limit of values, with the wrong ones in every field that a route knows."""
    wrong = [0] * (190_000 // len(fields))
    return json.dumps({**dict.fromkeys(fields, wrong), **{f"unknown{n}": 0 for n in range(1000)}}).encode()


def most_text(fields: list[str]) -> bytes:
    return json.dumps(dict.fromkeys(fields, "é" * (SIZE // 16 // len(fields)))).encode()


def verb_and_room(route: tuple[str, str, list[str]]) -> tuple[str, str]:
    """The verb, and the application or what else follows the version: `POST`, `blender`."""
    verb, path, _ = route
    return verb, path.split("/")[3]


def test_no_route_makes_others_wait(http: httpx.Client, watcher: Watcher, long_form: bool) -> None:
    routes = bodies_of_routes(http)
    assert len(routes) > 60
    if not long_form:
        routes = some_of_each(routes, verb_and_room, most=2)
    stalls: dict[str, float] = {}
    for verb, path, fields in routes:
        for make in (most_values, most_text) if verb == "PATCH" else (most_values,):
            body = make(fields)
            answers: list[int] = []

            def send(verb: str = verb, path: str = path, body: bytes = body, answers: list[int] = answers) -> None:
                answers.append(http.request(verb, path, content=body, headers=JSON).status_code)

            stalls[f"{verb} {path} {make.__name__}"] = stall_of(watcher, send)
            assert set(answers) <= {400, 404, 413, 422}, (verb, path, answers)
    assert {name: stall for name, stall in stalls.items() if stall > LIMIT_SECONDS} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_body_makes_others_wait(http: httpx.Client, watcher: Watcher, kind: str, long_form: bool) -> None:
    body = KINDS[kind]()
    stalls: dict[str, float] = {}
    paths = ("/api/v1/blender/meshes", "/api/v1/freecad/batch")
    if not long_form:  # where its fields are, if it has any that are known
        paths = (paths[b'"calls":' in body[:20]],)
    for path in paths:

        def send(path: str = path) -> None:
            answer = http.post(path, content=body, headers=JSON)
            assert answer.status_code in {200, 201, 400, 413, 422}
            assert len(answer.content) < 4 * 1024 * 1024

        stalls[path] = stall_of(watcher, send)
    assert {path: stall for path, stall in stalls.items() if stall > LIMIT_SECONDS} == {}


@pytest.mark.parametrize("kind", UPLOADS)
def test_no_upload_makes_others_wait(http: httpx.Client, watcher: Watcher, kind: str) -> None:
    content_type, body = multipart(kind)

    def send() -> None:
        for path in ("/api/v1/artifacts", "/api/v1/freecad/import"):
            answer = http.post(path, content=body, headers={"Content-Type": content_type})
            assert answer.status_code in {201, 400, 422}, answer.text

    assert stall_of(watcher, send) <= LIMIT_SECONDS


@pytest.mark.parametrize("kind", ["wrong items", "unknown fields", "long numbers", "escapes", "texts", "never ends"])
def test_no_message_makes_others_wait(gateway: Gateway, watcher: Watcher, kind: str) -> None:
    text = KINDS[kind]().decode()
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender", proxy=None, max_size=None) as socket:
        socket.recv(timeout=20)

        def send() -> None:
            for message in (text, f'{{"type":"call","id":1,"method":"meshes.create","params":{text[:-70]}}}'):
                socket.send(message)
                while (answer := json.loads(socket.recv(timeout=60)))["type"] not in ("error", "result"):
                    pass
                assert answer["error"]["code"] in {"malformed_json", "payload_too_large", "validation_error"}

        assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_no_query_makes_others_wait(http: httpx.Client, watcher: Watcher) -> None:
    query = "&".join(f"limt{n}=1" for n in range(5000))

    def send() -> None:
        assert http.get(f"/api/v1/blender/objects?{query}").status_code == 422
        assert http.get("/api/v1/blender/objects?" + "limi" * 12_000 + "=1").status_code == 422
        assert http.post("/api/v1/blender/undo", headers={"Idempotency-Key": "k" * 60_000}).status_code == 422

    assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_compressed_bodies_are_refused(http: httpx.Client) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = http.post("/api/v1/blender/primitives/cube", content=b"\x1f\x8b" + b"\0" * 1000, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


# --- what is right -------------------------------------------------------------------------------------------------


def mesh(side: int) -> bytes:
    """A grid of `side`² vertices and its faces."""
    points = ",".join(f"[{x / 7:.3f},{y / 7:.3f},0]" for y in range(side) for x in range(side))
    faces = ",".join(
        f"[{y * side + x},{y * side + x + 1},{y * side + side + x}]"
        for y in range(0, side - 1, 3)
        for x in range(side - 1)
    )
    return f'{{"vertices":[{points}],"faces":[{faces}]}}'.encode()


def test_a_large_mesh_is_made_and_nobody_waits(blender: httpx.Client, watcher: Watcher) -> None:
    body = mesh(700)
    assert SIZE // 2 < len(body) <= SIZE

    def send() -> None:
        answer = blender.post("/meshes", content=body, headers=JSON)
        assert answer.status_code == 201, answer.text
        assert answer.json()["result"]["vertices"] == 700 * 700

    assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_a_large_mesh_with_normals_is_made(blender: httpx.Client, watcher: Watcher) -> None:
    body = mesh(150)[:-1] + b',"normals":[' + b",".join([b"[0,0,1]"] * 150 * 150) + b"]}"

    def send() -> None:
        answer = blender.post("/meshes", content=body, headers=JSON)
        assert answer.status_code == 201, answer.text
        assert answer.json()["result"]["vertices"] == 150 * 150

    assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_long_code_runs_and_nobody_waits(gateway: Gateway, blender: httpx.Client, watcher: Watcher) -> None:
    code = "len('''" + "é\\n" * 3_000_000 + "''')"
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender", proxy=None, max_size=None) as socket:
        socket.recv(timeout=20)

        def send() -> None:
            socket.send(json.dumps({"type": "execute", "id": 1, "code": code}, ensure_ascii=False))
            while (answer := json.loads(socket.recv(timeout=60)))["type"] != "result":
                pass
            assert answer["result"]["value"] == 6_000_000

        assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_a_full_batch_is_done_and_nobody_waits(blender: httpx.Client, watcher: Watcher) -> None:
    calls = [{"method": "objects.list", "params": {"limit": 1, "name": "Nothing*"}}] * 10_000

    def send() -> None:
        answer = blender.post("/batch", json={"calls": calls})
        assert answer.status_code == 200
        results = answer.json()["result"]["results"]
        assert len(results) == 10_000
        assert results[-1] == {"status": "success", "result": {"objects": [], "total": 0}}

    assert stall_of(watcher, send) <= LIMIT_SECONDS


# --- what errors say -----------------------------------------------------------------------------------------------


def test_the_first_wrong_item_of_each_list_is_named(blender: httpx.Client) -> None:
    answer = blender.post("/meshes", json={"vertices": [[0, 0, 0], [0, "x", 0], 7], "faces": [[0, 1]], "extra": 1})
    errors = answer.json()["error"]["details"]["errors"]
    assert [each["loc"] for each in errors] == [["body", "vertices", 1, 1], ["body", "faces", 0], ["body", "extra"]]
    assert "total" not in answer.json()["error"]["details"]


def test_more_errors_than_are_listed_are_counted(blender: httpx.Client) -> None:
    for path, body in (
        ("/primitives/cube", {f"unknown{n}": 1 for n in range(50_000)}),
        ("/meshes", {f"unknown{n}": 1 for n in range(49_998)}),
    ):
        error = blender.post(path, json=body).json()["error"]
        assert (error["code"], len(error["details"]["errors"]), error["details"]["total"]) == (
            "validation_error",
            100,
            50_000,
        )
        assert "more" in error["message"]


def test_a_batch_says_what_is_wrong_with_each_call(blender: httpx.Client) -> None:
    calls = [{"method": "primitives.cube", "params": {str(n): 1 for n in range(300)}}] * 300
    results = blender.post("/batch", json={"calls": calls}).json()["result"]["results"]
    assert [each["error"]["code"] for each in results] == ["validation_error"] * 300
    assert len(results[0]["error"]["details"]["errors"]) == 100
    assert {each["error"]["details"]["total"] for each in results} == {300}
    assert len(results[-1]["error"]["details"]["errors"]) == 1


def test_a_body_takes_a_bounded_multiple_of_its_memory(gateway: Gateway, http: httpx.Client) -> None:
    process = psutil.Process(gateway.pid)
    before = process.memory_info().rss
    for kind in ("wrong items", "empty lists"):
        http.post("/api/v1/blender/meshes", content=KINDS[kind](), headers=JSON)
        http.post("/api/v1/blender/batch", content=KINDS[kind](), headers=JSON)
    assert process.memory_info().rss - before < 20 * SIZE


def test_the_helper_ends_with_the_gateway(tmp_path: Path) -> None:
    plugins = "[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = 0\n"
    gateway = Gateway(tmp_path / "state", plugins=plugins).start()
    try:
        with gateway.client() as http:
            http.post("/api/v1/blender/batch", content=filled(b" ", b"{", b"}"), headers=JSON)
        children = psutil.Process(gateway.pid).children(recursive=True)
        helpers = [one for one in children if "cadgate.helper.main" in one.cmdline()]
        assert len(helpers) == 1
        assert os.getpriority(os.PRIO_PROCESS, helpers[0].pid) > 0
    finally:
        gateway.stop()
    assert not psutil.pid_exists(helpers[0].pid)
