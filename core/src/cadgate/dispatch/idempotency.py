"""At most once for the gateway's own work: the same idempotency key gets the first answer, also while it is made."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cadgate.errors import CadgateError, IdempotencyConflict

T = TypeVar("T")


class Once:
    """Remembers the last `limit` keys. Work that failed with a 5xx, or for want of authority, may be tried again.

    A key is the caller's identity, a space, and the caller's idempotency key.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._known: OrderedDict[str, tuple[str, asyncio.Task[Any]]] = OrderedDict()

    async def do(
        self,
        key: str,
        digest: str,
        work: Callable[[], Awaitable[T]],
        stands: Callable[[T], bool] | None = None,
    ) -> T:
        """The result of `work`, done for the first caller with `key`. Raises IdempotencyConflict for another body.

        The work goes on when the caller that asked for it goes away. It is done again where its result is remembered
        but no longer `stands`.
        """
        known = self._known.get(key)
        if known is not None and known[0] != digest:
            told = key.rpartition(" ")[2]
            raise IdempotencyConflict(
                f"The idempotency key {told!r} was used for another request: use a new key for a new request"
            )
        if known is not None and stands is not None and _succeeded(known[1]) and not stands(known[1].result()):
            known = None
        if known is None:
            known = (digest, asyncio.ensure_future(work()))
            self._known[key] = known  # pyright: ignore[reportArgumentType]
            known[1].add_done_callback(lambda task: self._settle(key, task))
        return await asyncio.shield(known[1])

    async def close(self) -> None:
        """End the work that still runs."""
        tasks = [task for _, task in self._known.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _settle(self, key: str, task: asyncio.Future[Any]) -> None:
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
