"""Interrupts the Python code of one running call by KeyboardInterrupt, never that of the next call."""

from __future__ import annotations

import importlib
import signal
import threading
import time
from types import CodeType, FrameType
from typing import Any, Callable, TypeVar

from cadgate.appserver.context import Call

# `signal.signal` wraps this in an enumeration, which takes longer than an empty call.
_set_handler: Callable[[int, Any], Any] = importlib.import_module("_signal").signal
_SIGINT = int(signal.SIGINT)

LATE_SECONDS = 1.0
"""A signal that arrives within this time after a cancellation belongs to it, even if its call is over."""
AGAIN_SECONDS = 0.05
"""When a signal is sent again to a call that did not notice it."""
ATTEMPTS = 20


Function = TypeVar("Function", bound=Callable[..., Any])
_uninterruptible: set[CodeType] = set()


def uninterruptible(function: Function) -> Function:
    """Delay interrupts that arrive in `function`, or in what it calls, until shortly after.

    Use it for observers and handlers, which the application calls while it works: it drops their exceptions, so an
    interrupt would be lost, and the function's own state would be wrong.
    """
    _uninterruptible.add(function.__code__)
    return function


class Interrupts:
    """Knows which call runs, and interrupts it by a signal, which also wakes sleep, locks and sockets.

    The main thread sets `running` to None once a call may no longer be interrupted, because its change is being
    persisted, and `deferred` while an interrupt has to wait until `deliver`. These are plain attributes because an
    interrupt can arrive at any function call.
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
        self._noticed = False
        """Whether the handler was called for the last cancellation."""
        self.missed = False
        """Whether the last interrupt arrived in an uninterruptible function, and has to be sent again."""

    def run(self, call: Call, function: Callable[[], Any]) -> Any:
        """Run `function` as the work of `call`. Raises KeyboardInterrupt when `call` is cancelled meanwhile.

        Must be called on the main thread, and the exception caught at least one frame higher. The signal handler stays
        installed afterwards: a late signal must not reach another handler.
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
        """Mark `call` as cancelled, and interrupt it if it runs. Any thread. May be repeated if code catches it."""
        with self._lock:
            call.cancelled = True
            if self.running is call and self._main is not None:
                self.missed = self._noticed = False
                self._signal()
                threading.Thread(target=self._insist, args=(call,), name="interrupt", daemon=True).start()

    def _signal(self) -> None:
        self._cancelled_at = time.monotonic()
        if self._main is not None:
            signal.pthread_kill(self._main, signal.SIGINT)

    def _insist(self, call: Call) -> None:
        """Send the signal again until the handler was called.

        One that arrives between two bytecodes, just before a sleep or a wait begins, does not wake it.
        """
        for _ in range(ATTEMPTS):
            time.sleep(AGAIN_SECONDS)
            with self._lock:
                if self._noticed or self.running is not call:
                    return
                self._signal()

    def finish(self, call: Call) -> None:
        """Rule out interrupts from now on, if `call` is the one that runs."""
        if self.running is call:
            self.running = None

    def deliver(self) -> None:
        """End `deferred`. Raises the KeyboardInterrupt that came meanwhile."""
        self.deferred = False
        if self.pending:
            self.pending = False
            if self.running is not None:
                raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        running = self.running
        if running is not None and running.cancelled:
            self._noticed = True
            if self.deferred:
                self.pending = True
                return
            if _within_uninterruptible(frame):
                self.pending = self.missed = True
                return
            raise KeyboardInterrupt
        if callable(self._previous) and time.monotonic() - self._cancelled_at > LATE_SECONDS:
            # Ctrl-C typed in the terminal of the application.
            self._previous(number, frame)


def _within_uninterruptible(frame: FrameType | None) -> bool:
    # Frames rather than a flag: an interrupt can arrive before a function's first line and after its last.
    while frame is not None:
        if frame.f_code in _uninterruptible:
            return True
        frame = frame.f_back
    return False
