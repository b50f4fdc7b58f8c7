"""`CancelToken`: how a client stops a call that it made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class CancelToken:
    """By which a client stops a call that it made: `cancel` interrupts what runs, now or as soon as it does."""

    __slots__ = ("_action", "cancelled")

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self._action: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Stop what runs for the client; again does nothing new."""
        self.cancelled.set()
        if self._action is not None:
            self._action()

    def on_cancel(self, action: Callable[[], None]) -> None:
        """Set what is done when the client cancels: the last one set. It is done at once where it did so already."""
        self._action = action
        if self.cancelled.is_set():
            action()

    async def wait(self) -> None:
        """Return when the client cancelled."""
        await self.cancelled.wait()
