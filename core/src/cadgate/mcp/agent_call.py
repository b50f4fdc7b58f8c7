"""`AgentCall`: one use of a tool, with what it needs of the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import anyio
from starlette.requests import Request

from cadgate.appserver.errors import nearest
from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.context import RequestContext
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.errors import NotFound
from cadgate.jobs.runner import Jobs
from cadgate.mcp.catalogue import Catalogue
from cadgate.plugins.discovery import Found
from cadgate.web.async_answers import Deferring
from cadgate.web.error_handlers import inactive

START_SECONDS = 30.0
"""How long a call waits for an application that is starting."""
_COMING = frozenset(("starting", "restarting"))


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One use of a tool, on behalf of one caller."""

    context: RequestContext
    request: Request
    catalogue: Catalogue

    @property
    def runtimes(self) -> Mapping[str, AdapterRuntime]:
        """The runtimes of the active adapters."""
        return self.request.app.state.runtimes

    @property
    def artifacts(self) -> ArtifactStore:
        """The caller's artifacts."""
        return OwnArtifacts.of(self.request.app.state.artifacts, self.context.caller.authority)

    @property
    def jobs(self) -> Jobs:
        """The gateway's jobs."""
        return self.request.app.state.jobs

    def runtime(self, application: str) -> AdapterRuntime:
        """Return the runtime of an application. Raises NotFound, which names those that there are."""
        folded = application.strip().lower()
        found = self.runtimes.get(folded)
        if found is not None:
            return found
        plugins: list[Found] = self.request.app.state.plugins
        for one in plugins:
            if one.name == folded and one.status != "active":
                raise inactive(one)
        known = sorted(self.runtimes)
        near = nearest(folded, known, most=2, cutoff=0.5)
        raise NotFound(
            f"There is no application {application[:100]!r}; there are: {', '.join(known) or 'none'}",
            details={"application": application[:100], "did_you_mean": near or known[:3]},
        )

    def session(self, application: str, session: str | None) -> SessionRuntime:
        """Return the caller's session of an application. Raises NotFound, and what `Sessions.select` raises."""
        sessions: Sessions = self.request.app.state.sessions
        name = self.runtime(application).served.name
        return sessions.select(name, session or None, self.context.caller.authority)

    async def ready(self, session: SessionRuntime, seconds: float | None) -> SessionRuntime:
        """Return the session once its application can be called: a start is waited for, instead of being an error."""
        if not session.session.ready.is_set() and session.session.status().state in _COMING:
            with anyio.move_on_after(min(seconds or START_SECONDS, START_SECONDS)):
                await session.session.ready.wait()
        return session

    def deferring(self, session: SessionRuntime, context: RequestContext) -> Deferring:
        """Return the application whose long work becomes a job, if `context` asks for that."""
        return Deferring(session, context, self.jobs)

    def keyed(self, *, session: str | None, key: str | None, seconds: float | None, **more: Any) -> RequestContext:
        """Return the context of this use with what its arguments say."""
        return replace(
            self.context,
            session=session or None,
            idempotency_key=key or self.context.idempotency_key,
            deadline_seconds=seconds or self.context.deadline_seconds,
            **more,
        )

    def as_request(self, *, key: str | None = None, seconds: float | None = None) -> Request:
        """Return this request as one to a route of the gateway, with headers that say what the arguments do."""
        headers: list[tuple[bytes, bytes]] = []
        if key is not None:
            headers.append((b"idempotency-key", key.encode()))
        if seconds is not None:
            headers.append((b"x-deadline-ms", str(max(1, round(seconds * 1000))).encode()))
        return Request({**self.request.scope, "headers": headers, "query_string": b""}, self.request.receive)
