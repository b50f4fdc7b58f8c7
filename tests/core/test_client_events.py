"""Events that an application sends together with an answer: whoever waits for the answer comes first."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest

from tests.core.stands import connected, say, standing, write

pytestmark = pytest.mark.anyio


async def answer_with_event(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Answer, and send two events in the same bytes."""
    say(writer, message["id"], "done")
    for topic in ("first", "second"):
        write(writer, {"jsonrpc": "2.0", "method": "event", "params": {"topic": topic, "data": {}}})


async def test_the_caller_continues_before_the_events_that_came_with_its_answer() -> None:
    order: list[str] = []

    def listen(method: str, params: dict[str, Any]) -> None:
        order.append(params["topic"])

    async with standing(answer_with_event) as stand, connected(stand.port, on_notification=listen) as client:
        order.append(await client.call("any", {}))
        await client.call("any", {})
        assert order[:3] == ["done", "first", "second"]


async def test_bytes_that_are_no_message_behind_an_answer_end_the_connection_and_not_the_answer() -> None:
    async def answer(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        say(writer, message["id"], "done")
        broken = b'{"jsonrpc": "2.0", "method": "event", "params": {'
        writer.write(struct.pack(">I", len(broken)) + broken)

    async with standing(answer) as stand, connected(stand.port) as client:
        (used,) = client._pool.connections
        assert await client.call("any", {}) == "done"
        await asyncio.wait_for(used.lost, 5)
        assert await client.call("any", {}) == "done"
        assert stand.connections == 2
