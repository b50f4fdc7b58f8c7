"""One TCP connection to an application: frames in and out, calls told apart by id."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from pydantic_core import from_json, to_json

from cadgate.appserver.framing import FrameError, FrameReader, encode

Reply = dict[str, Any]


class ConnectionLost(Exception):
    """The connection ended before the answer came. Whether the call ran is not known."""


class Connection(asyncio.Protocol):
    """Writes requests and resolves the future of each with its answer. Late answers find no future and are dropped."""

    def __init__(self, notify: Callable[[str, dict[str, Any]], None]) -> None:
        self._notify = notify
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self.lost = asyncio.get_running_loop().create_future()

    @property
    def in_flight(self) -> int:
        return len(self._waiting)

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def request(self, method: str, params: dict[str, Any], meta: dict[str, Any] | None = None) -> int:
        """Write one request and return its id. Raises ConnectionLost, FrameError."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost("the connection is closed")
        number = self._number + 1
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        if meta:
            message["meta"] = meta
        frame = encode(to_json(message))
        self._number = number
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._transport.write(frame)
        return number

    async def reply(self, number: int) -> Reply:
        """The answer to request `number`. Raises ConnectionLost. Cancelling drops a late answer."""
        try:
            return await self._waiting[number]
        finally:
            self._waiting.pop(number, None)

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(number, None)

    def fail(self, number: int, error: Exception) -> None:
        """End the wait for this answer with `error`."""
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(error)

    def cancel(self, number: int, *, deadline: bool = False) -> None:
        """Ask the application to stop the call, because of its `deadline` or not; its answer still comes."""
        if self._transport is not None and not self._transport.is_closing():
            params = {"id": number, "deadline": deadline}
            message = {"jsonrpc": "2.0", "method": "$/cancel", "params": params}
            self._transport.write(encode(to_json(message)))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # --- asyncio.Protocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._message(from_json(frame))
        except (FrameError, ValueError):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionLost("the connection was lost before the answer came"))
                # Looked at here, so that it is no news to the loop where nobody waits for this answer.
                future.exception()
        if not self.lost.done():
            self.lost.set_result(None)

    def _message(self, message: Any) -> None:
        if not isinstance(message, dict):
            raise FrameError("a message must be an object")
        body = cast(Reply, message)
        if "method" in body:
            self._notify(str(body["method"]), body.get("params") or {})
            return
        future = self._waiting.get(body.get("id") or 0)
        if future is not None and not future.done():
            future.set_result(body)
