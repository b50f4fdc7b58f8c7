"""The status of an application, and the table of calls that it has not answered yet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

State = Literal["starting", "up", "busy", "down", "unavailable", "suspended"]

PING = "session.ping"
BUSY_AFTER = 1.0
"""After how many seconds a running call makes the application `busy`."""


@dataclass(frozen=True, slots=True)
class Status:
    """One application's state at a moment. `reason` and `remedy` say why it is not up and what to do."""

    state: State
    mode: str
    application: str | None = None
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The formats that this build of the application cannot read (`reads`) or write (`writes`), by what it reported."""
    pid: int | None = None
    queue_depth: int = 0
    restarts: int = 0
    reason: str | None = None
    remedy: str | None = None
    log_tail: str | None = None
    """The end of the output of an application that failed to start. For operators only."""
    busy_ms: float | None = None
    method: str | None = None


@dataclass(slots=True, eq=False)
class InFlight:
    """One call that was sent. `since` is a `time.monotonic()`."""

    method: str
    since: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        return time.monotonic() - self.since


class FlightTable:
    """Calls in the order in which they were sent. The application runs one at a time, the first of them."""

    def __init__(self) -> None:
        self._calls: dict[InFlight, None] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, method: str) -> InFlight:
        call = InFlight(method)
        self._calls[call] = None
        return call

    def remove(self, call: InFlight) -> None:
        if len(self._calls) == 1:
            self._calls.pop(call, None)
            return
        was_running = self.running() is call
        self._calls.pop(call, None)
        following = self.running()
        if was_running and following is not None:
            # It could not start before now: time in the queue is not running time.
            following.since = time.monotonic()

    def running(self) -> InFlight | None:
        """Return the call that the application is running; pings do not count."""
        return next((call for call in self._calls if call.method != PING), None)

    def is_first(self, call: InFlight) -> bool:
        return self.running() is call
