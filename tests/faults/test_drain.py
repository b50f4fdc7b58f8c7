"""SIGTERM while code runs, a render is made and WebSocket clients idle: told, kept, ended, within the limit, with 0."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.faults.conftest import only
from tests.gateway import Gateway, alive, eventually
from tests.live import live

LIMIT = 4.0
MARGIN = 6.0
"""Of a busy machine, for the last snapshot and the end of every process."""


@pytest.mark.anyio
async def test_a_gateway_that_is_told_to_stop_tells_keeps_and_ends_everything(tmp_path: Path) -> None:
    plugins = only("blender").replace("workers = 0", "workers = 1\ngrace_seconds = 1")
    gateway = Gateway(tmp_path / "state", plugins=plugins, environment={"CADGATE_SHUTDOWN_SECONDS": str(LIMIT)}).start()
    group: list[int] = []
    rendered: list[Any] = []

    def render() -> None:
        try:
            with gateway.client("/api/v1/blender") as client:
                rendered.append(client.post("/render", json={"resolution": [1024, 1024], "samples": 4000}))
        except httpx.TransportError as error:
            rendered.append(error)

    with gateway.client("/api/v1/blender") as client:
        assert client.post("/primitives/cube", json={"name": "Kept"}).status_code == 201
    async with live(gateway, "blender") as idle, live(gateway, "blender") as busy:
        rendering = threading.Thread(target=render)
        rendering.start()
        await busy.send(type="execute", id="long", code="import time\nprint('begun')\nwhile True: time.sleep(0.01)")
        await busy.until(lambda one: one["type"] == "stream")
        group = processes_of(gateway)
        assert len(group) >= 2, "the gateway and Blender, and perhaps the worker"
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        *_, result = await busy.until(lambda one: one["type"] == "result", LIMIT + MARGIN)
        assert result["status"] == "error"
        assert result["error"]["code"] in ("interrupted", "application_restarted", "application_unavailable")
        with pytest.raises(websockets.ConnectionClosed):
            await idle.receive(LIMIT + MARGIN)
        assert idle.socket.close_code == 1001
        assert not await asyncio.to_thread(takes_work, gateway)
    code = await asyncio.to_thread(gateway.wait, 30)
    seconds = time.monotonic() - began
    rendering.join()
    assert code == 0, gateway.log.read_text()[-3000:]
    assert seconds < LIMIT + MARGIN, f"{seconds:.1f} s"
    if isinstance(rendered[0], httpx.Response):
        assert rendered[0].status_code >= 400
        assert rendered[0].json()["error"]["code"]
    eventually(lambda: not any(alive(pid) for pid in group), seconds=2, what="the end of every process")

    gateway.start()
    with gateway.client("/api/v1/blender") as client:
        assert client.get("/objects/Kept").status_code == 200
    assert "damages" not in gateway.health("blender")["result"]
    assert gateway.stop() == 0


def takes_work(gateway: Gateway) -> bool:
    try:
        return httpx.post(gateway.url + "/api/v1/blender/primitives/cube", json={}, trust_env=False).is_success
    except httpx.TransportError:
        return False


def processes_of(gateway: Gateway) -> list[int]:
    """The gateway and every process below it."""
    found = [gateway.pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == gateway.pid:
            found.append(int(path.parent.name))
    return found
