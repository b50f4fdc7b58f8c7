"""Reports progress to a client that asked for it, a few times a second, always forward."""

from __future__ import annotations

import asyncio
import contextlib

from mcp.server.session import ServerSession

INTERVAL_SECONDS = 0.1


class Progress:
    """Sends `notifications/progress` while a call runs: `async with Progress(session, wanted=True) as progress`."""

    def __init__(self, session: ServerSession, *, wanted: bool) -> None:
        self._session = session
        self._wanted = wanted
        self._changed = asyncio.Event()
        self._fraction = 0.0
        self._message: str | None = None
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Progress:
        if self._wanted:
            self._sending = asyncio.create_task(self._send())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending

    def report(self, fraction: float | None, message: str | None) -> None:
        """Say how far the work is, from 0 to 1, and what it is doing."""
        if fraction is not None:
            self._fraction = max(self._fraction, min(1.0, fraction))
        self._message = message or self._message
        self._changed.set()

    async def _send(self) -> None:
        last = -1.0
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._fraction > last:  # the protocol wants it to increase
                last = self._fraction
                await self._session.report_progress(last, 1.0, self._message)
            await asyncio.sleep(INTERVAL_SECONDS)
