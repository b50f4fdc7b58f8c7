"""Stops the Python code of one running call by KeyboardInterrupt, never that of the next one."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Callable

from cadgate.appserver.context import Call


class Interrupts:
    """Knows which call runs. A signal wakes sleep, locks and sockets too, which exceptions set from threads do not."""

    def __init__(self) -> None:
        self._main = threading.main_thread().ident
        self._lock = threading.Lock()
        self._running: Call | None = None

    def run(self, call: Call, function: Callable[[], Any]) -> Any:
        """Run `function` as the work of `call`. Raises KeyboardInterrupt when `call` is cancelled meanwhile.

        Must be called on the main thread, and the exception caught at least one frame higher.
        """
        previous = signal.signal(signal.SIGINT, self._on_signal)
        self._running = call
        try:
            if call.cancelled:
                raise KeyboardInterrupt
            return function()
        finally:
            self._running = None
            signal.signal(signal.SIGINT, previous or signal.SIG_DFL)

    def cancel(self, call: Call) -> None:
        """Mark `call`; if it runs, interrupt it. Any thread."""
        with self._lock:
            call.cancelled = True
            if self._running is call and self._main is not None:
                signal.pthread_kill(self._main, signal.SIGINT)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        running = self._running
        if running is not None and running.cancelled:
            self._running = None
            raise KeyboardInterrupt
