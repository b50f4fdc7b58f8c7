"""The at-most-once memory: answers of recent mutations by id, so that a re-sent one is answered and not done again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Dict, Optional, Tuple

from cadgate.appserver.errors import AppError


class Replies:
    """The last `limit` mutations' answers; the oldest are forgotten first."""

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self._known: "OrderedDict[str, Tuple[Optional[str], Dict[str, Any]]]" = OrderedDict()

    def find(self, key: str, digest: Optional[str]) -> Optional[Dict[str, Any]]:
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

    def store(self, key: str, digest: Optional[str], answer: Dict[str, Any]) -> None:
        self._known[key] = (digest, answer)
        while len(self._known) > self.limit:
            self._known.popitem(last=False)
