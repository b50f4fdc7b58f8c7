"""What happens to a job, as Server-Sent Events and on the WebSocket."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.job_events import JobEvent, events_of
from tests.live import live

ASYNC = {"Prefer": "respond-async"}
SMALL = {"resolution": [32, 32], "samples": 1}
LONG = {"resolution": [512, 512], "samples": 2048}


def submit(client: httpx.Client, body: dict[str, Any]) -> str:
    answer = client.post("/api/v1/blender/render", json=body, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["result"]["id"])


def test_the_stream_has_every_event_and_ends_with_the_final_state(blender: httpx.Client, http: httpx.Client) -> None:
    job = submit(http, SMALL)
    events = list(events_of(http, job))
    assert [each.id for each in events] == list(range(1, len(events) + 1))
    kinds = [each.kind for each in events]
    assert (kinds[0], kinds[-1]) == ("queued", "finished")
    assert "running" in kinds
    assert kinds.count("finished") == 1
    assert all(each.data["id"] == job for each in events)
    assert events[-1].data == http.get(f"/api/v1/jobs/{job}").json()["result"]
    fractions = [each.data["progress"]["fraction"] for each in events]
    assert fractions == sorted(fractions)


def test_a_stream_goes_on_after_the_last_event_that_the_client_has(blender: httpx.Client, http: httpx.Client) -> None:
    job = submit(http, SMALL)
    whole = list(events_of(http, job))
    assert list(events_of(http, job, after=2)) == whole[2:]
    over = http.get(f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": str(whole[-1].id)})
    assert over.status_code == 204
    assert http.get("/api/v1/jobs/0/events").status_code == 404


def test_a_stream_follows_a_job_that_is_cancelled(blender: httpx.Client, http: httpx.Client, gateway: Gateway) -> None:
    job = submit(http, LONG)
    seen: list[JobEvent] = []

    def follow() -> None:
        with gateway.client() as client:
            seen.extend(events_of(client, job))

    following = threading.Thread(target=follow)
    following.start()
    eventually(lambda: http.get(f"/api/v1/jobs/{job}").json()["result"]["state"] == "running", what="running")
    http.delete(f"/api/v1/jobs/{job}")
    following.join(20)
    assert (seen[-1].kind, seen[-1].data["state"]) == ("finished", "cancelled")


@pytest.mark.anyio
async def test_the_websocket_has_the_same_events(blender: httpx.Client, http: httpx.Client, gateway: Gateway) -> None:
    async with live(gateway, "blender") as client:
        await client.ask(type="subscribe", id=1, topics=["jobs"])
        job = submit(http, SMALL)
        told = await client.until(lambda one: one["type"] == "event" and one["data"]["kind"] == "finished")
    stream = list(events_of(http, job))
    assert [(one["data"]["event"], one["data"]["kind"]) for one in told] == [(each.id, each.kind) for each in stream]
    assert [one["data"]["state"] for one in told] == [each.data["state"] for each in stream]
    assert "result" not in told[-1]["data"]


def test_an_open_stream_does_not_keep_a_gateway_from_stopping(tmp_path: Path) -> None:
    plugins = "[adapters.freecad]\nenabled = false\n"
    own = Gateway(tmp_path / "state", plugins=plugins).start()
    with own.client() as client:
        job = submit(client, LONG)
        stream = events_of(client, job)
        assert next(stream).kind == "queued"
        began = time.monotonic()
        assert own.stop() == 0
        assert time.monotonic() - began < 8
