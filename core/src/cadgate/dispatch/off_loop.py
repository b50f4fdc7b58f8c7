"""Where large requests are worked on: in a thread, one at a time, so that the event loop goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

R = TypeVar("R")

LARGE = 64 * 1024
"""Bytes from which on a request is large: what is done with all of it is done off the event loop."""
HUGE = 1024 * 1024
"""Bytes from which on parsing would hold the interpreter's lock for too long: another process does it."""

_limiter: RunVar[CapacityLimiter] = RunVar("cadgate_off_loop")


async def off_loop(function: Callable[..., R], *args: object) -> R:
    """What `function(*args)` returns, in a thread. It must be Python with short steps: C code holds up every thread.

    One at a time: of several threads that compute each takes its turns, and the event loop would wait for all of them.
    """
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(1)
        _limiter.set(limiter)
    return await to_thread.run_sync(function, *args, limiter=limiter)
