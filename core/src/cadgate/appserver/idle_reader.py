"""How a main thread with nothing to do waits: it reads the sockets itself, so that a call wakes one thread, not two.

While the main thread works, nobody reads at first: most calls take less time than it takes to wake another thread,
which then waits for the interpreter's lock. The I/O thread looks every few milliseconds, and reads if the main thread
has not come back in between.
"""

from __future__ import annotations

import contextlib
import select
import socket
from time import monotonic
from typing import Any

from cadgate.appserver.busy_poll import BusyPoll, let_others_run
from cadgate.appserver.connection import Connection

_Epoll: Any = getattr(select, "epoll", None)
SUPPORTED = _Epoll is not None
"""Whether the system has what this needs. Where it has not, the I/O thread alone reads."""


class IdleReader:
    """The connections that the main thread reads while it is idle, and the I/O thread while it is not."""

    def __init__(self) -> None:
        # Two, because a wake-up that the main thread missed must not look like input to the I/O thread.
        self._main, self._io = _Epoll(), _Epoll()
        self._connections: dict[int, Connection] = {}
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._polls = BusyPoll()
        self._main.register(self._woken.fileno(), select.POLLIN)
        self.waiting = False
        """Whether the main thread waits, or is about to."""
        self.rounds = 0
        """How often it has waited."""

    def fileno(self) -> int:
        """Return a descriptor that can be read while a connection has input."""
        return int(self._io.fileno())

    def add(self, connection: Connection) -> None:
        """Add a connection, which has said hello. I/O thread only."""
        number = connection.sock.fileno()
        self._connections[number] = connection
        for each in (self._main, self._io):
            each.register(number, select.POLLIN)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended. Any thread; before its socket is closed."""
        number = connection.sock.fileno()
        if self._connections.get(number) is connection and self._connections.pop(number, None) is connection:
            for each in (self._main, self._io):
                with contextlib.suppress(OSError):
                    each.unregister(number)

    def wait(self, timeout: float | None) -> list[Connection]:
        """Wait on the main thread for input; return early, with nothing, after `wake`."""
        found: list[Connection] = []
        for number, _ in self._poll(timeout):
            connection = self._connections.get(number)
            if connection is not None:
                found.append(connection)
            elif number == self._woken.fileno():
                self._drain_wakes()
        return found

    def _poll(self, timeout: float | None) -> Any:
        """Return the events that have come, awake for a moment if the last ones came soon."""
        poll = self._main.poll
        until = self._polls.begin()
        events: Any = poll(0) if until else []
        while not events and monotonic() < until and let_others_run():
            events = poll(0)
        if not events:
            events = poll(timeout)
        self._polls.end()
        return events

    def ready(self) -> list[Connection]:
        """Return the connections with input. I/O thread only."""
        found = [self._connections.get(number) for number, _ in self._io.poll(0)]
        return [each for each in found if each is not None]

    def wake(self) -> None:
        """End the main thread's `wait`. Any thread."""
        if self.waiting:
            with contextlib.suppress(BlockingIOError, OSError):
                self._waker.send(b"\0")

    def close(self) -> None:
        """Close its descriptors, when no thread uses it any more."""
        for each in (self._main, self._io, self._waker, self._woken):
            each.close()

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
