"""The at-most-once memory: answers of recent mutations by id, so that a re-sent one is answered and not done again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cadgate.appserver.errors import AppError

OWN_KEY = "gw-"
"""How the ids begin that the gateway made itself: they matter only until their answer has arrived."""
KEPT_OWN_KEYS = 256


class Replies:
    """Answers of the last `limit` mutations with a key that a client chose, and of as many others; the oldest go first.

    The two do not push each other out: a client may come back with its key much later than the gateway does.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self._own: OrderedDict[str, tuple[str | None, dict[str, Any]]] = OrderedDict()
        self._chosen: OrderedDict[str, tuple[str | None, dict[str, Any]]] = OrderedDict()

    def _of(self, key: str) -> OrderedDict[str, tuple[str | None, dict[str, Any]]]:
        return self._own if key.startswith(OWN_KEY) else self._chosen

    def find(self, key: str, digest: str | None) -> dict[str, Any] | None:
        """The stored answer. Raises AppError when the same id comes with another body."""
        known = self._of(key).get(key)
        if known is None:
            return None
        if known[0] != digest:
            raise AppError(
                "idempotency_conflict",
                f"The idempotency key {key!r} was used for another request: use a new key for a new request",
            )
        return known[1]

    def store(self, key: str, digest: str | None, answer: dict[str, Any]) -> None:
        known = self._of(key)
        known[key] = (digest, answer)
        while len(known) > self.limit:
            known.popitem(last=False)

    def forget(self, key: str) -> None:
        """What was stored turned out not to be true."""
        self._of(key).pop(key, None)

    def export(self) -> list[list[Any]]:
        """What a snapshot must keep: every answer whose key a client chose, and the youngest of the others."""
        youngest = list(self._own.items())[-KEPT_OWN_KEYS:]
        return [[key, digest, answer] for key, (digest, answer) in [*youngest, *self._chosen.items()]]
