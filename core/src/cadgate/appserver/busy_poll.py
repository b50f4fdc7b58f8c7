"""Decides whether a wait is spent polling, because the one before it was short.

To wake a thread that sleeps takes 15 to 40 µs on a virtual machine, whose idle processor belongs to somebody else until
then, and what its caches held is gone. A request wakes four: the gateway, the application, the gateway, the client.
A wait that polls is over at once. The system's own means for it, `SO_BUSY_POLL`, is for network cards only.

Polling takes idle time only: others are let run between two polls, and if one of them has much to do, this process
sleeps as others do, because who sleeps is woken before others have finished, and who polls is not.
"""

from __future__ import annotations

import os
from time import monotonic

DEFAULT_SECONDS = 0.001
"""How long a wait may poll: longer than a client that sends one creation after the other lets an application wait."""
LONG_TURN_SECONDS = 0.0002
"""Whoever takes the processor for longer than this between two polls has much to do."""
MIN_PAUSE_SECONDS = 0.01
MAX_PAUSE_SECONDS = 0.25
"""For how long nothing is polled after that: longer each time, unless many waits were worth it in between."""
WORTH = 50
"""How many are many: each saves some 0.03 ms, and what others take may be a few milliseconds."""

_yield = getattr(os, "sched_yield", lambda: None)


class _Polling:
    """How this process polls."""

    seconds = 0.0
    not_before = 0.0
    pause = MIN_PAUSE_SECONDS
    worth = WORTH + 1
    """How many waits since the last pause were worth it."""


_polling = _Polling()


def configure(seconds: float) -> None:
    """Let the waits of this process poll for up to `seconds`; 0: never. With one processor they never do."""
    _polling.seconds = seconds if _processors() > 1 else 0.0


def limit() -> float:
    """Return for how many seconds the waits of this process may poll."""
    return _polling.seconds


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def let_others_run() -> bool:
    """Let others have the processor between two polls; return whether to poll on."""
    began = monotonic()
    _yield()
    now = monotonic()
    if now - began < LONG_TURN_SECONDS:
        return True
    _polling.pause = MIN_PAUSE_SECONDS if _polling.worth > WORTH else min(4 * _polling.pause, MAX_PAUSE_SECONDS)
    _polling.not_before = now + _polling.pause
    _polling.worth = 0
    return False


class BusyPoll:
    """The waits for one kind of input, one after the other.

    A wait polls if the one before it took less than the limit. So a peer that is silent costs one limit, once.
    """

    __slots__ = ("_began", "_pays", "_polled")

    def __init__(self) -> None:
        self._began = 0.0
        self._pays = self._polled = False

    def begin(self) -> float:
        """Note that a wait begins, and return the monotonic time until which it should poll; 0.0: not at all."""
        self._began = now = monotonic()
        self._polled = self._pays and now >= _polling.not_before
        return now + _polling.seconds if self._polled else 0.0

    def end(self) -> None:
        """Note that what was waited for has come."""
        now = monotonic()
        self._pays = now - self._began < _polling.seconds
        if self._polled and self._pays:
            _polling.worth += 1
