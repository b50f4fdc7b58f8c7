"""`CancelToken`: lets a client stop a call that it made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class CancelToken:
    """Lets a client stop a call that it made: `cancel` interrupts the call, now or as soon as it runs."""

    __slots__ = ("_action", "cancelled")

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self._action: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Stop the client's call. May be repeated."""
        self.cancelled.set()
        if self._action is not None:
            self._action()

    def on_cancel(self, action: Callable[[], None]) -> None:
        """Set what to do when the client cancels, replacing an earlier action. Done at once if it has cancelled."""
        self._action = action
        if self.cancelled.is_set():
            action()

    async def wait(self) -> None:
        """Return when the client has cancelled."""
        await self.cancelled.wait()
