"""FastAPI dependencies of routes: the application that a request addresses, bound to that request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from cadgate.dispatch.application import Application
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import NotFound
from cadgate.web.async_answers import Deferring
from cadgate.web.context import context_of


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
    """Return the application `name` for this HTTP request, with the request's headers as context."""
    session, context = session_of(request, name), context_of(request)
    return Deferring(session, context, request.app.state.jobs)


def session_of(request: Request, name: str) -> SessionRuntime:
    """Return the session of the adapter `name` for this request. Each adapter has one so far. Raises NotFound."""
    return runtime_of(request, name).default


def runtime_of(request: Request, name: str) -> AdapterRuntime:
    """Return the runtime of the adapter `name` in the gateway that serves `request`. Raises NotFound."""
    runtimes: dict[str, AdapterRuntime] = request.app.state.runtimes
    if name not in runtimes:
        raise NotFound(f"There is no active adapter {name!r}; GET /plugins lists them")
    return runtimes[name]
