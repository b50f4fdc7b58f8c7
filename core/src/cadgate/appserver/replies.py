"""The at-most-once memory: answers of recent mutations by id, so that a re-sent one is answered and not done again."""

from __future__ import annotations

from typing import Any, Dict, List, cast

from cadgate.appserver.errors import AppError

OWN_KEY = "gw-"
"""How the ids begin that the gateway made itself: they matter only until their answer has arrived."""
KEPT_OWN_KEYS = 256


class _Memory:
    """Digest and answer by key. The answer to a batch weighs as much as it has results."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str | None, dict[str, Any]]] = {}
        self.weight = 0

    def store(self, key: str, digest: str | None, answer: dict[str, Any], limit: int) -> None:
        self.forget(key)
        self.known[key] = (digest, answer)
        self.weight += _weight(answer)
        while self.weight > limit and len(self.known) > 1:
            self.forget(next(iter(self.known)))

    def forget(self, key: str) -> None:
        known = self.known.pop(key, None)
        if known is not None:
            self.weight -= _weight(known[1])


def _weight(answer: dict[str, Any]) -> int:
    result = answer.get("result")
    results = cast("Dict[str, Any]", result).get("results") if isinstance(result, dict) else None
    return max(1, len(cast("List[Any]", results))) if isinstance(results, list) else 1


class Replies:
    """Answers of the last `limit` mutations with a key that a client chose, and of as many others; the oldest go first.

    The two do not push each other out: a client may come back with its key much later than the gateway does.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self._own = _Memory()
        self._chosen = _Memory()

    def _of(self, key: str) -> _Memory:
        return self._own if key.startswith(OWN_KEY) else self._chosen

    def find(self, key: str, digest: str | None) -> dict[str, Any] | None:
        """The stored answer. Raises AppError when the same id comes with another body."""
        known = self._of(key).known.get(key)
        if known is None:
            return None
        if known[0] != digest:
            raise AppError(
                "idempotency_conflict",
                f"The idempotency key {key!r} was used for another request: use a new key for a new request",
            )
        return known[1]

    def store(self, key: str, digest: str | None, answer: dict[str, Any]) -> None:
        self._of(key).store(key, digest, answer, self.limit)

    def forget(self, key: str) -> None:
        """What was stored turned out not to be true."""
        self._of(key).forget(key)

    def export(self) -> list[list[Any]]:
        """What a snapshot must keep: every answer whose key a client chose, and the youngest of the others."""
        youngest = list(self._own.known.items())[-KEPT_OWN_KEYS:]
        return [[key, digest, answer] for key, (digest, answer) in [*youngest, *self._chosen.known.items()]]
