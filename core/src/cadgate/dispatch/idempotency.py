"""Runs the gateway's own work at most once: the same idempotency key gets the first result, also while it runs."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cadgate.errors import CadgateError, IdempotencyConflict, Interrupted, WorkerEnded

T = TypeVar("T")


class Once:
    """Remembers the last `limit` keys.

    Work that failed with a 5xx, 401, 403 or 429 may be tried again, and so may work that was stopped, or lost with its
    worker. A key is the caller's identity, a space, and the caller's idempotency key.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._known: OrderedDict[str, tuple[str, asyncio.Task[Any]]] = OrderedDict()

    async def run_once(
        self,
        key: str,
        digest: str,
        work: Callable[[], Awaitable[T]],
        still_valid: Callable[[T], bool] | None = None,
    ) -> T:
        """Return the result of `work`, run for the first caller with `key`. Raises IdempotencyConflict.

        The work continues if its caller goes away. It runs again if its remembered result is no longer valid.
        """
        return await asyncio.shield(self.begin(key, digest, work, still_valid)[0])

    def begin(
        self,
        key: str,
        digest: str,
        work: Callable[[], Awaitable[T]],
        still_valid: Callable[[T], bool] | None = None,
    ) -> tuple[asyncio.Task[T], bool]:
        """Return the task that does the work of `key`, and whether it is begun for this caller; see `run_once`."""
        known = self._known.get(key)
        if known is not None and known[0] != digest:
            sent = key.rpartition(" ")[2]
            raise IdempotencyConflict(
                f"The idempotency key {sent!r} was used for another request: use a new key for a new request"
            )
        if known and still_valid is not None and _succeeded(known[1]) and not still_valid(known[1].result()):
            known = None
        if known is not None:
            return known[1], False
        task = asyncio.ensure_future(work())
        self._known[key] = (digest, task)  # pyright: ignore[reportArgumentType]
        task.add_done_callback(lambda task: self._forget_failed(key, task))
        return task, True  # pyright: ignore[reportReturnType]

    async def close(self) -> None:
        """Cancel the work that is still running."""
        tasks = [task for _, task in self._known.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_failed(self, key: str, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        remembered = error is None or (isinstance(error, CadgateError) and not _may_end_otherwise(error))
        mine = key in self._known and self._known[key][1] is task
        if mine and (task.cancelled() or not remembered):
            self._known.pop(key, None)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def _may_end_otherwise(error: CadgateError) -> bool:
    lost = error.retryable or isinstance(error, (Interrupted, WorkerEnded))
    return lost or error.status >= 500 or error.status in (401, 403)


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
