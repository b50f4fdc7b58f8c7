"""Warm applications: already started, with an empty document and the folder of a session that does not exist yet.

A new session takes over folder, id and process. A session that wakes takes the process alone, where no sandbox ties it
to its folder.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio.to_thread
import structlog

from cadgate.clients.base_client import Notification
from cadgate.sessions.process import KILL_SECONDS, ApplicationProcess, StartFailed
from cadgate.sessions.source import ManagedSource
from cadgate.sessions.spawn import Launch

log = structlog.stdlib.get_logger("cadgate.warm")


def new_id() -> str:
    """Return a new id of a session: 128 random bits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, eq=False)
class Warm:
    """A warm application, and the id of the session whose folder it has."""

    id: str
    folder: Path
    process: ApplicationProcess


class WarmPool:
    """Keeps warm applications of one adapter. `prepare` makes the launch for the session with an id, in a thread."""

    def __init__(self, prepare: Callable[[str], Launch], size: int) -> None:
        self._prepare = prepare
        self.size = size
        """How many are wanted; more after a session was made."""
        self._waiting: list[Warm] = []
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return sum(not each.process.exited.done() for each in self._waiting)

    def fill(self) -> None:
        """Start missing ones in the background."""
        if not self._closed and len(self) < self.size and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        try:
            while not self._closed and len(self) < self.size:
                identifier = new_id()
                launch = await anyio.to_thread.run_sync(self._prepare, identifier)
                process = await ApplicationProcess.stand_by(launch)
                self._waiting.append(Warm(identifier, launch.folder, process))
        except Exception as error:  # noqa: BLE001 - whoever needs one starts it, and gets the error then
            log.warning("a warm application did not start", error=str(error))

    def take(self) -> Warm | None:
        """Return one that runs, which belongs to the caller from then on; None if there is none."""
        found: Warm | None = None
        while self._waiting and found is None:
            first = self._waiting.pop(0)
            if first.process.exited.done():
                _remove(first.folder)
            else:
                found = first
        asyncio.get_running_loop().call_later(0.05, self.fill)
        return found

    async def close(self) -> None:
        """End all of them."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        for each in self._waiting:
            each.process.kill()
        if self._waiting:
            await asyncio.wait([each.process.exited for each in self._waiting], timeout=KILL_SECONDS)
        for each in self._waiting:
            await anyio.to_thread.run_sync(_remove, each.folder)
        self._waiting.clear()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class SessionSource(ManagedSource):
    """The application of a session that is suspended at times: a warm one if there is one, or a new one.

    :param own: the warm application whose folder the session has.
    :param pool: where another one may be taken; None if a sandbox ties each to its folder.
    """

    def __init__(
        self, prepare: Callable[[], Launch], folder: Path, own: ApplicationProcess | None, pool: WarmPool | None
    ) -> None:
        super().__init__(prepare)
        self._folder = folder
        self._own = own
        self._pool = pool

    async def come_up(self, on_notification: Notification, *, crashed: bool) -> ApplicationProcess:
        own, self._own = self._own, None
        if own is not None and not own.exited.done():
            await own.take_over(on_notification, crashed=crashed)
            return own
        # Prepared in any case, since it lays out the session's folder, and says if the application is gone.
        launch = await anyio.to_thread.run_sync(self.prepare)
        warm = None if self._pool is None else self._pool.take()
        if warm is None:
            return await ApplicationProcess.launch(replace(launch, crashed=crashed), on_notification)
        loop = asyncio.get_running_loop()
        warm.process.exited.add_done_callback(lambda _: loop.run_in_executor(None, partial(_remove, warm.folder)))
        try:
            await warm.process.take_over(on_notification, crashed=crashed, folder=self._folder)
        except StartFailed:
            log.warning("a warm application did not take over a session")
            raise
        return warm.process
