"""Calls by agents while they run: progress, a closed stream, a cancelled call; and resources."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import types
from mcp.shared.exceptions import MCPError

from tests.agents.agent import MODES, Agent, agent
from tests.gateway import Gateway, alive, eventually

pytestmark = pytest.mark.anyio

LONG: dict[str, Any] = {"method": "render.still", "params": {"resolution": [512, 512], "samples": 2048}}


@pytest.fixture(params=MODES)
async def one(request: pytest.FixtureRequest, gateway: Gateway) -> AsyncIterator[Agent]:
    """An agent in each protocol mode."""
    async with agent(gateway.url, mode=request.param) as made:
        yield made


async def begun(gateway: Gateway, method: str) -> None:
    """Wait until the application works on `method`."""
    await asyncio.to_thread(
        eventually, lambda: gateway.health("blender")["result"].get("method") == method, what=f"{method} running"
    )


def workers(gateway: Gateway) -> list[int]:
    """The processes of Blender's workers."""
    folder = str(gateway.state_dir / "sessions" / "blender" / "workers").encode()
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if folder in path.read_bytes():
                found.append(int(path.parent.name))
    return found


async def one_ended(pids: list[int]) -> float:
    """How many seconds it takes until one of these processes, the one that worked, has ended."""
    assert pids
    since = time.monotonic()
    await asyncio.to_thread(eventually, lambda: not all(map(alive, pids)), seconds=10, what="the worker's end")
    return time.monotonic() - since


async def test_progress_is_told_to_whoever_asks(one: Agent, blender: httpx.Client) -> None:
    told: list[tuple[float, float | None]] = []

    async def follow(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    await one.call("blender", "primitives.monkey")
    arguments = {"application": "blender", "method": "render.still", "params": {"resolution": [160, 120]}}
    result = await one.client.call_tool("call", arguments, progress_callback=follow)
    assert not result.is_error
    assert told
    assert told == sorted(set(told))
    assert all(total == 1 and 0 <= done <= 1 for done, total in told)


async def test_a_call_that_is_cancelled_stops_its_render(one: Agent, gateway: Gateway, blender: httpx.Client) -> None:
    await one.call("blender", "primitives.monkey")
    drawing = asyncio.Event()

    async def follow(progress: float, total: float | None, message: str | None) -> None:
        drawing.set()

    arguments = {"application": "blender", **LONG}
    call = asyncio.create_task(one.client.call_tool("call", arguments, progress_callback=follow))
    async with asyncio.timeout(60):
        await asyncio.wait({call, asyncio.ensure_future(drawing.wait())}, return_when=asyncio.FIRST_COMPLETED)
    assert not call.done(), call.result()
    working = workers(gateway)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert await one_ended(working) < 1.0
    assert (await one.call("blender", "objects.list"))["total"] == 1


async def test_a_stream_that_is_closed_stops_its_render(gateway: Gateway, blender: httpx.Client) -> None:
    async with agent(gateway.url) as one:
        await one.call("blender", "primitives.monkey")
    message: dict[str, Any] = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "call", "arguments": {"application": "blender", **LONG}, "_meta": {"progressToken": 1}},
    }
    headers = {"Accept": "application/json, text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False) as client,
        client.stream("POST", "/mcp", json=message, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            assert '"result"' not in line, line
            if "notifications/progress" in line:
                break
        working = workers(gateway)
    assert await one_ended(working) < 1.0


async def test_a_cancelled_execution_is_interrupted(one: Agent, gateway: Gateway, blender: httpx.Client) -> None:
    code = "import time\nfor _ in range(3000):\n    time.sleep(0.01)\n"
    call = asyncio.create_task(one.client.call_tool("execute", {"application": "blender", "code": code}))
    await begun(gateway, "session.execute")
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    async with asyncio.timeout(5):
        assert (await one.call("blender", "objects.list"))["total"] == 0


async def test_another_client_cannot_cancel_a_call(gateway: Gateway, blender: httpx.Client) -> None:
    async with agent(gateway.url, mode="legacy") as one, agent(gateway.url, mode="legacy") as other:
        call = asyncio.create_task(one.done("execute", application="blender", code="import time\ntime.sleep(2.5)\n7"))
        await begun(gateway, "session.execute")
        for identifier in range(20):
            await other.client.session.send_notification(
                types.CancelledNotification(params=types.CancelledNotificationParams(request_id=identifier))
            )
        assert (await call)["value"] == 7


async def test_artifacts_and_the_guide_are_resources(one: Agent, blender: httpx.Client) -> None:
    await one.call("blender", "primitives.cube")
    artifact = (await one.done("export", application="blender", format="obj"))["artifact"]
    listed = await one.client.list_resources()
    uris = [str(each.uri) for each in listed.resources]
    assert "cadgate://docs/start" in uris
    assert f"cadgate://artifacts/{artifact['id']}" in uris
    assert {str(each.uri_template) for each in (await one.client.list_resource_templates()).resource_templates} == {
        "cadgate://artifacts/{id}",
        "cadgate://docs/{page}",
    }
    text = (await one.client.read_resource(f"cadgate://artifacts/{artifact['id']}")).contents[0]
    assert isinstance(text, types.TextResourceContents)
    assert "v " in text.text
    picture = await one.done("call", application="blender", method="render.preview", params={"width": 32})
    blob = (await one.client.read_resource(f"cadgate://artifacts/{picture['artifact']['id']}")).contents[0]
    assert isinstance(blob, types.BlobResourceContents)
    assert base64.b64decode(blob.blob).startswith(b"\x89PNG")
    guide = (await one.client.read_resource("cadgate://docs/start")).contents[0]
    assert isinstance(guide, types.TextResourceContents)
    assert "ten things" in guide.text
    for uri in ("cadgate://artifacts/0", "cadgate://docs/nothing", "file:///etc/passwd", "cadgate://artifacts/../x"):
        with pytest.raises(MCPError, match="no resource"):
            await one.client.read_resource(uri)
