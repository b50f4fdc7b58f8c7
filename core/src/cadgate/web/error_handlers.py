"""Turns every error into the one envelope, whatever raised it. Messages do not reveal the gateway's internals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from cadgate.dispatch.calls import DryRunDone
from cadgate.error_bodies import internal_error, render
from cadgate.errors import (
    ApplicationUnavailable,
    BadRequest,
    CadgateError,
    InternalError,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from cadgate.models.bounded import MAX_ERRORS
from cadgate.models.common import Params
from cadgate.refusals.names import nearest_paths, no_adapter
from cadgate.refusals.requests import reworded_for_route
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import refusal, validation_failed
from cadgate.refusals.words import reworded
from cadgate.web.async_answers import JobAccepted
from cadgate.web.converters import readable
from cadgate.web.uploads import discard_unclaimed

log = structlog.get_logger("cadgate.errors")
Handler = Callable[[Request, Exception], Awaitable[Response]]
_UNREADABLE = "There was an error parsing the body"
"""FastAPI's message for a body that it cannot read; the reason is the exception's cause."""

_BY_STATUS: dict[int, type[CadgateError]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: ValidationFailed,
}


def respond(error: CadgateError, request_id: str | None, headers: Mapping[str, str] | None = None) -> Response:
    """Return `render` as a response."""
    status, raw, content = render(error, request_id)
    response = Response(content, status)
    response.raw_headers[:] = raw
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _request_id(request: Request) -> str | None:
    return request.scope.get("state", {}).get("request_id")


async def _cadgate_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CadgateError)
    if isinstance(error, InternalError):
        log_defect(request.scope, error)
    return respond(error, _request_id(request))


def refused_by_route(errors: Sequence[Any], route: Any) -> CadgateError:
    """Return the 422 for FastAPI's errors about a request for `route`."""
    if any(item["type"] == "json_invalid" for item in errors[:MAX_ERRORS]):
        return validation_failed(errors)
    return refusal(reworded_for_route(errors[:MAX_ERRORS], route), max(0, len(errors) - MAX_ERRORS))


async def _request_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(refused_by_route(error.errors(), request.scope.get("route")), _request_id(request))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, CadgateError):
        return await _cadgate_error(request, cause)
    if isinstance(cause, ClientDisconnect):
        return Response(status_code=400)
    headers = dict(error.headers or {})
    if error.status_code == 404 and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return respond(unknown_path(request), _request_id(request))
    if error.status_code == 405:
        allowed = headers.get("Allow", "")
        known = MethodNotAllowed(
            f"{request.method} is not allowed on {readable(request.scope['path'])!r}; allowed: {allowed}",
            details={"allowed": [method.strip() for method in allowed.split(",") if method.strip()]},
        )
        return respond(known, _request_id(request), headers)
    if error.status_code == 400 and error.detail == _UNREADABLE:
        reason = "it is nested too deeply" if isinstance(cause, RecursionError) else type(cause).__name__
        return respond(MalformedJson(f"The body cannot be read: {reason}"), _request_id(request))
    kind = _BY_STATUS.get(error.status_code)
    known = kind(str(error.detail)) if kind else CadgateError(str(error.detail), code=_code_of(error.status_code))
    known.status = error.status_code
    return respond(known, _request_id(request), headers)


def _code_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
    except ValueError:
        return "bad_request" if status < 500 else "internal_error"


def unknown_path(request: HTTPConnection) -> CadgateError:
    """Return why there is nothing at this path: no such route, no such adapter, or an inactive adapter."""
    path = readable(request.scope["path"])
    segments = path.split("/")
    found: list[Any] = getattr(request.app.state, "plugins", [])
    if len(segments) > 3 and segments[1:3] == ["api", "v1"] and segments[3] not in ("artifacts", "jobs"):
        name = segments[3]
        same = [one for one in found if one.name == name]
        if same and not any(one.status == "active" for one in same):
            return inactive(same[0])
        if not same:
            return no_adapter(name, (one.name for one in found if one.status == "active"))
    near = nearest_paths(path, (getattr(route, "path_format", "") for route in request.app.routes))
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    details = {"did_you_mean": near} if near else None
    return NotFound(f"There is nothing at {path!r}: {hint}/docs lists every route", details=details)


def inactive(found: Any) -> ApplicationUnavailable:
    """Return the 503 for an adapter that is disabled, or failed to load."""
    why = found.error or "it is disabled in plugins.toml"
    error = ApplicationUnavailable(
        f"The adapter {found.name!r} is {found.status}: {why}", details={"status": found.status, "reason": why}
    )
    error.retryable = False
    return error


async def _defect(request: Request, error: Exception) -> Response:
    """Answer an unexpected exception, which is logged; the client gets the request id to find it."""
    log_defect(request.scope, error)
    return respond(internal_error(), _request_id(request))


def log_defect(scope: Scope, error: BaseException) -> None:
    """Log a defect with the package of the route, whose author has to fix it."""
    segments = readable(scope["path"]).split("/")
    found: list[Any] = getattr(scope["app"].state, "plugins", []) if "app" in scope else []
    of = [one for one in found if segments[1:3] == ["api", "v1"] and one.name in segments[3:4]]
    package = {"package": f"{of[0].package} {of[0].version or ''}".rstrip()} if of else {}
    log.error("internal_error", request_id=scope.get("state", {}).get("request_id"), **package, exc_info=error)


async def _values_invalid(request: Request, error: Exception) -> Response:
    """Answer a model that a route made of path and body, and that refused them. Anything else is a defect."""
    assert isinstance(error, ValidationError)
    if not any(kind.__name__ == error.title for kind in _subclasses(Params)):
        return await _defect(request, error)
    errors = error.errors(include_url=False)
    entries = reworded(
        errors[:MAX_ERRORS], contract_of(next(kind for kind in _subclasses(Params) if kind.__name__ == error.title))
    )
    return respond(refusal([_from_where(one, request) for one in entries]), _request_id(request))


def _from_where(entry: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return an entry whose `loc` begins with where the client sent the value: the path, query or body."""
    first = entry["loc"][0] if entry["loc"] else None
    where = "path" if first in request.path_params else "query" if first in request.query_params else "body"
    return {**entry, "loc": [where, *entry["loc"]]}


def _subclasses(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for which there is no route. A WebSocket is refused before its upgrade."""
    if scope["type"] == "http":
        raise HTTPException(404)
    error = unknown_path(WebSocket(scope, receive, send))
    await refuse_websocket(error, scope["state"]["request_id"], scope, send)


async def refuse_websocket(error: CadgateError, request_id: str, scope: Scope, send: Send) -> None:
    """Answer an upgrade with the envelope of `error`; by closing, if the server cannot answer HTTP at this point."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    status, headers, body = render(error, request_id)
    headers.append((b"x-request-id", request_id.encode()))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _without_uploads(respond_to: Handler) -> Handler:
    """Return a handler that first removes the files that came with the request, as it changed nothing."""

    async def handle(request: Request, error: Exception) -> Response:
        await discard_unclaimed(request)
        return await respond_to(request, error)

    return handle


async def _dry_run_done(request: Request, error: Exception) -> Response:
    return JSONResponse({"status": "success", "result": {"dry_run": True}})


async def _job_accepted(request: Request, error: Exception) -> Response:
    assert isinstance(error, JobAccepted)
    return error.response()


async def answer_to(error: Exception, request: Request) -> Response | None:
    """Return the response of the registered handler for such an error; None if there is none, as for a defect."""
    handlers = request.app.exception_handlers
    for kind in type(error).__mro__:
        if kind in handlers:
            response: Response = await handlers[kind](request, error)
            return response
    return None


def install(app: FastAPI) -> None:
    """Register the handlers, and the answer for paths without a route."""
    app.router.default = nothing_here
    app.add_exception_handler(CadgateError, _without_uploads(_cadgate_error))
    app.add_exception_handler(RequestValidationError, _without_uploads(_request_invalid))
    app.add_exception_handler(HTTPException, _without_uploads(_http_exception))
    app.add_exception_handler(ResponseValidationError, _defect)
    app.add_exception_handler(ValidationError, _without_uploads(_values_invalid))
    app.add_exception_handler(DryRunDone, _without_uploads(_dry_run_done))
    app.add_exception_handler(JobAccepted, _job_accepted)
