"""A server in the place of an application, which does what a test says."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.core.fake_app import SECRET

from cadgate_fake.client import FakeClient  # isort: skip

Answer = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


class Stand:
    """A server that does what a test says, where a real application would need a lucky moment."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._writers: list[asyncio.StreamWriter] = []
        self.received: list[dict[str, Any]] = []
        self.connections = 0

    async def serve(self, port: int = 0) -> asyncio.Server:
        self.server = await asyncio.start_server(self._converse, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self.server

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                (length,) = struct.unpack(">I", await reader.readexactly(4))
                message = json.loads(await reader.readexactly(length))
                if message["method"] == "session.hello":
                    say(writer, message["id"], {"adapter": "stand"})
                    continue
                self.received.append(message)
                await self._answer(message, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        self.server.close()
        await self.server.wait_closed()


def write(writer: asyncio.StreamWriter, message: Any) -> None:
    body = json.dumps(message).encode()
    writer.write(struct.pack(">I", len(body)) + body)


def say(writer: asyncio.StreamWriter, number: int, result: Any) -> None:
    write(writer, {"jsonrpc": "2.0", "id": number, "result": result})


@asynccontextmanager
async def standing(answer: Answer) -> AsyncIterator[Stand]:
    stand = Stand(answer)
    await stand.serve()
    try:
        yield stand
    finally:
        await stand.close()


async def echo(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    say(writer, message["id"], message["params"])


def lose(times: int) -> Answer:
    """Close the connection instead of answering, so many times."""
    left = [times]

    async def answer(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if left[0]:
            left[0] -= 1
            writer.close()
        else:
            say(writer, message["id"], message["params"])

    return answer


@asynccontextmanager
async def connected(port: int, **more: Any) -> AsyncIterator[FakeClient]:
    made = FakeClient("127.0.0.1", port, SECRET, **more)
    await made.connect()
    try:
        yield made
    finally:
        await made.disconnect()
