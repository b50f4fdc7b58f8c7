"""FastAPI dependencies of routes: the application that a request addresses, bound to that request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request

from cadgate.contract.authority import Authority
from cadgate.dispatch.application import Application
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import Sessions
from cadgate.security.caller import authority_of
from cadgate.web.async_answers import Deferring
from cadgate.web.context import context_of
from cadgate.web.selection import session_named_by


def application(name: str) -> Callable[[Request], Awaitable[Application]]:
    """Return a dependency: the application `name`, bound to the current request.

    `Blender = Annotated[Application, Depends(application("blender"))]`
    """

    # A coroutine, although it awaits nothing: FastAPI runs plain functions in a thread, which takes longer than the
    # rest of the request.
    async def bound(request: Request) -> Application:
        return application_of(request, name)

    return bound


def application_of(request: Request, name: str) -> Application:
    """Return the application `name` for this HTTP request, with the request's headers as context.

    Raises what `session_of` raises.
    """
    context = context_of(request)
    session = _selected(request, name, context.session, context.caller.authority)
    return Deferring(session, context, request.app.state.jobs)


def session_of(request: Request, name: str) -> SessionRuntime:
    """Return the session of the adapter `name` that this request, or this WebSocket, names.

    Raises NotFound, BadRequest, and what `Sessions.select` raises.
    """
    return _selected(request, name, session_named_by(request.scope), authority_of(request.scope))


def _selected(request: HTTPConnection, name: str, session: str | None, authority: Authority) -> SessionRuntime:
    sessions: Sessions = request.app.state.sessions
    return sessions.select(name, session, authority)


def runtime_of(request: Request, name: str) -> AdapterRuntime:
    """Return the runtime of the adapter `name` in the gateway that serves `request`. Raises NotFound."""
    sessions: Sessions = request.app.state.sessions
    return sessions.runtime(name)
