"""Health: whether the gateway and its applications are alive, and whether they accept work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

import cadgate
from cadgate.contract.authority import NOBODY
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.errors import ApplicationUnavailable
from cadgate.models.responses import Result, Success
from cadgate.openapi.operations import SESSION, SESSION_QUERY
from cadgate.plugins.discovery import Found
from cadgate.refusals.names import no_adapter
from cadgate.routers.confinement import SandboxState
from cadgate.security.audit import AuditLog
from cadgate.security.caller import authority_of
from cadgate.web.access import requires
from cadgate.web.error_handlers import inactive
from cadgate.web.router import Router, failures
from cadgate.web.selection import session_named_by

router = Router()
_FOR_KEYS = requires()  # any caller with a key
_FOR_PROBES = requires(open_to="probes")


class AdapterState(Result):
    """What the gateway knows about one adapter without querying its application."""

    status: Literal["starting", "up", "busy", "down", "unavailable", "suspended", "disabled", "failed"]
    application: str | None = Field(default=None, description="Name and version, once it has started.")
    pid: int | None = None
    mode: str | None = Field(default=None, description="managed, external.")
    queue_depth: int = 0
    restarts: int = 0
    reason: str | None = Field(default=None, description="Why it is not up.")
    remedy: str | None = Field(default=None, description="What to do about it.")
    sessions: SessionNumbers | None = Field(default=None, description="Absent: the adapter is not active.")


class SessionNumbers(Result):
    """How many sessions the caller has, besides `default`; with the scope `admin`: how many there are."""

    total: int
    awake: int = Field(description="Those that have a process, or are about to.")
    suspended: int
    queued: int


class AuditState(Result):
    """The state of the audit log."""

    status: Literal["on", "off", "failing"] = Field(description="failing: the last line could not be written.")
    lost: int = Field(description="Lines that could not be written since the gateway started.")
    reason: str | None = Field(None, description="failing: why.")


class Health(Result):
    """The gateway, and what it knows about its adapters."""

    status: Literal["healthy", "degraded"] = Field(
        description="degraded: an enabled adapter cannot accept work, or the audit log cannot be written."
    )
    version: str
    uptime_seconds: float
    adapters: dict[str, AdapterState]
    audit: AuditState


class DamageReport(BaseModel):
    """A part of the session's files that could not be trusted."""

    where: str
    why: str


class AdapterHealth(BaseModel):
    """The answer of an application's main thread, or what it is busy with."""

    model_config = ConfigDict(extra="allow")

    status: Literal["up", "busy", "suspended", "queued"] = Field(
        description="suspended, queued: the session that the request names has no process now."
    )
    application: str | None = None
    pid: int | None = None
    latency_ms: float | None = None
    queue_depth: int = 0
    mode: str | None = None
    busy_ms: float | None = Field(None, description="busy: since when, in milliseconds.")
    method: str | None = Field(None, description="busy: the running method.")
    position: int | None = Field(None, description="queued: which one in the queue it is, from 1.")
    damages: list[DamageReport] | None = Field(
        None,
        description="What could not be restored since the gateway started, newest last. What came before was; the "
        "damaged files are in the session's folder, journal/damaged-NNNNNN.",
    )
    keeps: Literal["snapshots"] | None = Field(
        None,
        description="snapshots: something in the session acts by itself on changes (scripted objects, handlers, "
        "drivers, executed code), so that each change is saved by a snapshot of its own, which takes longer. Absent: "
        "changes are saved by a log.",
    )
    keeps_because: str | None = Field(
        None, description="Why. What executed code left behind ends with the application (POST /restart)."
    )
    sandbox: SandboxState | None = Field(
        None, description="Whether it is sandboxed. Absent: the gateway does not start it."
    )
    problems: list[str] | None = Field(
        None, description="Why changes, or snapshots that shorten a restoration, cannot be written now."
    )


class Ready(Result):
    """Every enabled adapter can accept work."""

    ready: Literal[True] = True


def states(request: Request) -> dict[str, AdapterState]:
    """Return the state of each adapter by name; if several packages claim a name, that of the active one."""
    found: list[Found] = request.app.state.plugins
    runtimes: dict[str, AdapterRuntime] = request.app.state.runtimes
    registry: Sessions = request.app.state.sessions
    authority = authority_of(request.scope)
    known: dict[str, AdapterState] = {}
    for one in found:
        if one.status == "active" and one.name in runtimes:
            status = runtimes[one.name].status()
            known[one.name] = AdapterState(
                status=status.state,
                application=status.application,
                pid=status.pid,
                mode=status.mode,
                queue_depth=status.queue_depth,
                restarts=status.restarts,
                reason=status.reason,
                remedy=status.remedy,
                sessions=_numbers(registry.numbers(one.name, authority)),
            )
        elif one.name not in known:
            known[one.name] = AdapterState(
                status="disabled" if one.status == "disabled" else "failed", reason=one.error
            )
    return known


def _numbers(states: Mapping[str, int]) -> SessionNumbers:
    total, suspended, queued = sum(states.values()), states.get("suspended", 0), states.get("queued", 0)
    return SessionNumbers(total=total, awake=total - suspended - queued, suspended=suspended, queued=queued)


def _audit(request: Request) -> AuditState:
    log: AuditLog = request.app.state.audit
    status = "failing" if log.failing else "on" if log.enabled else "off"
    return AuditState(status=status, lost=log.lost, reason=log.failing)


def works(state: AdapterState) -> bool:
    """Whether an adapter needs no attention."""
    return state.status in ("up", "busy", "disabled")


def _status_only(result: dict[str, Any]) -> JSONResponse:
    """Return the response of an open probe to a caller without a key (`open_probes`)."""
    return JSONResponse({"status": "success", "result": result})


@router.get("/health", response_model=Success[Health], dependencies=[_FOR_PROBES])
async def health(request: Request) -> Any:
    """Report that the gateway is alive, and what it knows about its adapters.

    200 as long as the gateway answers. It never waits for an application; `/health/{adapter}` queries one.
    """
    known, audit = states(request), _audit(request)
    status = "healthy" if all(map(works, known.values())) and audit.status != "failing" else "degraded"
    if authority_of(request.scope) is NOBODY:
        return _status_only({"status": status})
    return Success(
        Health(
            status=status,
            version=cadgate.__version__,
            uptime_seconds=round(time.monotonic() - request.app.state.started, 3),
            adapters=known,
            audit=audit,
        )
    )


@router.get("/ready", response_model=Success[Ready], responses=failures(503), dependencies=[_FOR_PROBES])
async def ready(request: Request) -> Any:
    """Answer 200 only if every enabled adapter can accept work now; 503 says which cannot."""
    waiting = {name: state for name, state in states(request).items() if not works(state)}
    if waiting and authority_of(request.scope) is NOBODY:
        raise ApplicationUnavailable("Not every adapter can accept work; a key shows which", retry_after=1)
    if waiting:
        waiting_for = ", ".join(f"{name} is {state.status}" for name, state in waiting.items())
        raise ApplicationUnavailable(
            f"Not every adapter can accept work: {waiting_for}",
            details={"adapters": {name: state.model_dump(exclude_none=True) for name, state in waiting.items()}},
            retry_after=1,
        )
    return Success(Ready())


@router.get(
    "/health/{adapter:name}",
    response_model_exclude_none=True,
    openapi_extra={"parameters": [SESSION, SESSION_QUERY]},
    responses=failures(404, 410, 422, 503),
    dependencies=[_FOR_KEYS],
)
async def adapter_health(adapter: str, request: Request) -> Success[AdapterHealth]:
    """Ping one application through its main thread.

    `up` with the latency in milliseconds, or `busy` with the running method and for how long, if the main thread does
    not answer within a second. If the application is starting, down or unavailable: 503 with reason and remedy.
    """
    runtimes: dict[str, AdapterRuntime] = request.app.state.runtimes
    found: list[Found] = [one for one in request.app.state.plugins if one.name == adapter]
    if adapter in runtimes:
        registry: Sessions = request.app.state.sessions
        named, authority = session_named_by(request.scope), authority_of(request.scope)
        runtime = runtimes[adapter]
        if named is None or registry.select(adapter, named, authority).id is None:
            answer: dict[str, Any] = await runtime.health()
        else:
            answer = await runtime.health_of(registry.find(named, authority))
        return Success(AdapterHealth.model_validate(answer))
    if not found:
        raise no_adapter(adapter, (one.name for one in request.app.state.plugins), "known")
    raise inactive(found[0])
