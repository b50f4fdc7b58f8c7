"""Remembers the answers of recent mutations by key, so that a re-sent one is answered and not run again."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, cast

from cadgate.appserver.errors import AppError

OWN_KEY = "gw-"
"""The prefix of keys that the gateway made itself. They matter only until their answer has arrived."""
KEPT_OWN_KEYS = 256


class _Known(NamedTuple):
    digest: str | None
    answer: dict[str, Any] | str
    """The answer, or the JSON of its result, which takes a tenth of the memory."""
    weight: int

    def whole(self) -> dict[str, Any]:
        return {"result": json.loads(self.answer)} if isinstance(self.answer, str) else self.answer


class _Memory:
    """Digests and answers by key. The answer to a batch counts once for each of its results."""

    def __init__(self) -> None:
        self.known: dict[str, _Known] = {}
        self.weight = 0

    def store(self, key: str, digest: str | None, answer: dict[str, Any], limit: int, written: str | None) -> None:
        if key in self.known:
            self.forget(key)
        weight = _weight(answer)
        self.known[key] = _Known(digest, answer if written is None else written, weight)
        self.weight += weight
        while self.weight > limit and len(self.known) > 1:
            self.forget(next(iter(self.known)))

    def forget(self, key: str) -> None:
        known = self.known.pop(key, None)
        if known is not None:
            self.weight -= known.weight


def _weight(answer: dict[str, Any]) -> int:
    result = answer.get("result")
    results = cast("Dict[str, Any]", result).get("results") if isinstance(result, dict) else None
    return max(1, len(cast("List[Any]", results))) if isinstance(results, list) else 1


class Replies:
    """The answers of the last `limit` mutations whose key a client chose, and of as many others.

    The two do not displace each other: a client may re-send its key much later than the gateway does.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self._own = _Memory()
        self._chosen = _Memory()

    def _of(self, key: str) -> _Memory:
        return self._own if key.startswith(OWN_KEY) else self._chosen

    def find(self, key: str, digest: str | None) -> dict[str, Any] | None:
        """Return the stored answer, if any. Raises AppError when the same key comes with a different body."""
        known = self._of(key).known.get(key)
        if known is None:
            return None
        if known.digest != digest:
            raise AppError(
                "idempotency_conflict",
                f"The idempotency key {key!r} was used for another request: use a new key for a new request",
            )
        return known.whole()

    def store(self, key: str, digest: str | None, answer: dict[str, Any], written: str | None = None) -> None:
        """Remember an answer; `written` is the JSON of its result, if it has nothing else and that is known."""
        self._of(key).store(key, digest, answer, self.limit, written)

    def forget(self, key: str) -> None:
        """Drop an answer that turned out not to hold."""
        self._of(key).forget(key)

    def export(self) -> list[list[Any]]:
        """Return what a snapshot must contain: every answer whose key a client chose, and the newest of the others."""
        youngest = list(self._own.known.items())[-KEPT_OWN_KEYS:]
        return [[key, known.digest, known.whole()] for key, known in [*youngest, *self._chosen.known.items()]]
