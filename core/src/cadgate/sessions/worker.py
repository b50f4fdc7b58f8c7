"""Workers, disposable applications for long work alongside the session: warm ones wait, abandoned ones are killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from cadgate.errors import (
    ApplicationUnavailable,
    CadgateError,
    ConnectionFailed,
    DeadlineExceeded,
    WorkerEnded,
)
from cadgate.sessions.fair_turns import FairTurns
from cadgate.sessions.process import ApplicationProcess, StartFailed

MAX_USES = 500
"""After this many uses a worker is replaced, to bound what an application leaks: FreeCAD's grow by 10 KiB a variant."""

REPLACE_AFTER = 1.0
"""After how many seconds a worker in use is replaced. Short work returns its worker before that."""

SURPLUS_SECONDS = 5.0
"""How long a returned worker waits for more work of the same kind, in addition to those that are kept warm."""

CLOSE_SECONDS = 5.0

Progress = Callable[[dict[str, Any]], None]
log = structlog.stdlib.get_logger("cadgate.workers")


@dataclass(frozen=True, slots=True)
class Use:
    """For whom a worker works."""

    caller: str = "local"
    """Who waits for its turn: callers take turns."""
    owner: str = "local"
    """Whose data it sees. It works for nobody else afterwards."""
    folder: Path | None = None
    """The folder of the session; None: that of `default`."""


DEFAULT_USE = Use()


class Worker:
    """One application that a handler has exclusively inside `async with app.worker()`."""

    def __init__(self) -> None:
        self.process: ApplicationProcess | None = None
        self.uses = 0
        self.owner: str | None = None
        """Whose data it has seen; None if it was not used yet."""
        self.folder: Path | None = None
        """The session whose files its sandbox shows; None: those of `default`."""
        self.taken: float | None = None
        """Since when it is in use, as a `time.monotonic()`."""
        self.place = 0
        """Which of the places of those at work it has, from 0: no two that work have the same."""
        self._unanswered = 0
        self._progress: Progress | None = None

    @property
    def usable(self) -> bool:
        """Whether it is running and idle: every call has been answered."""
        return self.process is not None and not self.process.exited.done() and self._unanswered == 0

    def notified(self, method: str, params: dict[str, Any]) -> None:
        """Take a notification of the application; `progress` is passed to the waiting caller."""
        if method == "event" and params.get("topic") == "progress" and self._progress is not None:
            self._progress(params.get("data") or {})

    async def send(self, method: str, params: dict[str, Any], on_progress: Progress | None = None) -> Any:
        """Call the worker; `on_progress` gets the data that it emits on the topic `progress`.

        Raises the error that the application answers, and CommandExecutionError if it died.
        """
        if self.process is None:
            raise RuntimeError("the worker was not started")
        self._progress = on_progress
        # Not decremented if no answer arrives, because the application may still be working.
        self._unanswered += 1
        try:
            result = await self.process.client.call(method, params, mutates=True)
        except ConnectionFailed as error:
            raise WorkerEnded(
                f"The application ended while it was running {method}; the work exceeds its resources here"
            ) from error
        except CadgateError:
            self._unanswered -= 1
            raise
        finally:
            self._progress = None
        self._unanswered -= 1
        return result


class Workers:
    """Keeps `spares` warm workers, and lets at most `limit` work at a time; others wait for their turn."""

    def __init__(
        self, launch: Callable[[Worker, int], Awaitable[ApplicationProcess]], spares: int, limit: int = 1
    ) -> None:
        self._launch = launch
        self._spares = spares
        self.tied = False
        """Whether a sandbox shows each worker the files of one session only."""
        self._limit = max(1, limit)
        self._turns = FairTurns(self._limit)
        self._scratch_turns = FairTurns(self._limit)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._numbers = 0
        self._warming: asyncio.Task[None] | None = None
        self._warmed = asyncio.Event()
        self._closed = False
        self._ending: set[ApplicationProcess] = set()

    def warm(self) -> None:
        """Start missing warm workers in the background."""
        if not self._closed and (self._warming is None or self._warming.done()) and self._missing() > 0:
            self._warmed.clear()
            self._warming = asyncio.create_task(self._fill())

    def _missing(self) -> int:
        now = time.monotonic()
        soon_back = sum(each.taken is not None and now - each.taken < REPLACE_AFTER for each in self._all)
        return self._spares - len(self._idle) - soon_back

    async def _fill(self) -> None:
        try:
            while self._missing() > 0 and not self._closed:
                self._idle.append(await self._new())
                self._warmed.set()
        except Exception as error:  # noqa: BLE001 - whoever needs one tries again, and gets the error then
            log.warning("a worker did not start", error=str(error))
        finally:
            self._warmed.set()

    async def _new(self, folder: Path | None = None) -> Worker:
        worker = Worker()
        worker.folder = folder
        self._all.add(worker)
        self._numbers += 1
        try:
            worker.process = await self._launch(worker, self._numbers)
            if self._closed:
                self._end(worker)
                raise ApplicationUnavailable("The gateway is stopping")
        except BaseException:
            self._all.discard(worker)
            raise
        return worker

    @asynccontextmanager
    async def take(self, deadline: float | None = None, use: Use = DEFAULT_USE) -> AsyncGenerator[Worker]:
        """Yield a worker for the block. Leaving the block early kills it with everything it started.

        `use` says for whom it works.

        Raises DeadlineExceeded at `deadline` (`time.monotonic()`), even while it waits for its turn.
        """
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout, self._turns.turn(use.caller), self._taken(use) as worker:
                yield worker
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise DeadlineExceeded("The work was stopped at its deadline; nothing was saved") from error

    @asynccontextmanager
    async def scratch(self, deadline: float | None = None, use: Use = DEFAULT_USE) -> AsyncGenerator[Worker]:
        """Yield a new application whose document is the block's own: it ends with the block.

        What it does may use workers meanwhile, so that these turns are not those of `take`. Raises what `take` does.
        """
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout, self._scratch_turns.turn(use.caller):
                try:
                    worker = await self._new(use.folder)
                except StartFailed as error:
                    raise WorkerEnded(f"A worker could not be started: {error}") from error
                worker.owner = use.owner
                try:
                    yield worker
                finally:
                    self._all.discard(worker)
                    self._end(worker)
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise DeadlineExceeded("The work was stopped at its deadline; nothing was saved") from error

    @asynccontextmanager
    async def _taken(self, use: Use) -> AsyncGenerator[Worker]:
        worker = await self._warm_or_new(use)
        worker.uses += 1
        worker.owner = use.owner
        others = {each.place for each in self._all if each.taken is not None}
        worker.place = next(place for place in range(len(others) + 1) if place not in others)
        worker.taken = time.monotonic()
        replacing = asyncio.get_running_loop().call_later(REPLACE_AFTER + 0.01, self.warm)
        try:
            yield worker
        finally:
            replacing.cancel()
            worker.taken = None
            self._give_back(worker)

    def _give_back(self, worker: Worker) -> None:
        # A refusal by the application does no harm, but an unanswered call may still be running.
        # Work of many steps takes it again at once: if a replacement were all that may wait, each step would start one.
        most = self._spares + self._limit if self._spares else 0
        wanted = not self._closed and len(self._idle) < most and worker.uses < MAX_USES
        if wanted and worker.usable:
            self._idle.append(worker)
            asyncio.get_running_loop().call_later(SURPLUS_SECONDS, self._end_surplus, worker, worker.uses)
            return
        self._all.discard(worker)
        self._end(worker)
        self.warm()

    def forget(self, folder: Path) -> None:
        """End the idle workers that see the files of a session, because it is suspended or has ended."""
        for worker in [each for each in self._idle if each.folder == folder]:
            self._discard(worker)
        self.warm()

    def _discard(self, worker: Worker) -> None:
        self._idle.remove(worker)
        self._all.discard(worker)
        self._end(worker)

    def _end_surplus(self, worker: Worker, uses: int) -> None:
        """End a worker that nobody has needed again since so many uses, unless it is one of those that are kept."""
        if worker in self._idle and worker.uses == uses and len(self._idle) > self._spares:
            self._discard(worker)

    def _end(self, worker: Worker) -> None:
        process = worker.process
        if process is not None:
            process.kill()
            self._ending.add(process)
            process.exited.add_done_callback(lambda _: self._ended(process))

    def _ended(self, process: ApplicationProcess) -> None:
        self._ending.discard(process)
        # It would notice by itself a moment later, when the loop may have ended too.
        process.client.close()

    def _fits(self, worker: Worker, use: Use) -> bool:
        return worker.owner in (None, use.owner) and (not self.tied or worker.folder == use.folder)

    async def _warm_or_new(self, use: Use) -> Worker:
        may_come = not self.tied or use.folder is None
        if may_come and not self._idle and self._warming is not None and not self._warming.done():
            await self._warmed.wait()
        # Rather the one that this owner used last, which may have the same document open, than one for anybody.
        newest = list(reversed(self._idle))
        for worker in sorted(newest, key=lambda each: each.owner is None):
            if not worker.usable:
                self._discard(worker)
            elif self._fits(worker, use):
                self._idle.remove(worker)
                return worker
        if len(self._idle) >= self._spares > 0:
            self._discard(self._idle[0])  # it is somebody else's; the one for this use takes its place
        try:
            return await self._new(use.folder)
        except StartFailed as error:
            raise WorkerEnded(f"A worker could not be started: {error}") from error

    async def close(self) -> None:
        """Kill every worker."""
        self._closed = True
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        for worker in self._all:
            self._end(worker)
        ending = set(self._ending)
        if ending:
            await asyncio.wait({each.exited for each in ending}, timeout=CLOSE_SECONDS)
        for process in ending:
            await process.client.disconnect()
        self._all.clear()
        self._idle.clear()
