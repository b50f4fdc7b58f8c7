"""Recomputes that an atomic batch puts off, so that a chain changed by several calls is recomputed only once."""

from __future__ import annotations

from typing import Any

MAY_PUT_OFF = ("objects.update", "sketches.update")
"""Methods that describe the one object that they change."""


class Batch:
    """The running atomic batch."""

    def __init__(self) -> None:
        self.putting_off = False
        """Whether the running call puts off recomputing what depends on its change."""
        self.forget()

    def forget(self) -> None:
        self.due: set[Any] = set()
        """What depends on changed objects and has not been recomputed since."""
        self.broken: set[str] = set()
        self.changed: set[str] = set()

    def put_off(self, obj: Any, affected: list[Any], already_broken: set[str]) -> None:
        self.due.discard(obj)
        self.due.update(affected)
        self.broken |= already_broken
        self.changed.add(obj.Name)


BATCH = Batch()
