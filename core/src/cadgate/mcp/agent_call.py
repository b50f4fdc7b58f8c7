"""`AgentCall`: one use of a tool, with what it needs of the gateway."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import anyio

from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.context import RequestContext
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.errors import NotFound
from cadgate.mcp.catalogue import Catalogue
from cadgate.plugins.discovery import Found
from cadgate.web.error_handlers import inactive

START_SECONDS = 30.0
"""How long a call waits for an application that is starting."""
_COMING = frozenset(("starting", "restarting"))


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One use of a tool, on behalf of one caller."""

    context: RequestContext
    runtimes: Mapping[str, AdapterRuntime]
    sessions: Sessions
    plugins: list[Found]
    catalogue: Catalogue
    artifacts: ArtifactStore

    def runtime(self, application: str) -> AdapterRuntime:
        """Return the runtime of an application. Raises NotFound, which names those that there are."""
        found = self.runtimes.get(application)
        if found is not None:
            return found
        folded = application.strip().lower()
        if folded in self.runtimes:
            return self.runtimes[folded]
        for one in self.plugins:
            if one.name == folded and one.status != "active":
                raise inactive(one)
        known = sorted(self.runtimes)
        near = difflib.get_close_matches(folded, known, n=2, cutoff=0.5)
        raise NotFound(
            f"There is no application {application[:100]!r}; there are: {', '.join(known) or 'none'}",
            details={"application": application[:100], "did_you_mean": near or known[:3]},
        )

    def session(self, application: str, session: str | None) -> SessionRuntime:
        """Return the session of an application. Raises NotFound, and what `Sessions.select` raises."""
        runtime = self.runtime(application)
        return self.sessions.select(runtime.served.name, session or None, self.context.caller.authority)

    async def ready(self, session: SessionRuntime, seconds: float | None) -> SessionRuntime:
        """Return the session once its application can be called: a start is waited for, instead of being an error."""
        if not session.session.ready.is_set() and session.session.status().state in _COMING:
            with anyio.move_on_after(min(seconds or START_SECONDS, START_SECONDS)):
                await session.session.ready.wait()
        return session

    def keyed(self, *, key: str | None, seconds: float | None, **more: Any) -> RequestContext:
        """Return the context of this use with what its arguments say."""
        return replace(
            self.context,
            idempotency_key=key or self.context.idempotency_key,
            deadline_seconds=seconds or self.context.deadline_seconds,
            **more,
        )
