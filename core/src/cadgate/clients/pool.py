"""Keeps up to `size` connections to one application, re-opens those that were lost, and gives the least busy one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cadgate.clients.connection import Connection


class ConnectionPool:
    """Connections are opened by `opener` when the open ones are all busy, up to `size`."""

    def __init__(self, opener: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._opener = opener
        self._size = size
        self._connections: list[Connection] = []
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        busy = sum(connection.in_flight for connection in self._connections)
        return f"<ConnectionPool open={len(self._connections)} of {self._size}, in flight={busy}>"

    @property
    def connections(self) -> list[Connection]:
        """Those that are open."""
        self._connections = [connection for connection in self._connections if connection.usable]
        return self._connections

    def _idle_or_full(self) -> Connection | None:
        usable = self.connections
        best = min(usable, key=lambda connection: connection.in_flight, default=None)
        if best is not None and (best.in_flight == 0 or len(usable) >= self._size):
            return best
        return None

    async def take(self, *, ordered: bool = False) -> Connection:
        """The connection for the next request. Raises what `opener` raises.

        All `ordered` requests take the same one: those of one connection are worked on in the order in which they came.
        """
        usable = self.connections if ordered else None
        ready = usable[0] if usable else self._idle_or_full()
        if ready is not None:
            return ready
        async with self._opening:
            ready = self._idle_or_full()
            if ready is None:
                ready = await self._opener()
                self._connections.append(ready)
            return ready

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._connections.clear()
