"""`Jobs`: accepts jobs, and does them by the same dispatch as every door; after a restart those that had not ended.

A job begins at once, if its application has not `ACTIVE` others.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import structlog
from pydantic import BaseModel

from cadgate.config.settings import Settings
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method
from cadgate.dispatch.calls import digest
from cadgate.dispatch.off_loop import off_loop
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import DEFAULT, Sessions
from cadgate.error_bodies import error_body, internal_error
from cadgate.errors import (
    CadgateError,
    Conflict,
    IdempotencyConflict,
    JobNotFound,
    Overloaded,
    WorkerEnded,
)
from cadgate.jobs.attempts import Attempts, may_come_back, was_cut_short
from cadgate.jobs.old_jobs import OldJobs
from cadgate.jobs.records import Event, Filters, New, Record
from cadgate.jobs.run import Run, artifacts_in
from cadgate.jobs.store import JobStore
from cadgate.jobs.webhooks import Webhooks
from cadgate.models.jobs import ENDED
from cadgate.security.identity import Identity

ACTIVE = 16
"""How many jobs of one application are begun at the same time. Workers and the application itself have queues too."""
MAX_DEATHS = 3
"""How often the work may end the application, or a worker, before the job fails."""
MAX_TRIES = 12
"""How often the work is begun while the application cannot be reached; the waits between grow up to `MAX_WAIT`."""
MAX_WAIT = 10.0
LOOK_SECONDS = 1.0
"""How long the client is kept waiting until its job has seen the document, at most."""
CANCEL_SECONDS = 1.0

log = structlog.stdlib.get_logger("cadgate.jobs")


class Jobs:
    """All jobs of the gateway. `start` and `close` belong to its lifespan."""

    def __init__(
        self, settings: Settings, runtimes: Mapping[str, AdapterRuntime], sessions: Sessions, identity: Identity
    ) -> None:
        self._settings = settings
        self._attempts = Attempts(settings, runtimes, sessions, identity)
        self.store = JobStore(settings.state_dir / "jobs")
        self.webhooks = Webhooks(settings, self.store.deliveries)
        self._old = OldJobs(self.store, sessions, settings.job_ttl_seconds)
        self._runs: dict[str, Run] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        # For as long as somebody waits: also for a job that has ended, which may be retried.
        self._changed: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._sweeping: asyncio.Task[None] | None = None
        self._closing = False
        self.listeners: list[Callable[[Record], None]] = []
        """Called with each new record of a job."""
        sessions.end_listeners.append(self._session_ended)

    async def start(self) -> None:
        """Go on with the jobs that had not ended. Logs what prevents it."""
        self._closing = False
        self._sweeping = asyncio.create_task(self._old.sweep())
        self.webhooks.start()
        try:
            for record in await self.store.unfinished():
                if record.state == "running":
                    record = await self.store.begin(record.id, attempt=False, running=False)
                self._launch(record)
        except CadgateError as error:
            log.error("jobs_not_resumed", reason=error.message)

    async def close(self) -> None:
        """Stop the work. What has not ended goes on when the gateway starts again."""
        self._closing = True
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if self._sweeping is not None:
            tasks.append(self._sweeping)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.webhooks.close()
        for event in list(self._changed.values()):
            event.set()
        self.store.close()

    # --- accepting -----------------------------------------------------------------------------------------------

    async def accept(
        self,
        session: SessionRuntime,
        context: RequestContext,
        method: Method[Any, Any] | str,
        params: BaseModel | Encoded,
    ) -> Record:
        """Make a job of a call, and return it: it is on disk then. `method` is a Method, or `BATCH` with a `Batch`.

        The caller must have checked that the call is permitted.

        Raises Forbidden for a webhook that is not allowed, IdempotencyConflict, Overloaded, and
        CommandExecutionError for a full disk.
        """
        name = method if isinstance(method, str) else method.name
        wire: Any
        if isinstance(params, Encoded):
            wire = params
        elif isinstance(method, str):
            wire = params.model_dump(mode="json")
        else:
            wire = method.wire_params(params)
        self._require_room(context)
        hooks = await self.webhooks.hooks_for(context.webhook)
        fingerprint = await off_loop(digest, name, wire, context) if context.large else digest(name, wire, context)
        call = {
            "params": params.text.decode() if isinstance(params, Encoded) else wire,
            "encoded": isinstance(params, Encoded),
            "values": dict(context.values),
            "uploads": context.uploads.contents,
            "request_id": context.request_id,
            "deadline_seconds": context.deadline_seconds,
            "if_match": context.if_match,
            "key": context.idempotency_key,
            "peer": context.caller.peer,
            "large": context.large,
        }
        new = New(
            id=secrets.token_hex(16),
            application=session.served.name,
            session=session.id or DEFAULT,
            method=name,
            owner=context.identity,
            key=context.idempotency_key,
            digest=fingerprint,
            call=await off_loop(json.dumps, call) if context.large else json.dumps(call),
            webhook=json.dumps([asdict(each) for each in hooks]) if hooks else None,
        )
        record, known, is_new = await self.store.add(new)
        if not is_new:
            if known != fingerprint:
                raise IdempotencyConflict(
                    f"The idempotency key {new.key!r} was used for another request: use a new key for a new request"
                )
            return await self._known(record.id)
        self._tell(record)
        run = self._launch(record)
        if not isinstance(method, str) and not method.mutates:
            # What the client changes after the answer must not be in a picture or a file that it has ordered before.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await run.looked.wait()
        return record

    def _require_room(self, context: RequestContext) -> None:
        most, mine = self._settings.max_jobs, self._settings.max_jobs_per_key
        if len(self._runs) >= most:
            raise Overloaded(
                f"There are already {most} jobs that have not ended; wait until some have",
                details={"limit": "max_jobs", "maximum": most},
            )
        own = sum(run.owner == context.identity for run in self._runs.values())
        if context.caller.authority.is_key and own >= mine:
            raise Overloaded(
                f"This key already has {own} jobs that have not ended; wait until some have",
                details={"limit": "max_jobs_per_key", "maximum": mine},
            )

    # --- looking -------------------------------------------------------------------------------------------------

    async def get(self, job: str, owner: str | None) -> Record:
        """Return a job. Raises JobNotFound, also for a job of somebody else than `owner` (None: anybody's)."""
        record = await self.store.get(job)
        if record is None or not _is_owner(record, owner):
            raise JobNotFound(
                f"There is no job {job!r}: GET /api/v1/jobs lists them. A job is removed "
                f"{self._settings.job_ttl_seconds:g} s after its end",
                details={"id": job},
            )
        return record

    async def _known(self, job: str) -> Record:
        return await self.get(job, None)

    async def wait(self, job: str, owner: str | None, seconds: float) -> Record:
        """Return a job when it has ended, or after `seconds`. Raises JobNotFound."""
        until = time.monotonic() + seconds
        while True:
            changed = self.change_of(job)
            record = await self.get(job, owner)
            left = until - time.monotonic()
            if record.state in ENDED or left <= 0 or self._closing:
                return record
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                return await self.get(job, owner)

    def change_of(self, job: str) -> asyncio.Event:
        """Return what is set at the next change of a job, or when the gateway stops. Get it before you look."""
        if not self._closing:
            return self._changed.setdefault(job, asyncio.Event())
        changed = asyncio.Event()
        changed.set()
        return changed

    async def events(self, job: str, after: int) -> list[Event]:
        """Return what happened to a job after its event `after`."""
        return await self.store.events(job, after)

    @property
    def closing(self) -> bool:
        """Whether the gateway is stopping."""
        return self._closing

    async def page(self, filters: Filters, limit: int, offset: int) -> tuple[list[Record], int]:
        """Return some jobs, newest first, and their number."""
        return await self.store.page(filters, limit, offset)

    def position(self, record: Record) -> int | None:
        """Return a job's place among those of its application that wait; None if it does not."""
        run = self._runs.get(record.id)
        if record.state != "queued" or run is None:
            return None
        return 1 + sum(
            other.waiting and other.application == run.application and other.number < run.number
            for other in self._runs.values()
        )

    # --- changing ------------------------------------------------------------------------------------------------

    async def cancel(self, job: str, owner: str | None) -> Record:
        """End a job, and return it. Raises JobNotFound, and Conflict if it has ended otherwise already.

        The work that runs in workers is over then, with them. A change of a document that cannot be interrupted is
        waited for a second; the job ends when it does.
        """
        record = await self.get(job, owner)
        run = self._runs.get(job)
        if run is None or run.task is None:
            if record.state == "cancelled":
                return record
            raise Conflict(f"The job has {record.state} already: there is nothing to cancel", details={"id": job})
        run.cancelled = True
        run.cancel_token.cancel()
        if not run.at_work:
            run.task.cancel()
        await asyncio.wait({run.task}, timeout=CANCEL_SECONDS)
        return await self.get(job, owner)

    async def retry(self, job: str, owner: str | None) -> Record:
        """Begin a failed or cancelled job again, with what it has finished. Raises JobNotFound, Conflict."""
        record = await self.get(job, owner)
        again = None if job in self._runs else await self.store.retry(job)
        if again is None:
            has = record.state if record.state in ENDED else f"not ended, but is {record.state}"
            raise Conflict(f"The job has {has}: only a failed or cancelled one can be done again", details={"id": job})
        self._launch(again)
        self._tell(again)
        return again

    def _session_ended(self, session: str, error: CadgateError) -> None:
        for run in self._runs.values():
            if run.session == session:
                run.stop(error)

    # --- doing ---------------------------------------------------------------------------------------------------

    def _launch(self, record: Record) -> Run:
        run = self._runs[record.id] = Run(record, self.store, self._tell)
        # In a context of its own: what it writes does not depend on the request that made it.
        run.task = asyncio.get_running_loop().create_task(self._do(run, record), context=contextvars.Context())
        return run

    async def _do(self, run: Run, record: Record) -> None:
        try:
            turns = self._turns.setdefault(record.application, asyncio.Semaphore(ACTIVE))
            if turns.locked():
                run.looked.set()
            async with turns:
                end = await self._ended(run, record)
        except asyncio.CancelledError:
            if self._closing or not (run.cancelled or run.stopped_by):
                self._runs.pop(run.id, None)
                return  # the gateway is stopping: the job goes on when it starts again
            if run.task is not None:
                run.task.uncancel()
            end = partial(run.finish, "cancelled")
            if not run.cancelled and run.stopped_by is not None:
                end = partial(run.finish, "failed", error=json.dumps(error_body(run.stopped_by, record.id)))
        except Exception as error:
            log.exception("job_failed", job=run.id, method=record.method, reason=repr(error))
            body = error_body(internal_error(), record.id)
            end = partial(run.finish, "failed", error=json.dumps(body))
        wait = 0.1
        while True:
            try:
                ended = await asyncio.shield(asyncio.ensure_future(end()))
                break
            except asyncio.CancelledError:
                if self._closing:
                    return
            except CadgateError as error:  # the disk is full: it is written when there is space again
                log.warning("job_end_not_recorded", job=run.id, reason=error.message)
                await asyncio.sleep(wait)
                wait = min(MAX_WAIT, wait * 2)
        self._runs.pop(run.id, None)
        run.looked.set()
        self._tell(ended)
        if ended.state == "succeeded":
            await self._old.remove_folder(record)

    async def _ended(self, run: Run, record: Record) -> Callable[[], Any]:
        """Do the work, again if it was lost, and return how to record its end."""
        call, _ = await self.store.call(run.id)
        deaths = tries = 0
        while True:
            try:
                run.at_work = True
                result = await self._attempts.make(run, record, call)
                found = artifacts_in(result)
                text = await off_loop(_written, result)
                # Of a batch that was cancelled half-way, the results say what had been done.
                state = "cancelled" if run.cancelled and was_cut_short(result) else "succeeded"
                return partial(run.finish, state, result=text, artifacts=found)
            except CadgateError as error:
                failed = error
            finally:
                run.at_work = False
            if run.cancelled:
                return partial(run.finish, "cancelled")
            if run.finished_some:
                deaths = tries = 0
            lost = isinstance(failed, WorkerEnded) or bool(failed.details.get("running"))
            deaths, tries = deaths + lost, tries + 1
            if not may_come_back(failed) or deaths >= MAX_DEATHS or tries >= MAX_TRIES:
                body = error_body(failed, call["request_id"])
                return partial(run.finish, "failed", error=json.dumps(body, ensure_ascii=False))
            log.info("job_begun_again", job=run.id, method=record.method, reason=failed.message)
            await asyncio.sleep(min(MAX_WAIT, 0.1 * 2**tries) * random.uniform(0.5, 1))

    # --- events -------------------------------------------------------------------------------------

    def _tell(self, record: Record) -> None:
        """Wake whoever waits for a change of this job."""
        changed = self._changed.pop(record.id, None)
        if changed is not None:
            changed.set()
        self.webhooks.wake()
        for listener in self.listeners:
            listener(record)


def _written(result: BaseModel) -> str:
    return result.model_dump_json(by_alias=True)


def _is_owner(record: Record, owner: str | None) -> bool:
    return owner is None or record.owner == owner
