"""Runs the gateway's own work at most once: the same idempotency key gets the first result, also while it runs."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cadgate.errors import CadgateError, IdempotencyConflict

T = TypeVar("T")


class Once:
    """Remembers the last `limit` keys. Work that failed with a 5xx, 401 or 403 may be tried again.

    A key is the caller's identity, a space, and the caller's idempotency key.
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
        known = self._known.get(key)
        if known is not None and known[0] != digest:
            sent = key.rpartition(" ")[2]
            raise IdempotencyConflict(
                f"The idempotency key {sent!r} was used for another request: use a new key for a new request"
            )
        if known and still_valid is not None and _succeeded(known[1]) and not still_valid(known[1].result()):
            known = None
        if known is None:
            known = (digest, asyncio.ensure_future(work()))
            self._known[key] = known  # pyright: ignore[reportArgumentType]
            known[1].add_done_callback(lambda task: self._forget_failed(key, task))
        return await asyncio.shield(known[1])

    async def close(self) -> None:
        """Cancel the work that is still running."""
        tasks = [task for _, task in self._known.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_failed(self, key: str, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        remembered = error is None or (
            isinstance(error, CadgateError) and error.status < 500 and error.status not in (401, 403)
        )
        mine = key in self._known and self._known[key][1] is task
        if mine and (task.cancelled() or not remembered):
            self._known.pop(key, None)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
