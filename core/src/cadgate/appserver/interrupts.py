"""Stops the Python code of one running call by KeyboardInterrupt, never that of the next one."""

from __future__ import annotations

import importlib
import signal
import threading
import time
from types import CodeType, FrameType
from typing import Any, Callable, TypeVar

from cadgate.appserver.context import Call

# `signal.signal` puts an enumeration round this, which takes longer than an empty call.
_set_handler: Callable[[int, Any], Any] = importlib.import_module("_signal").signal
_SIGINT = int(signal.SIGINT)

LATE_SECONDS = 1.0
"""A signal that comes within that time after a cancellation belongs to it, also when its call is over."""


Function = TypeVar("Function", bound=Callable[..., Any])
_uninterruptible: set[CodeType] = set()


def uninterruptible(function: Function) -> Function:
    """Let no interrupt arrive in `function` or in what it calls; it comes a moment later.

    For functions that the application calls while it works (observers, handlers): it drops their exceptions, so that
    the interrupt would be lost and what the function keeps would be wrong.
    """
    _uninterruptible.add(function.__code__)
    return function


class Interrupts:
    """Knows which call runs. A signal wakes sleep, locks and sockets too, which exceptions set from threads do not.

    The main thread sets `running` to None when a call may no longer be interrupted, because what it did is being kept,
    and `deferred` while it must not be interrupted for a moment, until `deliver`. These are attributes because a call
    of a function is itself a place at which an interrupt can arrive.
    """

    def __init__(self) -> None:
        self._main = threading.main_thread().ident
        self._lock = threading.Lock()
        self._previous: Any = None
        self._handler: Callable[[int, Any], None] = self._on_signal
        self._cancelled_at = 0.0
        self.running: Call | None = None
        self.deferred = False
        self.pending = False
        self.missed = False
        """Whether the last interrupt found an uninterruptible function, and has to be sent again."""

    def run(self, call: Call, function: Callable[[], Any]) -> Any:
        """Run `function` as the work of `call`. Raises KeyboardInterrupt when `call` is cancelled meanwhile.

        Must be called on the main thread, and the exception caught at least one frame higher. The handler stays
        afterwards: a signal may be on its way still, and must not reach anybody else's.
        """
        found = _set_handler(_SIGINT, self._handler)
        if found is not self._handler:
            self._previous = found
        self.deferred = self.pending = self.missed = False
        self.running = call
        try:
            if call.cancelled:
                raise KeyboardInterrupt
            return function()
        finally:
            self.running = None

    def cancel(self, call: Call) -> None:
        """Mark `call`; if it runs, interrupt it. Any thread. May be repeated, for code that catches the exception."""
        with self._lock:
            call.cancelled = True
            if self.running is call and self._main is not None:
                self._cancelled_at = time.monotonic()
                self.missed = False
                signal.pthread_kill(self._main, signal.SIGINT)

    def finish(self, call: Call) -> None:
        """No interrupt any more, if it is `call` that runs."""
        if self.running is call:
            self.running = None

    def deliver(self) -> None:
        """The end of `deferred`. Raises the KeyboardInterrupt that came meanwhile."""
        self.deferred = False
        if self.pending:
            self.pending = False
            if self.running is not None:
                raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        running = self.running
        if running is not None and running.cancelled:
            if self.deferred:
                self.pending = True
                return
            if _within_uninterruptible(frame):
                self.pending = self.missed = True
                return
            raise KeyboardInterrupt
        if callable(self._previous) and time.monotonic() - self._cancelled_at > LATE_SECONDS:
            # Somebody's Ctrl-C, in an application with a terminal.
            self._previous(number, frame)


def _within_uninterruptible(frame: FrameType | None) -> bool:
    # Frames and no flag: an interrupt can arrive before the first line of a function, and after its last one.
    while frame is not None:
        if frame.f_code in _uninterruptible:
            return True
        frame = frame.f_back
    return False
