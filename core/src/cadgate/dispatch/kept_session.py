"""`KeptSession`: a session that somebody made. It is queued, awake, suspended, and at some time ended.

Every change of its phase is made in one synchronous step; processes and files follow in tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Literal, TypeVar

import anyio.to_thread
import structlog

from cadgate.appserver.meta import CallMeta
from cadgate.dispatch.counting import Counts
from cadgate.dispatch.disk_limit import DiskLimit
from cadgate.dispatch.refused_sessions import ended_error, too_late
from cadgate.dispatch.session import STOP_SECONDS, SessionRuntime
from cadgate.errors import ApplicationRestarted, CadgateError, Conflict, DeadlineExceeded
from cadgate.sessions.process import ApplicationProcess
from cadgate.sessions.records import Reason, SessionFolders, SessionRecord
from cadgate.sessions.slots import Slots
from cadgate.sessions.source import Source

Phase = Literal["waiting", "awake", "leaving", "asleep", "ended"]
State = Literal["queued", "starting", "ready", "busy", "suspended", "ended"]

KILL_SECONDS = 0.0
POLL_SECONDS = 0.05

PREPARING: ContextVar[bool] = ContextVar("PREPARING", default=False)
"""Set for the calls that prepare a session, for which all others wait."""

T = TypeVar("T")

log = structlog.stdlib.get_logger("cadgate.sessions")


class KeptSession:
    """One session with its record. `open_source` makes the source of its application, each time it wakes."""

    def __init__(
        self,
        record: SessionRecord,
        runtime: SessionRuntime,
        slots: Slots,
        folders: SessionFolders,
        open_source: Callable[[ApplicationProcess | None], Source],
        own: ApplicationProcess | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self.record = record
        self.runtime = runtime
        self._slots = slots
        self._folders = folders
        self._open_source = open_source
        self._own = own
        self._phase: Phase = "asleep"
        self._leaving: asyncio.Task[None] | None = None
        self._wanted = False
        """Whether it is to wake again once it has been suspended."""
        self._callers = 0
        self._held = 0
        self._granted = False
        self._has_slept = False
        """Whether it was suspended before; a new session stays in the queue even if nobody waits for it."""
        self._used = time.monotonic()
        self.queued_until: float | None = None
        """The `time.monotonic()` after which a new session does not wait for its place any longer."""
        self.preparing: Callable[[], Awaitable[None]] | None = None
        """What is to be done before the first call: opening a file."""
        self._prepared: asyncio.Task[None] | None = None
        self.unprepared: CadgateError | None = None
        """Why that failed."""
        self.suspended_because: str | None = None
        self.counts = Counts(record, runtime)
        self.disk = DiskLimit(runtime.folder, max_bytes)
        self.stopped_by: CadgateError | None = None
        """Why it does not wake until it is resumed by name."""
        calls = runtime.session.calls
        calls.admit, calls.wake, calls.cause = self._admit, self.wake, self._cause_of
        runtime.require_room = self.disk.require_room

    def __repr__(self) -> str:
        return f"<KeptSession {self.record.id} of {self.record.owner}, {self._phase}>"

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def state(self) -> State:
        """What it is doing, in the words of the API."""
        if self._phase == "ended":
            return "ended"
        if self._phase == "waiting":
            return "queued"
        if self._phase == "asleep":
            return "suspended"
        status = self.runtime.session.status()
        if status.state == "up":
            return "ready" if self.idle else "busy"
        return "busy" if status.state == "busy" or self._phase == "leaving" else "starting"

    @property
    def reason(self) -> str | None:
        """Why it is not ready, if there is more to say than its state."""
        if self._phase == "asleep":
            return self.suspended_because
        return self.record.reason or (self.runtime.session.status().reason if self._phase == "awake" else None)

    @property
    def position(self) -> int | None:
        """Which one in the queue it is, from 1."""
        return self._slots.position(self)

    @property
    def awake(self) -> bool:
        """Whether it has a process, or is about to have one."""
        return self._phase == "awake"

    @property
    def idle(self) -> bool:
        """Whether no call waits or runs."""
        return self.runtime.session.calls.idle and not self.runtime.calls.handling and self._prepared is None

    @property
    def urgent(self) -> bool:
        """Whether a call waits for it to wake."""
        return self._callers > 0

    @property
    def idle_since(self) -> float | None:
        """The `time.monotonic()` since when it has been ready with nothing to do; None otherwise."""
        session = self.runtime.session
        # One whose application does not start must not keep its place from others.
        settled = session.ready.is_set() or session.status().state in ("down", "unavailable")
        return self._used if self._phase == "awake" and settled and self.idle and not self._callers else None

    def touch(self) -> None:
        """Note that it is used now."""
        self._used, self.record.last_used = time.monotonic(), time.time()

    def cause(self) -> CadgateError | None:
        """Return the error for calls to a session that has ended; None while it lives."""
        if self._phase != "ended":
            return None
        return ended_error(self.record)

    def _cause_of(self, error: ApplicationRestarted) -> CadgateError | None:
        memory = self.runtime.memory
        return self.cause() or (None if memory is None else memory.cause(error))

    def _admit(self, method: str, meta: CallMeta) -> None:
        if not self.counts.notice_call():
            return
        self.touch()
        if meta.get("mutates"):
            self.disk.require_room(method)

    async def count_objects(self) -> None:
        """Count its objects for its record, if it is ready and anything was called since they were counted last."""
        if self.idle_since is not None:
            await self.counts.count_objects()

    async def save(self) -> None:
        """Write its record."""
        await anyio.to_thread.run_sync(self._write)

    def _write(self) -> None:
        if self._phase != "ended":
            self._folders.write(self.record)

    # --- waking --------------------------------------------------------------------------------------------------

    def request_wake(self) -> None:
        """Let it wake as soon as there is a place for it."""
        if self._phase == "leaving":
            self._wanted = self.stopped_by is None
        elif self._phase == "asleep" and self.stopped_by is None:
            self._phase = "waiting"
            self.suspended_because = None
            self._slots.request(self)
        elif self._phase == "waiting":
            self._slots.serve()

    def place_granted(self) -> None:
        """Start its application. Called by the slots."""
        if self._held:
            self._granted = True  # as soon as nobody reads its files any more
            return
        self._phase = "awake"
        own, self._own = self._own, None
        self.touch()
        self.runtime.session.resume(self._open_source(own))
        if self.preparing is not None:
            self.runtime.session.calls.held = True
            self._prepared = asyncio.create_task(self._prepare(self.preparing))

    async def _prepare(self, work: Callable[[], Awaitable[None]]) -> None:
        PREPARING.set(True)
        try:
            await self.until_up(STOP_SECONDS * 4)
            await work()
            self.record.opening = None
            await self.save()
            self.preparing = None
            self.runtime.session.calls.held = False
        except CadgateError as error:
            self.unprepared = error
        finally:
            self._prepared = None

    async def wake(self, seconds: float) -> None:
        """Wait until it can be called, for `seconds` at most.

        :raises SessionEnded: it has ended.
        :raises DeadlineExceeded: it is not its turn yet.
        :raises ConnectionFailed: its application does not start.
        """
        self._callers += 1
        try:
            self.request_wake()
            await self.until_up(seconds)
            if self.runtime.session.calls.held and not PREPARING.get():
                await self._until_prepared(seconds)
        except (DeadlineExceeded, asyncio.CancelledError):
            if self._callers == 1 and self._phase == "waiting" and self._has_slept:
                self._slots.withdraw(self)  # nobody waits for it any more
                self._phase = "asleep"
            raise
        finally:
            self._callers -= 1

    async def until_up(self, seconds: float) -> None:
        """Wait until its application is up; see `wake`."""
        session, until = self.runtime.session, time.monotonic() + seconds
        while not (self._phase == "awake" and session.ready.is_set()):
            error = self.cause()
            if error is not None:
                raise error
            if self.stopped_by is not None:
                raise self.stopped_by
            if self._phase == "asleep":
                self.request_wake()
            if self._phase == "awake" and session.status().state in ("down", "unavailable"):
                raise session.absence()
            if time.monotonic() >= until:
                raise too_late(seconds, self.position, self._slots.maximum)
            try:
                async with asyncio.timeout(min(POLL_SECONDS, max(0.001, until - time.monotonic()))):
                    await session.ready.wait()
                    if self._phase != "awake":
                        await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                continue

    async def _until_prepared(self, seconds: float) -> None:
        if self._prepared is not None:
            await asyncio.wait([self._prepared], timeout=seconds)
        if self._prepared is not None:
            raise too_late(seconds, self.position, self._slots.maximum)
        if self.unprepared is not None:
            raise self.unprepared

    def check_memory(self) -> None:
        """End its application if that takes too much memory; for good, if its document alone does."""
        memory = self.runtime.memory
        if memory is not None and self._phase == "awake" and memory.check():
            self.stopped_by = memory.exceeded()
            self.leave(f"its document needs more memory than session_memory_bytes allows; POST {self.id}/resume tries")

    def allow(self) -> None:
        """Let it wake although it was stopped."""
        self.stopped_by = None
        if self.runtime.memory is not None:
            self.runtime.memory.forget()

    # --- suspending ----------------------------------------------------------------------------------------------

    async def suspend(self, seconds: float, because: str | None = None) -> None:
        """End its process and keep everything else, after waiting `seconds` at most for calls that run.

        :raises Conflict: it is still busy then.
        """
        until = time.monotonic() + seconds
        if self._phase == "waiting":
            self._slots.withdraw(self)
            self._phase, self.suspended_because = "asleep", because
            return
        while self._phase == "awake" and not (self.idle and self.runtime.session.ready.is_set()):
            if self.runtime.session.status().state in ("down", "unavailable"):
                break
            if time.monotonic() >= until:
                raise Conflict(
                    f"The session is still busy after {seconds:g} s, and was not suspended: wait for its calls to "
                    "end, or interrupt them",
                    details={"state": self.state},
                )
            await asyncio.sleep(POLL_SECONDS)
        self._wanted = False
        self.leave(because)
        if self._leaving is not None:
            await asyncio.shield(self._leaving)

    def give_up_place(self) -> None:
        """Suspend, to make room for another. Called by the slots."""
        self.leave("another session needed its place")

    async def while_asleep(self, work: Callable[[], T]) -> T | None:
        """Run `work` in a thread while it has no process, and does not wake; return None if it has one."""
        if self._phase == "leaving" and self._leaving is not None:
            await asyncio.wait([self._leaving])
        if self._phase not in ("asleep", "waiting"):
            return None
        self._held += 1
        try:
            return await anyio.to_thread.run_sync(work)
        finally:
            self._held -= 1
            if self._granted and not self._held:
                self._granted = False
                self.place_granted()

    def leave(self, because: str | None) -> None:
        """Begin to suspend. It must be idle."""
        if self._phase == "awake":
            self._phase, self.suspended_because = "leaving", because
            self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        try:
            await self.counts.count_objects()  # the last time: who asks later does not wake it
            await self.runtime.session.suspend(STOP_SECONDS)
        except Exception:  # it is without a process in any case
            log.exception("a session was not suspended cleanly", session=self.id)
        self.runtime.workers.forget(self.runtime.folder)
        self._leaving = None
        if self._phase == "leaving":
            self._phase, self._has_slept = "asleep", True
            self.runtime.session.announce("suspended")
            self._slots.release(self)
            if self._wanted:
                self._wanted = False
                self.request_wake()
        try:
            await self.save()
        except OSError as error:
            log.warning("the record of a session was not written", session=self.id, error=str(error))

    # --- the end -------------------------------------------------------------------------------------------------

    async def end(self, reason: Reason) -> None:
        """End it for good: its process at once, its files, everything but its id."""
        if self._phase == "ended":
            return
        phase, self._phase = self._phase, "ended"
        self.record.reason, self.record.ended = reason, time.time()
        if self._prepared is not None:
            self._prepared.cancel()
        self.runtime.calls.end(ended_error(self.record))
        session = self.runtime.session
        if phase == "awake":
            session.kill()
        session.calls.fail(lambda: ended_error(self.record))
        if self._leaving is not None:
            await asyncio.wait([self._leaving])
        if phase == "awake":
            await session.stop(KILL_SECONDS)
        self.runtime.workers.forget(self.runtime.folder)
        self._slots.release(self)
        if self._own is not None:
            self._own.kill()
        await self.runtime.calls.close()
        await anyio.to_thread.run_sync(self._folders.end, self.record)

    async def stop(self) -> None:
        """Stop with the gateway: its process ends gracefully, its record is written."""
        if self._leaving is not None:
            await asyncio.wait([self._leaving])
        if self._phase == "awake":
            await self.count_objects()
            await self.runtime.calls.close()
            await self.runtime.stop()
        elif self._own is not None:
            self._own.kill()
        await self.save()
