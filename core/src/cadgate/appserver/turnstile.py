"""Keeps this package's own thread out of Python for a moment.

Some applications run their own code without the interpreter's lock, and call Python from there if no thread seems to
have it: Blender does so in operators whose context is overridden (`BPY_context_member_get`), and crashes if another
thread just had it (Blender 4.5.15).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Callable, Generator

PARK_SECONDS = 1.0
"""How long to wait until the thread is out of Python. It is within microseconds, unless it is reading much."""
HOLD_SECONDS = 2.0
"""After this long the thread goes on: a peer may want the call to end, or to know that the application lives."""


class Turnstile:
    """Where a thread waits, without the interpreter's lock, while another one wants to be alone."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._gate = threading.Lock()
        self._waits = threading.Event()
        self._is_shut = False

    def go_through(self) -> None:
        """Wait here while it is shut. Called by the thread in each of its rounds."""
        if self._is_shut:
            self._waits.set()
            came_through = self._gate.acquire(timeout=HOLD_SECONDS)
            # Only the thread takes this back, and before others can shut the gate: who shuts it again while the thread
            # has not left its place yet finds it waiting.
            self._waits.clear()
            if came_through:
                self._gate.release()

    def shut(self) -> None:
        """Let the thread wait, and return when it does."""
        self._gate.acquire()
        self._is_shut = True
        self._wake()
        self._waits.wait(PARK_SECONDS)

    def open(self) -> None:
        """Let the thread go on."""
        self._is_shut = False
        self._gate.release()


_turnstiles: list[Turnstile] = []
_depth = 0


def register(turnstile: Turnstile) -> None:
    """Have a thread wait whenever somebody wants to be alone."""
    _turnstiles.append(turnstile)


def forget(turnstile: Turnstile) -> None:
    """Do not let it wait any more, because it has ended."""
    if turnstile in _turnstiles:
        _turnstiles.remove(turnstile)


@contextmanager
def alone() -> Generator[None, None, None]:
    """Keep the thread that serves the sockets out of Python inside the block. Main thread only."""
    global _depth
    shut = list(_turnstiles) if _depth == 0 else []
    _depth += 1
    try:
        for each in shut:
            each.shut()
        yield
    finally:
        _depth -= 1
        for each in shut:
            each.open()
