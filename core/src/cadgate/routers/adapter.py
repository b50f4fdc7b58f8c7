"""The routes that the gateway adds to every adapter: the list of its methods, batch, undo and redo, restart."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from cadgate.contract.builtin import REDO, UNDO, Batch, BatchResults, History
from cadgate.dispatch.application import Application
from cadgate.dispatch.batch import answer_batch
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.permission import require_no_if_match
from cadgate.dispatch.served import ServedAdapter
from cadgate.models.common import Empty
from cadgate.models.responses import Result, Success
from cadgate.openapi.extensions import METHOD_EXTENSION
from cadgate.openapi.operations import IDEMPOTENCY
from cadgate.security.caller import audit_event_of
from cadgate.web.access import requires
from cadgate.web.async_answers import deferred_batch
from cadgate.web.context import context_of
from cadgate.web.dependencies import application_of, session_of
from cadgate.web.router import Router, failures


class RouteInfo(Result):
    """The route of a method."""

    verb: str
    path: str


class MethodInfo(Result):
    """A method, for programs that build calls themselves."""

    name: str
    params: dict[str, Any] = Field(description="JSON Schema of the parameters.")
    result: dict[str, Any] = Field(description="JSON Schema of the result.")
    mutates: bool
    scope: str
    atomic: bool = Field(description="Whether it is allowed in an atomic batch.")
    route: RouteInfo | None = Field(description="Null if only batch and WebSocket can call it.")


class MethodList(Result):
    """Every method of an adapter, sorted by name."""

    methods: list[MethodInfo]


class Restarting(Result):
    """The application is being restarted, with its documents."""

    restarting: bool = True


def host_router(name: str, context: Sequence[str]) -> APIRouter:
    """Return the router that the adapter `name` gets in addition; `context` has its context values."""
    router = Router()
    bound = Depends(_bound(name, context))
    made: dict[str, MethodList] = {}
    making = anyio.Lock()
    # What a context value names may not exist.
    missing = (404,) if context else ()

    @router.get("/methods", dependencies=[requires("read")])
    async def list_methods(request: Request) -> Success[MethodList]:
        """List every method with its route and the JSON Schemas of its parameters and result."""
        session = application_of(request, name).session  # refuses invalid headers and sessions, as all routes do
        if name not in made:
            async with making:  # one request makes it, the others wait without a thread
                if name not in made:
                    # The schemas of all models take a tenth of a second, too long for the event loop.
                    made[name] = await anyio.to_thread.run_sync(_list, session.served)
        return Success(made[name])

    # Each of its calls requires its own scope, and has its own line in the audit log.
    @router.post(
        "/batch",
        response_model=Success[BatchResults],
        responses=failures(404),
        dependencies=[requires(by_method=True)],
    )
    async def batch(body: Batch, request: Request, app: Annotated[Application, bound]) -> Any:
        """Run many calls in one round trip.

        Each call sees the effects of those before it, and has its own entry in `results`. With `atomic`, a failing call
        rolls everything back: the response is its error, and `details.index` is its place.
        """
        deferred = await deferred_batch(app, body)
        if deferred is not None:
            return Success(deferred)
        results = await answer_batch(app.session, app.context, body)
        return Success(results) if isinstance(results, BatchResults) else results

    @router.operation("POST", "/undo", UNDO, errors=missing)
    async def undo(app: Annotated[Application, bound]) -> Success[History]:
        """Undo what the last request changed. 409 `conflict` if there is nothing to undo."""
        return Success(await app.call(UNDO, Empty()))

    @router.operation("POST", "/redo", REDO, errors=missing)
    async def redo(app: Annotated[Application, bound]) -> Success[History]:
        """Redo what was undone last. 409 `conflict` if there is nothing to redo."""
        return Success(await app.call(REDO, Empty()))

    @router.post(
        "/restart",
        status_code=202,
        openapi_extra={"parameters": [IDEMPOTENCY]},
        dependencies=[requires("execute", audited_as="session.restart")],
    )
    async def restart(request: Request) -> Success[Restarting]:
        """Restart the application with its documents, also when it is `down`."""
        runtime, context = session_of(request, name), context_of(request)
        require_no_if_match(context, "A restart")
        if context.dry_run:
            raise DryRunDone

        async def work() -> None:
            with runtime.served.audit.recording(audit_event_of(request, "session.restart", name)):
                runtime.session.restart("asked for by a client")
                runtime.session.request_start()

        if context.idempotency_key is None:
            await work()
        else:
            key = f"{context.identity} {context.idempotency_key}"
            await request.app.state.once.run_once(key, f"restart {name} {runtime.id}", work)
        return Success(Restarting())

    return router


def _bound(name: str, context: Sequence[str]) -> Callable[[Request], Awaitable[Application]]:
    async def bound(request: Request) -> Application:
        values = {key: request.query_params[key] for key in context if key in request.query_params}
        return application_of(request, name).bind(**values)

    return bound


def _list(served: ServedAdapter) -> MethodList:
    routes = {name: info for name, (info, _) in routes_of_methods(served).items()}
    return MethodList(methods=[_describe(served, each, routes.get(each)) for each in sorted(served.methods)])


def routes_of_methods(served: ServedAdapter) -> dict[str, tuple[RouteInfo, str]]:
    """Return the route of each method, from the routes' own declarations, with its documentation."""
    found: dict[str, tuple[RouteInfo, str]] = {}
    prefix = f"/api/v1/{served.adapter.name}"
    for router in (*served.adapter.routers, host_router(served.adapter.name, ())):
        for route in router.routes:
            extra: dict[str, Any] = getattr(route, "openapi_extra", None) or {}
            method = extra.get(METHOD_EXTENSION)
            if method is not None:
                path = getattr(route, "path_format", None) or getattr(route, "path", "")
                info = RouteInfo(verb=min(getattr(route, "methods", {"GET"})), path=prefix + path)
                text: str = getattr(route, "description", None) or getattr(route, "endpoint", route).__doc__ or ""
                found.setdefault(method, (info, inspect.cleandoc(text)))
    return found


def _describe(served: ServedAdapter, name: str, route: RouteInfo | None) -> MethodInfo:
    method = served.methods[name]
    return MethodInfo(
        name=name,
        params=method.params.model_json_schema(),
        result=method.result.model_json_schema(mode="serialization"),
        mutates=method.mutates,
        scope=method.required_scope,
        atomic=method.atomic,
        route=route,
    )
