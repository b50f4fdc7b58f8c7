"""One attempt at a job: the same dispatch as at every other door, by the key that made the job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cadgate.config.settings import Settings
from cadgate.contract.builtin import Batch, BatchFailure, BatchResults
from cadgate.contract.context import Caller, RequestContext, Uploads
from cadgate.contract.encoded import Encoded
from cadgate.dispatch.batch import run_batch
from cadgate.dispatch.earlier import earlier
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.errors import (
    ApplicationUnavailable,
    CadgateError,
    ConnectionFailed,
    Interrupted,
    Overloaded,
    Unauthenticated,
    WorkerEnded,
)
from cadgate.jobs.records import RESULTS, Record
from cadgate.jobs.run import Run
from cadgate.security.identity import Identity

BATCH = "session.batch"


class Attempts:
    """Makes attempts at jobs."""

    def __init__(
        self, settings: Settings, runtimes: Mapping[str, AdapterRuntime], sessions: Sessions, identity: Identity
    ) -> None:
        self._settings = settings
        self._runtimes = runtimes
        self._sessions = sessions
        self._identity = identity

    async def make(self, run: Run, record: Record, call: dict[str, Any]) -> BaseModel:
        """Do the work once, as the caller whose job it is. Raises every error of a call."""
        authority = self._identity.named(record.owner)
        if authority is None:
            raise Unauthenticated("The key that made this job was revoked")
        if record.application not in self._runtimes:
            raise ApplicationUnavailable(f"The adapter {record.application!r} is not active; GET /plugins says why")
        served = self._runtimes[record.application].served
        if record.method in served.core:  # it touches no session's document
            session = self._runtimes[record.application].default
        else:
            session = self._sessions.select(record.application, record.session, authority)
        if session.session.status().state not in ("up", "busy"):
            run.looked.set()
        if session.id is None:  # others are woken by the call
            await _until_up(session)
        key = call["key"] or f"job-{run.id}"
        context = RequestContext(
            request_id=call["request_id"],
            deadline_seconds=call["deadline_seconds"] or self._settings.job_seconds,
            idempotency_key=_key_of_attempt(record, key),
            if_match=call["if_match"],
            door="job",
            session=session.id,
            values=call["values"],
            uploads=Uploads(call.get("uploads", {})),
            large=call["large"],
            caller=Caller(authority, call["peer"], run.cancel_token.wait, cancel_token=run.cancel_token),
            job=run,
        )
        if record.method == BATCH:
            await run.attempt(running=True)
            before = earlier(record.retries, (await run.finished_steps()).get(RESULTS))
            return await run_batch(session, context, Batch.model_validate(call["params"]), before)
        method = served.core.get(record.method) or served.methods.get(record.method)
        if method is None:
            raise ApplicationUnavailable(f"{record.application} has no method {record.method!r} any more")
        handler = session.served.handlers.get(method.name)
        await run.attempt(running=handler is None or not handler.works_aside)
        params = Encoded(call["params"].encode()) if call["encoded"] else method.params.model_validate(call["params"])
        return await session.calls.dispatch_call(context, method, params)


def _key_of_attempt(record: Record, key: str) -> str:
    """Return the idempotency key for an attempt at a job.

    What failed is remembered under its key, so that a retry needs another. Of the calls of a batch only what they did
    is remembered: under the same key it is not done again.
    """
    return f"{key}+{record.retries}" if record.retries and record.method != BATCH else key


async def _until_up(session: SessionRuntime) -> None:
    """Wait while the application starts: that is no attempt."""
    while session.session.status().state == "starting":
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await session.session.ready.wait()


def was_cut_short(result: BaseModel) -> bool:
    """Return whether a batch has calls that were not done, because it was cancelled."""
    return isinstance(result, BatchResults) and any(
        isinstance(each, BatchFailure) and (each.error.code == Interrupted.code or each.error.retryable)
        for each in result.results
    )


def may_come_back(error: CadgateError) -> bool:
    """Return whether the work was lost with what did it, and another attempt may end otherwise."""
    return isinstance(error, WorkerEnded) or (isinstance(error, (ConnectionFailed, Overloaded)) and error.retryable)
