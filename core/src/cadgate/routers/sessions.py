"""Routes of sessions: make, list, change, suspend, resume, fork and end them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from cadgate.contract.authority import Authority
from cadgate.contract.context import RequestContext
from cadgate.dispatch.kept_session import KeptSession
from cadgate.dispatch.sessions import NewSession, Sessions
from cadgate.errors import CadgateError, ConnectionFailed, DeadlineExceeded
from cadgate.models.responses import Deleted, Success
from cadgate.models.sessions import (
    Damage,
    ForkParams,
    FromArtifact,
    FromSession,
    SessionChanges,
    SessionInfo,
    SessionList,
    SessionParams,
    SessionQuery,
)
from cadgate.openapi.operations import DEADLINE, IDEMPOTENCY
from cadgate.security.audit import AuditLog
from cadgate.security.caller import audit_event_of, authority_of
from cadgate.web.access import requires
from cadgate.web.context import context_of
from cadgate.web.router import Router, failures

router = Router(prefix="/api/v1/sessions")

START_SECONDS = 30.0
"""How long a request waits for the application, unless it says otherwise."""
_KEYED: dict[str, Any] = {"parameters": [IDEMPOTENCY]}
_TIMED: dict[str, Any] = {"parameters": [DEADLINE, IDEMPOTENCY]}
_GONE: dict[int | str, Any] = failures(404, 410, 422)
_UNAVAILABLE: dict[int | str, Any] = failures(429, 503, 504)
_MAKING: dict[int | str, Any] = {
    **_GONE,
    **_UNAVAILABLE,
    202: {"model": Success[SessionInfo], "description": "It is queued: `max_awake` is reached"},
}

T = TypeVar("T")


def _registry(request: Request) -> Sessions:
    return request.app.state.sessions


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def info(kept: KeptSession) -> SessionInfo:
    """Return a session as responses show it."""
    record, status = kept.record, kept.runtime.session.status()
    return SessionInfo(
        id=record.id,
        application=record.application,
        name=record.name,
        owner=record.owner,
        state=kept.state,
        reason=kept.reason,
        position=kept.position,
        created=_when(record.created),
        last_used=_when(record.last_used),
        expires=None if record.expires is None else _when(record.expires),
        pid=status.pid if kept.awake else None,
        objects=record.objects,
        damages=[Damage(**each) for each in kept.runtime.session.damages],
        labels=record.labels,
        warnings=kept.runtime.warnings,
    )


async def _once(request: Request, what: str, body: BaseModel | None, work: Callable[[], Awaitable[T]]) -> T:
    """Run the work of a request; only once, if it has an idempotency key."""
    context = context_of(request)
    if context.idempotency_key is None:
        return await work()
    key = f"{context.identity} {context.idempotency_key}"
    return await request.app.state.once.run_once(key, _digest(what, body), work)


def _digest(what: str, body: BaseModel | None) -> str:
    sent = {} if body is None else body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return hashlib.sha256(to_json([what, sent])).hexdigest()


def _lasting_key(context: RequestContext) -> str | None:
    """Return what a session's record keeps of the key of the request that made it."""
    if context.idempotency_key is None:
        return None
    return hashlib.sha256(f"{context.identity} {context.idempotency_key}".encode()).hexdigest()


async def _shown(request: Request, kept: KeptSession) -> Success[SessionInfo]:
    await kept.count_objects()
    return Success(info(kept))


# --- making ------------------------------------------------------------------------------------------------------


async def _make(request: Request, response: Response, what: str, body: BaseModel, new: NewSession) -> Any:
    """Make a session, and wait until it is ready unless it is queued."""
    registry, context = _registry(request), context_of(request)
    digest = _digest(what, body)
    authority = authority_of(request.scope)
    new = replace(new, key=_lasting_key(context), digest=digest)
    audit: AuditLog = request.app.state.audit
    with audit.recording(audit_event_of(request, "sessions.create", new.application)) as learned:

        async def work() -> KeptSession:
            return registry.made_by(new.key, digest) or await registry.make(new, authority, context.request_id)

        kept = await _once(request, what, body, work)
        learned["session"] = kept.id
        kept.request_wake()
        if kept.state == "queued":
            if context.deadline_seconds is not None:
                kept.queued_until = time.monotonic() + context.deadline_seconds
            response.status_code = 202
            return Success(info(kept))
        try:
            await _until_ready(kept, context)
        except CadgateError as error:
            if kept.unprepared is error:  # the file cannot be opened, so there is no session
                await registry.abandon(kept)
            raise
        return await _shown(request, kept)


async def _until_ready(kept: KeptSession, context: RequestContext) -> None:
    # If it does not come up, it exists all the same, and its state and reason say what keeps it from being ready.
    with suppress(DeadlineExceeded, ConnectionFailed):
        await kept.wake(context.deadline_seconds or START_SECONDS)


@router.post(
    "",
    status_code=201,
    openapi_extra=_TIMED,
    responses=_MAKING,
    dependencies=[requires("write", audited_as="sessions.create")],
)
async def create_session(body: SessionParams, request: Request, response: Response) -> Success[SessionInfo]:
    """Make a session: an application of its own, with its documents, files and undo history.

    201 when it is ready; 202 with `state: "queued"` and its `position` when as many as `max_awake` are awake. It is
    yours alone. Name it by `Cadgate-Session: ID` or `?session=ID` in requests to its application.
    """
    source = body.source
    new = NewSession(
        body.application,
        body.name,
        body.idle_seconds,
        body.ttl_seconds,
        body.labels,
        opening=source.artifact if isinstance(source, FromArtifact) else None,
        source=source.session if isinstance(source, FromSession) else None,
    )
    return await _make(request, response, "sessions.create", body, new)


@router.post(
    "/{id:name}/fork",
    status_code=201,
    openapi_extra=_TIMED,
    responses=_MAKING,
    dependencies=[requires("write", audited_as="sessions.fork")],
)
async def fork_session(
    id: str, request: Request, response: Response, body: ForkParams | None = None
) -> Success[SessionInfo]:
    """Make a second session with the same whole state: documents, undo history, keys and files.

    From then on both go their own ways. A suspended one is not woken by that. Answers as a creation does.
    """
    record = _registry(request).find(id, authority_of(request.scope)).record
    body = body or ForkParams.model_validate({})
    new = NewSession(
        record.application,
        body.name or record.name,
        body.idle_seconds or record.idle_seconds,
        body.ttl_seconds,
        record.labels if body.labels is None else body.labels,
        source=id,
    )
    return await _make(request, response, f"sessions.fork {id}", body, new)


# --- reading -----------------------------------------------------------------------------------------------------


@router.get("", dependencies=[requires("read")], responses=failures(422))
async def list_sessions(request: Request, query: Annotated[SessionQuery, Query()]) -> Success[SessionList]:
    """List your sessions, newest first. The scope `admin` lists everybody's."""
    found = [each for each in _registry(request).of(authority_of(request.scope)) if _matches(each, query)]
    page = found[query.offset : query.offset + query.limit]
    return Success(SessionList(sessions=[info(each) for each in page], total=len(found)))


def _matches(kept: KeptSession, query: SessionQuery) -> bool:
    record = kept.record
    return (
        query.application in (None, record.application)
        and query.state in (None, kept.state)
        and all(_has_label(record.labels, wanted) for wanted in query.label)
    )


def _has_label(labels: dict[str, str], wanted: str) -> bool:
    name, separator, value = wanted.partition("=")
    return labels.get(name) == value if separator else name in labels


def _found(request: Request, identifier: str) -> tuple[KeptSession, Authority]:
    authority = authority_of(request.scope)
    return _registry(request).find(identifier, authority), authority


@router.get("/{id:name}", dependencies=[requires("read")], responses=_GONE)
async def get_session(id: str, request: Request) -> Success[SessionInfo]:
    """Return one session. 410 `session_ended` for a day after it has ended. It is not woken by that."""
    kept, _ = _found(request, id)
    return await _shown(request, kept)


# --- changing ----------------------------------------------------------------------------------------------------


@router.patch(
    "/{id:name}",
    openapi_extra=_KEYED,
    responses=_GONE,
    dependencies=[requires("write", audited_as="sessions.update")],
)
async def update_session(id: str, body: SessionChanges, request: Request) -> Success[SessionInfo]:
    """Change the name, the labels, or the times of a session."""
    kept, _ = _found(request, id)
    audit: AuditLog = request.app.state.audit

    async def work() -> None:
        record, given = kept.record, body.model_fields_set
        if "name" in given:
            record.name = body.name
        if "idle_seconds" in given:
            record.idle_seconds = body.idle_seconds
        if "ttl_seconds" in given:
            record.expires = None if body.ttl_seconds is None else time.time() + body.ttl_seconds
        if "labels" in given:
            record.labels = dict(body.labels or {})
        await kept.save()

    with audit.recording(audit_event_of(request, "sessions.update", kept.record.application, session=id)):
        await _once(request, f"sessions.update {id}", body, work)
    return await _shown(request, kept)


@router.delete(
    "/{id:name}",
    openapi_extra=_KEYED,
    responses=_GONE,
    dependencies=[requires("write", audited_as="sessions.delete")],
)
async def delete_session(id: str, request: Request) -> Success[Deleted]:
    """End a session for good, and remove its document and its files. Running calls get 410 `session_ended`."""
    registry, authority = _registry(request), authority_of(request.scope)
    audit: AuditLog = request.app.state.audit
    with audit.recording(audit_event_of(request, "sessions.delete", session=id)):

        async def work() -> None:
            await registry.end(registry.find(id, authority), "deleted")

        await _once(request, f"sessions.delete {id}", None, work)
    return Success(Deleted(deleted=id))


@router.post(
    "/{id:name}/suspend",
    openapi_extra=_TIMED,
    responses={**_GONE, **failures(409)},
    dependencies=[requires("write", audited_as="sessions.suspend")],
)
async def suspend_session(id: str, request: Request) -> Success[SessionInfo]:
    """End the process of a session and keep everything else. It wakes at its next request.

    Waits for running calls to end; 409 `conflict` if they have not by the deadline.
    """
    kept, _ = _found(request, id)
    audit: AuditLog = request.app.state.audit

    async def work() -> None:
        await kept.suspend(context_of(request).deadline_seconds or START_SECONDS)

    with audit.recording(audit_event_of(request, "sessions.suspend", kept.record.application, session=id)):
        await _once(request, f"sessions.suspend {id}", None, work)
    return Success(info(kept))


@router.post(
    "/{id:name}/resume",
    openapi_extra=_TIMED,
    responses={**_GONE, **_UNAVAILABLE},
    dependencies=[requires("write", audited_as="sessions.resume")],
)
async def resume_session(id: str, request: Request) -> Success[SessionInfo]:
    """Bring a suspended session back, and wait until it is ready."""
    kept, _ = _found(request, id)
    audit: AuditLog = request.app.state.audit

    async def work() -> None:
        kept.allow()
        await kept.wake(context_of(request).deadline_seconds or START_SECONDS)

    with audit.recording(audit_event_of(request, "sessions.resume", kept.record.application, session=id)):
        await _once(request, f"sessions.resume {id}", None, work)
    return await _shown(request, kept)
