"""More work than an application can take: refused in milliseconds, told of by health, and nothing of it half done."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway import NO_SPARES, Gateway
from tests.live import Live, live

pytestmark = pytest.mark.anyio

QUEUE = 8
CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
REFUSED = 100


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose applications take eight calls at a time."""
    plugins = "".join(f"[adapters.{name}]\nmax_queue = {QUEUE}\n" for name in CREATE)
    gateway = Gateway(tmp_path_factory.mktemp("crowded") / "state", plugins=plugins, environment=NO_SPARES).start()
    yield gateway
    gateway.stop()


class Held:
    """An application whose main thread waits until somebody writes into a pipe."""

    def __init__(self, socket: Live, pipe: Path) -> None:
        self._socket = socket
        self._pipe = pipe
        os.mkfifo(pipe)

    async def hold(self) -> None:
        code = f"print('held', flush=True)\nopen({str(self._pipe)!r}).read()"
        await self._socket.send(type="execute", id="hold", code=code, timeout_seconds=60)
        await self._socket.until(lambda message: message["type"] == "stream")

    async def release(self) -> None:
        self._pipe.write_text("go on")
        await self._socket.until(lambda message: message["type"] == "result" and message["id"] == "hold")


async def timed(client: httpx.AsyncClient, path: str) -> tuple[float, httpx.Response]:
    began = time.perf_counter()
    answer = await client.get(path)
    return time.perf_counter() - began, answer


@pytest.mark.parametrize("name", CREATE)
async def test_beyond_the_queue_calls_are_refused_at_once_and_those_within_it_are_done(
    crowded: Gateway, name: str
) -> None:
    limits = httpx.Limits(max_connections=None)
    async with (
        live(crowded, name) as socket,
        httpx.AsyncClient(base_url=crowded.url, timeout=60, limits=limits, trust_env=False) as client,
    ):
        held = Held(socket, crowded.state_dir / "sessions" / name / "workspace" / f"pipe-{secrets.token_hex(4)}")
        await held.hold()
        path = f"/api/v1/{name}{CREATE[name]}"
        waiting = [
            asyncio.create_task(client.post(path, json={"name": f"Waits{number}"})) for number in range(QUEUE - 1)
        ]
        async with asyncio.timeout(10):
            while (await client.get("/health")).json()["result"]["adapters"][name].get("queue_depth") != QUEUE:
                pass

        times: list[float] = []
        for number in range(REFUSED):
            began = time.perf_counter()
            answer = await client.post(path, json={"name": f"Refused{number}"})
            times.append(time.perf_counter() - began)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["retryable"]) == (429, "overloaded", True)
            assert error["details"] == {"limit": "max_queue", "maximum": QUEUE}
            assert int(answer.headers["Retry-After"]) >= 1
        assert statistics.median(times) < 0.05

        healths = [await timed(client, "/health") for _ in range(20)]
        assert {answer.status_code for _, answer in healths} == {200}
        assert statistics.median(seconds for seconds, _ in healths) < 0.05
        seconds, answer = await timed(client, f"/health/{name}")
        busy = answer.json()["result"]
        assert (busy["status"], busy["method"]) == ("busy", "session.execute")
        assert seconds < 2

        await socket.send(type="call", id="more", method="objects.list", params={})
        refused = (await socket.until(lambda message: message.get("id") == "more"))[-1]
        assert (refused["status"], refused["error"]["code"]) == ("error", "overloaded")

        await held.release()
        assert {(await each).status_code for each in waiting} == {201}
        listed = (await client.get(f"/api/v1/{name}/objects?fields=name")).json()["result"]["objects"]
        assert sorted(each["name"] for each in listed) == [f"Waits{number}" for number in range(QUEUE - 1)]


@pytest.mark.parametrize("name", CREATE)
async def test_what_expired_in_the_queue_is_never_started(crowded: Gateway, name: str) -> None:
    async with (
        live(crowded, name) as socket,
        httpx.AsyncClient(base_url=crowded.url, timeout=60, trust_env=False) as client,
    ):
        held = Held(socket, crowded.state_dir / "sessions" / name / "workspace" / f"pipe-{secrets.token_hex(4)}")
        await held.hold()
        path = f"/api/v1/{name}{CREATE[name]}"
        began = time.monotonic()
        answers = await asyncio.gather(
            *(
                client.post(path, json={"name": f"Late{number}"}, headers={"X-Deadline-Ms": "200"})
                for number in range(4)
            )
        )
        assert time.monotonic() - began < 2
        assert {(each.status_code, each.json()["error"]["code"]) for each in answers} == {(504, "deadline_exceeded")}
        await held.release()
        names = (await client.get(f"/api/v1/{name}/objects?fields=name")).json()["result"]["objects"]
        assert not [each for each in names if each["name"].startswith("Late")]


@pytest.mark.parametrize("name", CREATE)
async def test_an_endless_loop_in_a_batch_keeps_others_waiting_no_longer_than_its_deadline(
    crowded: Gateway, name: str
) -> None:
    async with httpx.AsyncClient(base_url=crowded.url, timeout=60, trust_env=False) as client:
        calls = [{"method": "session.execute", "params": {"code": "while True: pass"}}]
        endless = asyncio.create_task(
            client.post(f"/api/v1/{name}/batch", json={"calls": calls}, headers={"X-Deadline-Ms": "1000"})
        )
        began = time.monotonic()
        async with asyncio.timeout(10):
            while not (await client.get("/health")).json()["result"]["adapters"][name].get("queue_depth"):
                pass
        other = await client.get(f"/api/v1/{name}/objects?limit=1")
        assert other.status_code == 200
        # The loop can be interrupted: the application need not be ended for it.
        assert time.monotonic() - began < 3
        [failed] = (await endless).json()["result"]["results"]
        assert (failed["status"], failed["error"]["code"]) == ("error", "deadline_exceeded")
