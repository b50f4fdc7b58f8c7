"""Work without an end, by a batch and by a WebSocket, code that catches its interruption too: ended in time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import only
from tests.gateway import Gateway
from tests.live import live

DEADLINE = 2.0
GRACE = 1.0
ROUTE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}


async def _until_queued(client: httpx.AsyncClient, adapter: str, count: int) -> None:
    async with asyncio.timeout(10):
        while True:
            told = (await client.get("/health")).json()["result"]["adapters"][adapter]
            if told["queue_depth"] >= count:
                return


@pytest.mark.anyio
async def test_code_without_an_end_blocks_nobody_longer_than_its_deadline_and_the_grace(
    adapter: str, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path / "state", plugins=only(adapter, grace_seconds=GRACE)).start()
    try:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False) as client:
            base = f"/api/v1/{adapter}"
            stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
            for code in ("while True: pass", stubborn):
                calls: dict[str, Any] = {"calls": [{"method": "session.execute", "params": {"code": code}}]}
                headers = {"X-Deadline-Ms": str(int(DEADLINE * 1000))}
                await _ended_in_time(client, base, adapter, client.post(f"{base}/batch", json=calls, headers=headers))
            async with live(gateway, adapter) as socket:
                for code in ("while True: pass", stubborn):
                    run = socket.run(code, timeout_seconds=DEADLINE)
                    _, _, result = await _ended_in_time(client, base, adapter, run)
                    assert result["error"]["code"] in ("deadline_exceeded", "application_restarted")
    finally:
        assert gateway.stop() == 0


async def _ended_in_time(client: httpx.AsyncClient, base: str, adapter: str, work: Any) -> Any:
    """Another client's change, sent meanwhile, is made as soon as the work was ended."""
    began = time.monotonic()
    task = asyncio.ensure_future(work)
    await _until_queued(client, adapter, 1)
    while True:
        answer = await client.post(f"{base}{ROUTE[adapter]}", json={})
        if answer.status_code == 201:
            break
        assert answer.status_code == 503, answer.text
        assert time.monotonic() - began < DEADLINE + 5 * GRACE + 15
    result = await task
    assert time.monotonic() - began < DEADLINE + 5 * GRACE + 15
    return result
