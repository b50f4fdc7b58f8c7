"""Work in a session that ends: it is over at once, and says why."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually
from tests.test_api.test_jobs import ended, submitted
from tests.test_api.test_sessions import code_of, make
from tests.worker_processes import workers_of

LONG = {"resolution": [1024, 1024], "samples": 4096}
"""A render that no test waits for."""


@pytest.mark.parametrize("reason", ["deleted", "expired"])
def test_the_jobs_of_a_session_end_with_it(reason: str, gateway: Gateway, http: httpx.Client) -> None:
    session = make(gateway, "blender")
    session.create("Part")
    with session.client() as client:
        rendering = submitted(client, "/render", LONG)
        eventually(lambda: _job(http, rendering)["progress"]["message"] == "rendering", seconds=60, what="rendering")
        workers = workers_of(gateway)
        others = [submitted(client, "/render", LONG) for _ in range(3)]
        others.append(submitted(client, "/batch", {"calls": [{"method": "render.still", "params": LONG}]}))
    if reason == "deleted":
        assert http.delete(session.path).status_code == 200
    else:
        assert http.patch(session.path, json={"ttl_seconds": 0.1}).status_code == 200
    for each in (rendering, *others):
        done = ended(http, each, 5)
        assert (done["state"], done["error"]["code"]) == ("failed", "session_ended"), done
        assert done["error"]["details"] == {"id": session.id, "reason": reason}
        assert done["result"] is None
    eventually(lambda: not any(alive(pid) for pid in workers), seconds=5, what="the worker's end")


def test_a_render_that_somebody_waits_for_ends_with_its_session(gateway: Gateway, http: httpx.Client) -> None:
    session = make(gateway, "blender")
    session.create("Part")
    before = workers_of(gateway)
    found: list[httpx.Response] = []

    def wait() -> None:
        with session.client() as client:
            found.append(client.post("/render", json=LONG))

    waiting = threading.Thread(target=wait)
    waiting.start()
    eventually(lambda: set(workers_of(gateway)) - set(before), seconds=60, what="the render's worker")
    assert http.delete(session.path).status_code == 200
    waiting.join(10)
    assert [code_of(each) for each in found] == [(410, "session_ended")]


def _job(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/api/v1/jobs/{job['id']}").json()["result"]
    return found
