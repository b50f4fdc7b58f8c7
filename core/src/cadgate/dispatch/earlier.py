"""What an earlier attempt at a batch has done, which was cancelled: those calls are not done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cadgate.contract.builtin import BatchSuccess


@dataclass(frozen=True, slots=True)
class Earlier:
    """The successful results of an earlier attempt, by the places of their calls.

    Only calls that are sent alone need them. The application knows what those did that were sent together: it remembers
    each change by the key of the batch and its place.
    """

    retries: int = 0
    done: Mapping[int, BatchSuccess] = field(default_factory=dict[int, BatchSuccess])

    def key_for(self, key: str | None, index: int) -> str | None:
        """Return the idempotency key of one call, another one in each attempt: its failure may be remembered."""
        if key is None:
            return None
        return f"{key}+{self.retries}@{index}" if self.retries else f"{key}@{index}"


FIRST = Earlier()


def earlier(retries: int, results: Mapping[str, Any] | None) -> Earlier:
    """Return what is known at a new attempt, from the `BatchResults` of the one before as JSON."""
    listed: list[dict[str, Any]] = [] if results is None else results["results"]
    done = {
        index: BatchSuccess(result=each["result"]) for index, each in enumerate(listed) if each["status"] == "success"
    }
    return Earlier(retries, done)
