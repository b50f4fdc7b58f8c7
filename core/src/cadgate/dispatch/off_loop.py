"""Runs work on large requests in a thread, one at a time, so that the event loop is not blocked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

R = TypeVar("R")

LARGE = 64 * 1024
"""From this many bytes on, a request is large, and processed off the event loop."""
HUGE = 1024 * 1024
"""From this many bytes on, another process parses, which would hold the interpreter's lock for too long here."""

_limiter: RunVar[CapacityLimiter] = RunVar("cadgate_off_loop")


async def off_loop(function: Callable[..., R], *args: object) -> R:
    """Run `function(*args)` in a thread. It must be Python with short steps, because C code blocks every thread.

    Only one runs at a time: the event loop would have to wait for the turns of several.
    """
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(1)
        _limiter.set(limiter)
    return await to_thread.run_sync(function, *args, limiter=limiter)
