"""What calls of an atomic batch put off: a chain that several of them change is made again once, not with each."""

from __future__ import annotations

from typing import Any

MAY_PUT_OFF = ("objects.update", "sketches.update")
"""Methods that describe the one object that they change."""


class Batch:
    """The atomic batch that runs."""

    def __init__(self) -> None:
        self.putting_off = False
        """Whether the running call leaves to later what it leads to."""
        self.forget()

    def forget(self) -> None:
        self.due: set[Any] = set()
        """What depends on changed objects, and was not made again after the change."""
        self.broken: set[str] = set()
        self.changed: set[str] = set()

    def put_off(self, obj: Any, affected: list[Any], already_broken: set[str]) -> None:
        self.due.discard(obj)
        self.due.update(affected)
        self.broken |= already_broken
        self.changed.add(obj.Name)


BATCH = Batch()
