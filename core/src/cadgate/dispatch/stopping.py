"""Work of the gateway that is stopped from outside: its client goes away, its key is revoked, its session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cadgate.contract.authority import WITHDRAWN
from cadgate.errors import CadgateError, Interrupted

T = TypeVar("T")
Stop = Callable[[CadgateError], None]
"""Stops work, for a reason."""


async def while_wanted(work: Any, gone: Any) -> Any:
    """Return the result of `work`, which is cancelled if `gone` returns first. Raises Interrupted then."""
    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(gone)
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Interrupted("The client went away; the work was stopped and nothing was saved")
    finally:
        watch.cancel()
        task.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def unless_stopped(work: Awaitable[T], *watches: Callable[[Stop], Callable[[], None]]) -> T:
    """Return the result of `work`, which is cancelled if one of the watches stops it. Raises the reason then.

    A watch is given what to call with the reason, and returns what ends the watch.
    """
    task = asyncio.current_task()
    assert task is not None
    reasons: list[CadgateError] = []

    def stop(error: CadgateError) -> None:
        if not reasons:
            task.cancel(WITHDRAWN)
        reasons.append(error)

    forget = [watch(stop) for watch in watches]
    try:
        return await work
    except asyncio.CancelledError:
        # If the request was cancelled as well, that takes precedence.
        if reasons and task.uncancel() == 0:
            raise reasons[0] from None
        raise
    except CadgateError as error:
        if reasons:  # the work has made an error of its own of it
            task.uncancel()
            raise reasons[0] from error
        raise
    finally:
        for each in forget:
            each()
