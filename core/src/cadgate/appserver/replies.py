"""The at-most-once memory: answers of recent mutations by id, so that a re-sent one is answered and not done again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cadgate.appserver.errors import AppError

OWN_KEY = "gw-"
"""How the ids begin that the gateway made itself: they matter only until their answer has arrived."""
KEPT_OWN_KEYS = 256


class Replies:
    """The last `limit` mutations' answers; the oldest are forgotten first."""

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self._known: OrderedDict[str, tuple[str | None, dict[str, Any]]] = OrderedDict()

    def find(self, key: str, digest: str | None) -> dict[str, Any] | None:
        """The stored answer. Raises AppError when the same id comes with another body."""
        known = self._known.get(key)
        if known is None:
            return None
        if known[0] != digest:
            raise AppError(
                "idempotency_conflict",
                f"The idempotency key {key!r} was used for another request: use a new key for a new request",
            )
        return known[1]

    def store(self, key: str, digest: str | None, answer: dict[str, Any]) -> None:
        self._known[key] = (digest, answer)
        while len(self._known) > self.limit:
            self._known.popitem(last=False)

    def export(self) -> list[list[Any]]:
        """What a snapshot must keep: every answer whose key a client chose, and the youngest of the others."""
        youngest = list(self._known)[-KEPT_OWN_KEYS:]
        keep = {key for key in self._known if not key.startswith(OWN_KEY)} | set(youngest)
        return [[key, digest, answer] for key, (digest, answer) in self._known.items() if key in keep]
