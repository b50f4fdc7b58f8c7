"""Runs work in a forked copy of this process, which has the state of one moment while this process goes on."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import threading
import time
import warnings
from typing import Any, Callable, NoReturn

from cadgate.appserver import log

SUPPORTED = sys.platform == "linux"
"""Elsewhere the system's libraries do not work after a fork (macOS), or there is no fork (Windows)."""
FLUSHED = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


class ForkedCopy:
    """Runs `work` in a forked copy, which has this moment's memory, one thread, and no file or socket but its log.

    `on_ended` is called, on another thread, when the copy has ended. Must be created on the main thread.

    Raises OSError.
    """

    def __init__(self, work: Callable[[], None], seconds: float, on_ended: Callable[[], None]) -> None:
        self.succeeded: bool | None = None
        """Whether `work` finished within `seconds`; None while it runs."""
        self.seconds = 0.0
        self._began = time.monotonic()
        self._on_ended = on_ended
        for stream in FLUSHED:
            # Otherwise buffered text would be written twice.
            _quietly(stream.flush)
        with warnings.catch_warnings():
            # Python 3.12 warns about threads. Only this server's could hold a lock now, and the copy avoids those.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _run_as_copy(work, seconds)
        self._waiter = threading.Thread(target=self._wait, name="cadgate-copy", daemon=True)
        self._waiter.start()

    def _wait(self) -> None:
        try:
            _, status = os.waitpid(self._pid, 0)
            done = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        except ChildProcessError:
            # The user's code waited for all children, so the status is lost.
            done = False
        self.seconds = time.monotonic() - self._began
        self.succeeded = done
        self._on_ended()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the copy; return whether it ended within so many seconds."""
        self._waiter.join(seconds)
        return not self._waiter.is_alive()

    def kill(self) -> None:
        """Kill the copy, and wait for its end."""
        if self.succeeded is None:
            _quietly(os.kill, self._pid, signal.SIGKILL)
            self._waiter.join()


def _run_as_copy(work: Callable[[], None], seconds: float) -> NoReturn:
    code = 1
    try:
        # The kernel enforces the time limit: in the copy, a lock that another thread held is never released.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(1, math.ceil(seconds)))
        _release_descriptors()
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - the copy ends here, whatever it was
        log.error(error)
    finally:
        for stream in FLUSHED:
            _quietly(stream.flush)
        os._exit(code)


def _release_descriptors() -> None:
    """Point every descriptor but the standard streams to /dev/null.

    The numbers stay in use, so that an object that still writes to one cannot write into a file opened later.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            _quietly(os.dup2, null, int(name), False)


def _quietly(function: Callable[..., Any], *arguments: Any) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        function(*arguments)
