"""Health, readiness, versions and plugins, as the real applications make them."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from websockets.sync.client import connect

from tests.gateway import Gateway

APPLICATIONS = {"blender": "Blender ", "freecad": "FreeCAD "}


def test_the_gateway_is_healthy_and_knows_its_applications(http: httpx.Client) -> None:
    answer = http.get("/health")
    assert answer.status_code == 200
    told = answer.json()["result"]
    assert told["status"] == "healthy"
    assert told["uptime_seconds"] > 0
    for name, prefix in APPLICATIONS.items():
        state = told["adapters"][name]
        assert state["status"] in ("up", "busy")
        assert state["application"].startswith(prefix)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_answers_a_ping_through_its_main_thread(http: httpx.Client, name: str) -> None:
    answer = http.get(f"/health/{name}")
    assert answer.status_code == 200, answer.text
    told = answer.json()["result"]
    assert (told["status"], told["mode"], told["queue_depth"]) == ("up", "managed", 0)
    assert told["application"].startswith(APPLICATIONS[name])
    assert told["pid"] > 0
    assert 0 < told["latency_ms"] < 1000


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_at_work_is_busy_and_says_with_what(gateway: Gateway, name: str) -> None:
    with connect(f"{gateway.url.replace('http', 'ws', 1)}/ws/{name}") as socket:
        assert json.loads(socket.recv())["type"] == "hello"
        code = "print('begun'); import threading; threading.Event().wait(2.5)"
        socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
        assert json.loads(socket.recv())["text"] == "begun\n"
        began = time.monotonic()
        told = gateway.health(name)
        assert time.monotonic() - began < 2
        assert told["result"]["status"] == "busy", told
        assert told["result"]["method"] == "session.execute"
        assert told["result"]["busy_ms"] >= 500
        assert json.loads(socket.recv(timeout=20))["status"] == "success"
    assert gateway.health(name)["result"]["status"] == "up"


def test_work_can_be_sent_when_the_gateway_is_ready(http: httpx.Client) -> None:
    assert http.get("/ready").json() == {"status": "success", "result": {"ready": True}}


def test_versions_name_the_packages_and_the_applications(http: httpx.Client) -> None:
    told = http.get("/version").json()["result"]
    assert (told["gateway"], told["api"]) == ("0.1.0", "v1")
    for name, prefix in APPLICATIONS.items():
        assert told["adapters"][name]["package"] == f"cadgate-{name}"
        assert told["adapters"][name]["application"].startswith(prefix)


def test_plugins_list_routes_and_websockets(http: httpx.Client) -> None:
    plugins = {one["name"]: one for one in http.get("/plugins").json()["result"]["plugins"]}
    for name in APPLICATIONS:
        assert (plugins[name]["status"], plugins[name]["websocket"]) == ("active", f"/ws/{name}")
        assert {"method": "GET", "path": f"/api/v1/{name}/objects"} in plugins[name]["routes"]


def test_an_adapter_that_is_not_there_is_404(http: httpx.Client) -> None:
    answer = http.get("/health/maya")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
