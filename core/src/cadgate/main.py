"""`create_app`: builds the gateway, one ASGI application, from settings. It knows no application by name."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import anyio
import structlog
from anyio.abc import TaskStatus
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import cadgate
from cadgate.artifacts.store import ArtifactStore
from cadgate.config.settings import Settings, load_settings
from cadgate.convert.converter import Converter
from cadgate.dispatch.idempotency import Once
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.error_bodies import hide
from cadgate.helper.process import Helper
from cadgate.jobs.runner import Jobs
from cadgate.logging import AccessLog, configure
from cadgate.mcp.door import AgentsDoor
from cadgate.openapi.document import Document
from cadgate.plugins.discovery import Found, discover
from cadgate.routers import (
    artifacts,
    console,
    convert,
    docs,
    health,
    home,
    jobs,
    login,
    metrics,
    mount,
    plugins,
    sessions,
    version,
    websockets,
)
from cadgate.security.audit import AuditLog
from cadgate.security.identity import identity_for
from cadgate.security.logins import WrongKeys
from cadgate.security.origins import Origins
from cadgate.security.private import secure_state
from cadgate.web import error_handlers
from cadgate.web.access import Open
from cadgate.web.bodies import Bodies, Pace
from cadgate.web.forwarded import Forwarded
from cadgate.web.gate import Gate
from cadgate.web.metrics import Metrics
from cadgate.web.routing import RouteTable
from cadgate.websocket.sockets import Sockets

log = structlog.get_logger("cadgate")

DESCRIPTION = """One gateway to 3D and CAD applications.

Every application has its routes under `/api/v1/{application}`, and its tag here. Success is
`{"status": "success", "result": …}`, failure `{"status": "error", "error": {"code", "message", "details", …}}`.
"""


_LAYERS = ("starlette.middleware.errors", "fastapi.telemetry.", "fastapi._body_limit")
"""Modules of the layers that every FastAPI has around all others; the gate does what they do."""


class _GatedApp(FastAPI):
    """A FastAPI whose HTTP requests go straight to the gate, which answers what goes wrong itself."""

    _gate: Gate | None = None

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        below: object = stack
        while type(below).__module__.startswith(_LAYERS):
            below = getattr(below, "app", None)
        self._gate = below if isinstance(below, Gate) else None  # not if more middleware was added
        return stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._gate is not None and scope["type"] == "http":
            scope["app"] = self
            await self._gate.serve(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the gateway. Without `settings` they are read from the environment and plugins.toml: a uvicorn factory.

    Applications start with the gateway's lifespan. Raises ConfigError.
    """
    settings = settings or load_settings()
    configure(settings.log_level, settings.log_format)
    app = _GatedApp(
        title="cadgate",
        description=DESCRIPTION,
        version=cadgate.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        # The gate has its own metrics; looking for a tracer costs every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    table = RouteTable(app.router.routes)
    app.router.routes.insert(0, table)
    for each in (
        health,
        version,
        plugins,
        metrics,
        artifacts,
        jobs,
        sessions,
        convert,
        docs,
        websockets,
        console,
        home,
        login,
    ):
        app.router.routes.extend(mount.core_routes(each.router))
    secure_state(settings.state_dir, settings.origin("state_dir"))
    hide(settings.state_dir)
    app.state.settings = settings
    app.state.artifacts = ArtifactStore(
        settings.state_dir / "artifacts",
        settings.allowed_roots,
        owners=settings.state_dir / "owners",
        max_bytes=settings.max_artifact_bytes,
        ttl_seconds=settings.artifact_ttl_seconds,
    )
    app.state.identity = identity_for(settings)
    app.state.forwarded = Forwarded(settings.root_path, settings.trusted_proxies)
    app.state.wrong_keys = WrongKeys()
    app.state.audit = AuditLog.of(settings)
    app.state.once = Once()
    app.state.helper = Helper()
    app.state.started = time.monotonic()
    mounted = [mount.mount(app, found, app.state.artifacts) for found in discover(settings)]
    app.state.plugins = [found for found, _ in mounted]
    app.state.runtimes = {found.name: runtime for found, runtime in mounted if runtime is not None}
    app.state.converter = Converter(app.state.runtimes)
    app.state.converter.install()
    app.state.sessions = Sessions(settings, app.state.runtimes, app.state.identity)
    app.state.jobs = Jobs(settings, app.state.runtimes, app.state.sessions, app.state.identity)
    app.state.sockets = Sockets(settings, app.state.runtimes, app.state.sessions)
    app.state.jobs.listeners.append(app.state.sockets.publish_job)
    app.router.routes.append(app.state.sockets.route())
    app.state.agents = _agents_door(app, settings)
    app.state.metrics = Metrics(lambda: app.state.runtimes, app.state.audit, app.state.sessions)
    app.openapi = Document(app)
    error_handlers.install(app)
    app.add_middleware(
        Gate,
        table=table,
        origins=Origins(settings.host, settings.allowed_hosts, settings.cors_origins),
        forwarded=app.state.forwarded,
        identity=app.state.identity,
        open_to=_open_to(settings),
        bodies=Bodies(
            settings.max_body_bytes,
            settings.max_upload_bytes,
            Pace(settings.body_idle_seconds, settings.body_bytes_per_second),
        ),
        metrics=app.state.metrics,
        access=AccessLog(settings.log_level, settings.log_format),
        audit=app.state.audit,
        requests_per_key=settings.requests_per_key,
    )
    return app


def _agents_door(app: FastAPI, settings: Settings) -> AgentsDoor | None:
    """Add the door for agents and return it; None, with a warning, in an environment that lacks its library."""
    if importlib.util.find_spec("mcp") is None:
        log.warning("there is no /mcp, because the package 'mcp' is not installed: pip install 'mcp>=2.3,<2.4'")
        return None
    door = AgentsDoor(app.state, settings.max_body_bytes)
    app.router.routes.append(door.route())
    return door


def _open_to(settings: Settings) -> frozenset[Open]:
    """Return the kinds of routes that need no key."""
    found: set[Open] = set()
    if settings.auth == "token":
        found.add("pages")
    if settings.open_probes:
        found.add("probes")
    return frozenset(found)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Start all adapters' runtimes concurrently, and stop them likewise."""
    stop = anyio.Event()
    runtimes: dict[str, AdapterRuntime] = app.state.runtimes
    agents: AgentsDoor | None = app.state.agents
    registry: Sessions = app.state.sessions
    await registry.start()
    async with anyio.create_task_group() as group, agents.running() if agents else nullcontext():
        async with anyio.create_task_group() as starting:
            for name in list(runtimes):
                starting.start_soon(_start, group, app, name, stop)
        await app.state.jobs.start()
        try:
            yield
        finally:
            await app.state.jobs.close()
            await app.state.sockets.close()
            await registry.close()
            stop.set()
            await app.state.helper.close()
            app.state.identity.close()
            app.state.audit.close()


async def _start(group: Any, app: FastAPI, name: str, stop: anyio.Event) -> None:
    await group.start(_live, app, name, stop)


async def _live(app: FastAPI, name: str, stop: anyio.Event, *, task_status: TaskStatus[None]) -> None:
    """Run one adapter until the gateway stops. Whatever it raises affects this adapter only."""
    started = False
    try:
        async with app.state.runtimes[name]:
            started = True
            task_status.started()
            try:
                await stop.wait()
            finally:
                await app.state.sessions.stop_sessions(name)
    except Exception as error:
        log.exception("adapter_failed", adapter=name)
        app.state.runtimes.pop(name, None)
        found: list[Found] = app.state.plugins
        why = f"it failed {'while running' if started else 'to start'}: {type(error).__name__}: {error}"
        app.state.plugins = [
            mount.failed(one, why) if one.name == name and one.status == "active" else one for one in found
        ]
        if not started:
            task_status.started()
