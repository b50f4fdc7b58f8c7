"""Keeps up to `size` connections to one application, reopens lost ones, and returns the least busy one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from cadgate.clients.connection import Connection, NotSent
from cadgate.errors import CadgateError


class ConnectionPool:
    """Opens connections by `opener`: the first when it is needed, more in the background while all are busy.

    Nobody waits for a second one, because a busy application may not answer its hello for minutes.
    """

    def __init__(self, opener: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._opener = opener
        self._size = size
        self._connections: list[Connection] = []
        self._opening = asyncio.Lock()
        self._growing: asyncio.Task[None] | None = None
        self._closed = False

    def __repr__(self) -> str:
        busy = sum(connection.in_flight for connection in self._connections)
        return f"<ConnectionPool open={len(self._connections)} of {self._size}, in flight={busy}>"

    @property
    def connections(self) -> list[Connection]:
        """The open connections."""
        for connection in self._connections:
            if not connection.usable:
                self._connections = [each for each in self._connections if each.usable]
                break
        return self._connections

    @property
    def open(self) -> bool:
        """Whether there is an open connection."""
        return bool(self._connections) and (self._connections[0].usable or bool(self.connections))

    def ready(self, *, ordered: bool = False) -> Connection | None:
        """Return the open connection for the next request; None if none is open.

        All `ordered` requests use the same one, because requests of one connection run in the order of their arrival.
        """
        usable = self.connections
        if not usable:
            return None
        best = usable[0]
        if ordered:
            return best
        if best.in_flight:
            best = min(usable, key=lambda connection: connection.in_flight)
        if best.in_flight and len(usable) < self._size and (self._growing is None or self._growing.done()):
            self._growing = asyncio.create_task(self._grow())
        return best

    async def take(self, *, ordered: bool = False) -> Connection:
        """Return `ready`, or the first connection once it is open. Raises what `opener` raises, and NotSent."""
        connection = self.ready(ordered=ordered)
        if connection is not None:
            return connection
        async with self._opening:
            return self.ready(ordered=ordered) or await self._add()

    async def _grow(self) -> None:
        # The open ones suffice; if they are lost, whoever needs one gets the error then.
        with contextlib.suppress(CadgateError, NotSent):
            await self._add()

    async def _add(self) -> Connection:
        connection = await self._opener()
        if self._closed:
            connection.close()
            raise NotSent("the client was closed")
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection permanently."""
        self._closed = True
        if self._growing is not None:
            self._growing.cancel()
        for connection in self._connections:
            connection.close()
        self._connections.clear()
