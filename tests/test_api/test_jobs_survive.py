"""Jobs go on after `kill -9` of the gateway, the session and workers; a key sees only its own."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.test_api.keyed import new_key, revoke
from tests.worker_processes import workers_of

ASYNC = {"Prefer": "respond-async"}
SMALL = {"resolution": [32, 32], "samples": 1}
LONG = {"resolution": [128, 128], "samples": 64}
BLENDER_ONLY = "[adapters.freecad]\nenabled = false\n"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Gateway]:
    running = Gateway(tmp_path / "state", plugins=BLENDER_ONLY).start()
    yield running
    if running.running:
        running.stop()


def submit(client: httpx.Client, path: str, body: dict[str, Any], **headers: str) -> str:
    answer = client.post(f"/api/v1/blender{path}", json=body, headers={**ASYNC, **headers})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["result"]["id"])


def job(client: httpx.Client, identifier: str, wait: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/jobs/{identifier}", params={"wait": wait}).json()["result"]
    return found


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # one that was not needed may have ended
        os.kill(pid, signal.SIGKILL)


def test_queued_and_running_jobs_go_on_after_the_gateway_was_killed(own: Gateway) -> None:
    with own.client() as client:
        client.post("/api/v1/blender/primitives/cube", json={})
        written = client.post("/api/v1/blender/export", json={"format": "obj"}).json()["result"]["artifact"]["id"]
        imported = submit(client, "/import", {"artifact": written}, **{"Idempotency-Key": "one"})
        assert job(client, imported, 60)["state"] == "succeeded"
        known = client.get("/api/v1/blender/objects").json()["result"]["total"]
        running = [submit(client, "/render", LONG) for _ in range(3)]
        again = submit(client, "/import", {"artifact": written}, **{"Idempotency-Key": "two"})
        eventually(lambda: job(client, running[0])["state"] == "running", what="a render that runs")
    own.signal(signal.SIGKILL)
    own.wait()
    own.start()
    with own.client() as client:
        ended = [job(client, each, 120) for each in running]
        assert [each["state"] for each in ended] == ["succeeded"] * 3
        assert ended[0]["attempts"] == 2
        assert job(client, again, 60)["state"] == "succeeded"
        assert submit(client, "/import", {"artifact": written}, **{"Idempotency-Key": "two"}) == again
        assert client.get("/api/v1/blender/objects").json()["result"]["total"] == known + 1
        assert job(client, imported)["result"]["objects"]


def test_a_job_goes_on_when_the_session_or_its_worker_is_killed(own: Gateway) -> None:
    with own.client() as client:
        client.post("/api/v1/blender/primitives/cube", json={})
        render = submit(client, "/render", LONG)
        eventually(lambda: job(client, render)["progress"]["message"] == "rendering", what="a render that runs")
        rendering = workers_of(own)
        assert rendering
        for pid in rendering:
            kill(pid)
        kill(own.application_pid("blender"))
        export = submit(client, "/export", {"format": "glb"})
        ended = job(client, export, 60)
        assert (ended["state"], ended["result"]["objects"]) == ("succeeded", ["Cube"]), ended
        ended = job(client, render, 120)
        assert (ended["state"], ended["attempts"]) == ("succeeded", 2), ended


def test_a_key_sees_only_its_own_jobs(tmp_path: Path) -> None:
    own = Gateway(tmp_path / "state", plugins=BLENDER_ONLY, environment={"CADGATE_AUTH": "token"})
    own.state_dir.mkdir()
    mine, other, reader = new_key(own), new_key(own), new_key(own, "read")
    own.start(ready=False)
    try:
        with mine.client() as client, other.client() as stranger, reader.client() as looking:
            eventually(lambda: client.get("/ready").status_code == 200, seconds=60, what="ready")
            client.post("/api/v1/blender/primitives/cube", json={})
            made = submit(client, "/render", SMALL)
            assert stranger.get("/api/v1/jobs").json()["result"] == {"jobs": [], "total": 0}
            for request in (stranger.get, stranger.delete):
                assert request(f"/api/v1/jobs/{made}").status_code == 404
            assert stranger.post(f"/api/v1/jobs/{made}/retry").status_code == 404
            assert looking.post("/api/v1/blender/render", json=SMALL, headers=ASYNC).status_code == 403
            assert looking.delete(f"/api/v1/jobs/{made}").status_code == 403
            same = submit(stranger, "/render", SMALL, **{"Idempotency-Key": "k"})
            assert submit(client, "/render", SMALL, **{"Idempotency-Key": "k"}) != same
            assert job(client, made, 60)["state"] == "succeeded"
            assert client.get("/api/v1/jobs").json()["result"]["total"] == 2
            long = submit(stranger, "/render", LONG)
            eventually(lambda: job(stranger, long)["state"] == "running", what="running")
            revoke(other)
            assert stranger.get(f"/api/v1/jobs/{long}").status_code == 401
    finally:
        own.stop()
