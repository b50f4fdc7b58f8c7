"""Which sessions of one application may have a process: at most so many; others wait in the order of their coming.

All of it is synchronous; who gets a place, and who is asked to give one up, learns it by being called.
"""

from __future__ import annotations

import time
from typing import Protocol

PATIENCE = 2.0
"""How long a session must have been idle to make room for a new one that nobody has called yet."""


class Holder(Protocol):
    """A session that needs a place."""

    @property
    def urgent(self) -> bool:
        """Whether a call waits for it."""
        ...

    @property
    def idle_since(self) -> float | None:
        """The `time.monotonic()` since when it has had nothing to do; None while it has."""
        ...

    def place_granted(self) -> None:
        """It has a place now, and may start."""
        ...

    def give_up_place(self) -> None:
        """Suspend, because another session needs the place, which `Slots.release` returns."""
        ...


class Slots:
    """The places of one application. `maximum` None: any number."""

    def __init__(self, maximum: int | None) -> None:
        self.maximum = maximum
        self._holders: dict[Holder, None] = {}
        self._waiting: list[Holder] = []
        self._leaving: set[Holder] = set()

    @property
    def free(self) -> bool:
        """Whether the next to ask gets a place at once."""
        return not self._waiting and (self.maximum is None or len(self._holders) < self.maximum)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def position(self, holder: Holder) -> int | None:
        """Return which one in the queue this is, from 1; None if it does not wait."""
        return self._waiting.index(holder) + 1 if holder in self._waiting else None

    def request(self, holder: Holder) -> None:
        """Give a place as soon as there is one."""
        if holder not in self._holders and holder not in self._waiting:
            self._waiting.append(holder)
            self.serve()

    def withdraw(self, holder: Holder) -> None:
        """Do not wait any longer."""
        if holder in self._waiting:
            self._waiting.remove(holder)

    def release(self, holder: Holder) -> None:
        """Return a place, or stop waiting for one."""
        self.withdraw(holder)
        self._holders.pop(holder, None)
        self._leaving.discard(holder)
        self.serve()

    def serve(self) -> None:
        """Give free places to those who wait, and ask for more if none is free: of who has been idle longest."""
        while self._waiting and (self.maximum is None or len(self._holders) < self.maximum):
            first = self._waiting.pop(0)
            self._holders[first] = None
            first.place_granted()
        wanted = len(self._waiting) - len(self._leaving)
        if wanted <= 0:
            return
        now = time.monotonic()
        idle = [(since, holder) for holder in self._holders if (since := self._idle_since(holder)) is not None]
        idle.sort(key=lambda each: each[0])
        for waiting, (since, holder) in zip(self._waiting[len(self._leaving) :], idle, strict=False):
            if not waiting.urgent and now - since < PATIENCE:
                break
            self._leaving.add(holder)
            holder.give_up_place()

    def _idle_since(self, holder: Holder) -> float | None:
        return None if holder in self._leaving else holder.idle_since
