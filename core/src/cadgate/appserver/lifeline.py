"""Ends this process when the gateway is gone, even if that was killed, even while native code holds the GIL."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import threading


def arm(descriptor: int) -> None:
    """End this process when the other end of the pipe `descriptor` is closed.

    On Linux the kernel itself sends SIGKILL (O_ASYNC and F_SETSIG, see fcntl(2)); elsewhere a thread reads the pipe,
    which native code that holds the GIL can delay.
    """
    os.set_inheritable(descriptor, False)
    if sys.platform == "linux":
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(descriptor, 10, signal.SIGKILL)  # F_SETSIG, which Python 3.8 does not name
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        # The writer may have gone before the signal was armed.
        if any(event & select.POLLHUP for _, event in poller.poll(0)):
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(descriptor,), name="cadgate-lifeline", daemon=True).start()


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os._exit(1)
