"""`FairTurns`: at most so many at a time; callers take turns, so that nobody waits behind another's hundred."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class FairTurns:
    """A semaphore of `limit` places, which are given to waiting callers in rotation, each in its own order."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncGenerator[None]:
        """Wait for a place, and hold it for the block."""
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._give_on()

    async def _wait(self, caller: str) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._give_on()  # it was granted, and nobody is there to use it
            raise

    def _give_on(self) -> None:
        while self._waiting:
            caller, queue = self._waiting.popitem(last=False)
            granted = queue.popleft()
            if queue:
                self._waiting[caller] = queue
            if not granted.done():
                granted.set_result(None)
                return
        self._free += 1
