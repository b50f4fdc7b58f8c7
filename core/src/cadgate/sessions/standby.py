"""Standby applications: already started, with an empty document, to take over the session after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio.to_thread
import structlog

from cadgate.sessions.process import KILL_SECONDS, ApplicationProcess
from cadgate.sessions.spawn import Launch

log = structlog.stdlib.get_logger("cadgate.standby")


class Standby:
    """Keeps `spares` standby applications for one session. `prepare` creates the launch, in a thread."""

    def __init__(self, prepare: Callable[[], Launch], spares: int) -> None:
        self._prepare = prepare
        self._spares = spares
        self._waiting: list[ApplicationProcess] = []
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The pids of the standby applications."""
        return [process.pid for process in self._waiting if not process.exited.done()]

    def fill(self) -> None:
        """Start missing standby applications in the background."""
        if not self._closed and len(self.pids) < self._spares and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        try:
            launch = await anyio.to_thread.run_sync(self._prepare)
            while not self._closed and len(self.pids) < self._spares:
                self._waiting.append(await ApplicationProcess.stand_by(launch))
        except Exception as error:  # noqa: BLE001 - the session then starts one itself, and reports the error
            log.warning("a standby application did not start", error=str(error))

    def take(self) -> ApplicationProcess | None:
        """Return a running one, which belongs to the caller from then on; None if there is none."""
        while self._waiting:
            process = self._waiting.pop(0)
            if not process.exited.done():
                return process
        return None

    async def close(self) -> None:
        """Kill all of them."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        for process in self._waiting:
            process.kill()
        if self._waiting:
            await asyncio.wait([process.exited for process in self._waiting], timeout=KILL_SECONDS)
        self._waiting.clear()
