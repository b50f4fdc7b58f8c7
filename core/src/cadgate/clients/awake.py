"""Keeps the event loop polling, instead of asleep, while something is expected within microseconds."""

from __future__ import annotations

import asyncio
from time import monotonic
from weakref import WeakKeyDictionary

from cadgate.appserver.busy_poll import BusyPoll, let_others_run


class _Poller:
    """Lets one event loop poll: a loop with a callback to run does not sleep."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._until = 0.0
        self._turning = False
        self.waits: set[Expected] = set()

    def poll(self, until: float) -> None:
        """Poll until this monotonic time, or until nothing is expected any more."""
        self._until = until
        if not self._turning:
            self._turning = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        if self.waits and monotonic() < self._until and let_others_run():
            self._loop.call_soon(self._turn)
        else:
            self._turning = False
            self.waits.clear()


_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Poller] = WeakKeyDictionary()


class Expected:
    """What one peer sends now and again, such as the answers of an application, or the requests of a client.

    The loop polls for it if it came within `busy_poll.limit` the last time.
    """

    __slots__ = ("_poller", "_times")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        found = _pollers.get(loop)
        if found is None:
            found = _pollers[loop] = _Poller(loop)
        self._poller = found
        self._times = BusyPoll()

    def begin(self) -> None:
        """Note that it is expected from now on."""
        until = self._times.begin()
        if until:
            self._poller.waits.add(self)
            self._poller.poll(until)

    def end(self) -> None:
        """Note that it has come."""
        self._times.end()
        self._poller.waits.discard(self)

    def give_up(self) -> None:
        """Note that it will not come."""
        self._poller.waits.discard(self)
