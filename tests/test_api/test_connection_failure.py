"""What clients see when applications die, are missing, or the gateway is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually

CUBE = "/api/v1/blender/primitives/cube"
BOX = "/api/v1/freecad/primitives/box"


def test_a_killed_blender_is_reported_and_comes_back_with_its_objects_while_freecad_never_notices(
    own_gateway: Gateway,
) -> None:
    own_gateway.start()
    freecad_pid = own_gateway.application_pid("freecad")
    with own_gateway.client() as client:
        made = client.post(CUBE, json={"name": "Survivor", "location": [1, 2, 3]}).json()["result"]
        before = own_gateway.application_pid("blender")

        os.kill(before, signal.SIGKILL)
        seen: list[httpx.Response] = []

        def refused() -> bool:
            seen.append(client.get("/health/blender"))
            return seen[-1].status_code == 503

        eventually(refused, what="a 503 of /health/blender")
        assert seen[-1].json()["error"]["code"] == "application_starting"
        assert "signal 9" in seen[-1].json()["error"]["message"]
        began = time.monotonic()
        health = client.get("/health")
        assert health.status_code == 200
        assert time.monotonic() - began < 0.5
        assert health.json()["result"]["status"] == "degraded"

        answer = client.post(CUBE, json={})
        if answer.status_code == 503:
            assert answer.json()["error"]["retryable"] is True
            assert int(answer.headers["Retry-After"]) >= 1
        again = eventually(lambda: r if (r := client.post(CUBE, json={})).status_code == 201 else None)
        assert again.json()["result"]["name"] != "Survivor"

        assert client.get("/api/v1/blender/objects/Survivor").json()["result"] == made
        assert own_gateway.application_pid("blender") != before
        assert own_gateway.application_pid("freecad") == freecad_pid
        assert client.post(BOX, json={}).status_code == 201


def test_a_call_in_flight_when_its_application_dies_is_told_so_and_can_be_sent_again_with_its_key(
    own_gateway: Gateway,
) -> None:
    own_gateway.start()
    with own_gateway.client() as client:
        key = {"Idempotency-Key": "only-once"}
        first = client.post(CUBE, json={"name": "Once"}, headers=key)
        pid = own_gateway.application_pid("blender")
        os.kill(pid, signal.SIGKILL)
        # A signal takes effect a moment after it was sent, and an answer can be quicker.
        eventually(lambda: not alive(pid), seconds=5, what="the end of Blender")
        again = eventually(
            lambda: r if (r := client.post(CUBE, json={"name": "Once"}, headers=key)).status_code == 201 else None
        )
        assert again.json() == first.json()
        other = client.post(CUBE, json={"name": "Other"}, headers=key)
        assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")
        assert client.get("/api/v1/blender/objects").json()["result"]["total"] == 1


def test_killing_the_gateway_leaves_no_application_behind_and_a_second_start_brings_the_documents_back(
    own_gateway: Gateway,
) -> None:
    own_gateway.start()
    with own_gateway.client() as client:
        made = client.post(CUBE, json={}).json()["result"]
        boxed = client.post(BOX, json={}).json()["result"]
    pids = [own_gateway.application_pid(name) for name in ("blender", "freecad")]
    own_gateway.signal(signal.SIGKILL)
    own_gateway.wait()
    eventually(lambda: not any(alive(pid) for pid in pids), seconds=5, what="the end of both applications")

    own_gateway.start()
    with own_gateway.client() as client:
        assert client.get(f"/api/v1/blender/objects/{made['name']}").json()["result"] == made
        again = client.get(f"/api/v1/freecad/objects/{boxed['name']}").json()["result"]
        assert again["volume"] == pytest.approx(boxed["volume"], rel=1e-9)


def test_a_stopped_gateway_exits_0_and_leaves_no_process(own_gateway: Gateway) -> None:
    own_gateway.start()
    pids = [own_gateway.application_pid(name) for name in ("blender", "freecad")]
    assert own_gateway.stop() == 0
    assert not any(alive(pid) for pid in pids)


def test_a_gateway_without_freecad_serves_blender_and_says_how_to_get_freecad(tmp_path: Path) -> None:
    plugins = '[adapters.freecad]\ncommand = "/nowhere/freecadcmd"\n'
    gateway = Gateway(tmp_path / "state", plugins=plugins).start(ready=False)
    try:
        assert eventually(lambda: gateway.health("blender")["status"] == "success", what="Blender")
        health = httpx.get(f"{gateway.url}/health/freecad")
        assert health.status_code == 503
        assert health.json()["error"]["code"] == "application_unavailable"
        assert "/nowhere/freecadcmd" in health.json()["error"]["message"]
        assert httpx.post(gateway.url + CUBE, json={}).status_code == 201
        assert httpx.post(gateway.url + BOX, json={}).status_code == 503
        assert httpx.get(f"{gateway.url}/ready").status_code == 503
    finally:
        gateway.stop()
