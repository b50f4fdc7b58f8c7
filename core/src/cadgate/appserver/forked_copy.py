"""Work in a copy of this process: what it writes is the state of one moment, while this process goes on changing it."""

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
"""Elsewhere the systems' own libraries do not work in a copy (macOS), or there is none (Windows)."""
FLUSHED = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


class ForkedCopy:
    """`work` in a copy, which has the memory of this moment, one thread, and no file or socket but its log.

    `on_ended` is called, on another thread, when it has ended. Must be made on the main thread. Raises OSError.
    """

    def __init__(self, work: Callable[[], None], seconds: float, on_ended: Callable[[], None]) -> None:
        self.succeeded: bool | None = None
        """Whether `work` was done within `seconds`; None until that is known."""
        self.seconds = 0.0
        self._began = time.monotonic()
        self._on_ended = on_ended
        for stream in FLUSHED:
            # What waits there would be written twice.
            _quietly(stream.flush)
        with warnings.catch_warnings():
            # Python 3.12 warns of threads. Those that could hold a lock now are this server's, which the copy avoids.
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
            # Code of the user's waited for all children: nobody knows.
            done = False
        self.seconds = time.monotonic() - self._began
        self.succeeded = done
        self._on_ended()

    def kill(self) -> None:
        """End it, and wait for that."""
        if self.succeeded is None:
            _quietly(os.kill, self._pid, signal.SIGKILL)
            self._waiter.join()


def _run_as_copy(work: Callable[[], None], seconds: float) -> NoReturn:
    code = 1
    try:
        # By the kernel: a lock that some thread held is held for ever here.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(1, math.ceil(seconds)))
        _release_descriptors()
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - it ends here, whatever it was
        log.error(error)
    finally:
        for stream in FLUSHED:
            _quietly(stream.flush)
        os._exit(code)


def _release_descriptors() -> None:
    """Leave the sockets and pipes to the process that they are of. Their numbers stay taken, so that nothing else gets
    them: an object that still writes to one must not write into a file."""
    null = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            _quietly(os.dup2, null, int(name), False)


def _quietly(function: Callable[..., Any], *arguments: Any) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        function(*arguments)
