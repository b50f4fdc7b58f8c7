"""A WebSocket client for tests: the real `websockets` library on the real gateway, and waiting with a deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from tests.gateway import Gateway

Message = dict[str, Any]
SECONDS = 20.0


class Live:
    """One connection, past its `hello`."""

    def __init__(self, socket: ClientConnection, hello: Message) -> None:
        self.socket = socket
        self.hello = hello

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self, seconds: float = SECONDS) -> Message:
        """The next message that is no heartbeat."""
        async with asyncio.timeout(seconds):
            while True:
                message: Message = json.loads(await self.socket.recv())
                if message["type"] != "heartbeat":
                    return message

    async def receive_or_pong(self) -> Message:
        """The next message, which is `pong` where nothing else is on its way."""
        await self.send(type="ping", id="nothing else")
        return await self.receive()

    async def until(self, wanted: Callable[[Message], bool], seconds: float = SECONDS) -> list[Message]:
        """All messages up to the first that is `wanted`, which is the last of them."""
        messages: list[Message] = []
        async with asyncio.timeout(seconds):
            while not messages or not wanted(messages[-1]):
                messages.append(await self.receive(seconds))
        return messages

    async def ask(self, **message: Any) -> Message:
        """Send a message and wait for the `result`, `pong` or `error` that answers it."""
        await self.send(**message)
        answers = await self.until(lambda one: one["type"] in ("result", "pong", "error"))
        return answers[-1]

    async def run(self, code: str, identifier: Any = "run", **more: Any) -> tuple[str, str, Message]:
        """Execute `code`: what it printed on both streams, and its result."""
        await self.send(type="execute", id=identifier, code=code, **more)
        messages = await self.until(lambda one: one["type"] == "result" and one["id"] == identifier, 60)
        return printed(messages, "stdout"), printed(messages, "stderr"), messages[-1]

    async def event(self, topic: str, seconds: float = SECONDS, **fields: Any) -> Message:
        """The next event on `topic` whose data has these fields."""

        def wanted(message: Message) -> bool:
            return (
                message["type"] == "event" and message["topic"] == topic and fields.items() <= message["data"].items()
            )

        return (await self.until(wanted, seconds))[-1]


def printed(messages: list[Message], name: str) -> str:
    """The text of all `stream` messages of one stream, in their order."""
    return "".join(one["text"] for one in messages if one["type"] == "stream" and one["name"] == name)


@asynccontextmanager
async def live(gateway: Gateway, adapter: str, **options: Any) -> AsyncIterator[Live]:
    """A connection to an adapter's WebSocket."""
    url = gateway.url.replace("http", "ws", 1) + f"/ws/{adapter}"
    async with websockets.connect(url, proxy=None, **{"max_size": None, **options}) as socket:
        yield Live(socket, json.loads(await socket.recv()))
