"""The gate: every HTTP request and WebSocket passes through it before anything else runs.

It checks, in this order: request id, path, `Host`, `Origin`, the caller (401), the route (404, 405), the scopes it
requires (403), the body's type and size (415, 413). A refused request is answered here, in the envelope, before its
body is read. An admitted one is timed, counted and logged once, and ended if the caller's key is withdrawn meanwhile.
Pure ASGI, tens of microseconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from typing import Any, NamedTuple

import structlog
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cadgate.contract.authority import LOCAL, NOBODY, WITHDRAWN, Authority
from cadgate.dispatch.permission import switched_off
from cadgate.error_bodies import internal_error, render
from cadgate.errors import ApplicationUnavailable, CadgateError
from cadgate.logging import AccessLog
from cadgate.security.audit import AuditEvent, AuditLog
from cadgate.security.identity import Identity
from cadgate.security.origins import Origins
from cadgate.security.shares import Shares
from cadgate.web.access import Access, Open, access_to
from cadgate.web.bodies import SMALL, Bodies, declared_length, drain, is_streamed, is_whole
from cadgate.web.callers import Callers
from cadgate.web.converters import readable
from cadgate.web.direct import DIRECT, Direct
from cadgate.web.error_handlers import log_defect, refuse_websocket
from cadgate.web.forwarded import Forwarded
from cadgate.web.http_exchange import Exchange
from cadgate.web.metrics import Metrics
from cadgate.web.protocol import ABORT
from cadgate.web.repeats import remember, repeated
from cadgate.web.routing import QUERY_NAMES, Found, RouteTable
from cadgate.web.selection import take_session

log = structlog.get_logger("cadgate.gate")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}\Z")
_EXPOSED = (
    b"X-Request-ID, Server-Timing, X-Artifact-Id, ETag, Retry-After, Content-Disposition, Content-Range, Mcp-Session-Id"
)
_PREFLIGHT_SECONDS = b"600"
_CLIENT_LEFT = 499
_FIRST_FAILURE = 400
NOTHING = Access(declared=True)
"""What a path without a route requires: nothing, since 404 and 405 are no secret."""
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_DEFAULT_ALLOWED_HEADERS = (
    b"authorization, cadgate-session, content-type, idempotency-key, if-match, x-deadline-ms, x-request-id"
)


def _is_cancelled() -> bool:
    """Whether this task was really cancelled, rather than code in it raising CancelledError."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _stopping() -> ApplicationUnavailable:
    return ApplicationUnavailable(
        "The gateway is stopping and did not wait for this request to finish, so it may or may not have been done: "
        "check, or send it again with the same Idempotency-Key when the gateway is back"
    )


class _Way(NamedTuple):
    """Where an admitted request goes, and on whose behalf."""

    authority: Authority
    needs: Access
    found: Found
    headers: dict[bytes, bytes]


class Gate:
    """The ASGI middleware; see the module's docstring. One per gateway."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: RouteTable,
        origins: Origins,
        forwarded: Forwarded,
        identity: Identity,
        open_to: frozenset[Open],
        bodies: Bodies,
        metrics: Metrics,
        access: AccessLog,
        audit: AuditLog,
        requests_per_key: int,
    ) -> None:
        self.app = app
        self._table = table
        self._origins = origins
        self._forwarded = forwarded
        self._callers = Callers(identity, table, open_to)
        self._bodies = bodies
        self._requests = metrics.requests
        self._access = access
        self._audit = audit
        self._shares = Shares(requests_per_key, "requests_per_key", "requests")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an HTTP request."""
        started = time.perf_counter()
        head = repeated(scope)
        headers: dict[bytes, bytes] = dict(scope["headers"]) if head is None else head.by_name
        state = _state(scope, headers)
        exchange = Exchange(send, state["request_id"], started)
        state["started"], state["timing"] = started, exchange.timing
        route: Route | None = None
        inner = scope
        self._requests.in_flight += 1
        counted_for: Authority | None = None
        try:
            try:
                found = None if head is None else self._table.find(scope)
                if head is not None and found is not None and found[0] is head.route:
                    route, needs = head.route, head.needs
                    authority = state["authority"] = LOCAL
                    state["foreign"] = False
                    if not is_whole(scope):
                        receive = self._bodies.receiving(receive, headers, route, scope)
                else:
                    if self._admit(scope, headers, exchange, state):
                        await self._preflight(headers, exchange)
                        return
                    authority = state["authority"]
                    self._shares.take(authority)
                    counted_for = authority
                    inner = self._as_get(scope, exchange)
                    found = self._table.find(inner)
                    route = found[0]
                    needs = NOTHING if route is None else access_to(route, inner["method"])
                    if needs.adapter is not None and b"session" in inner["query_string"]:
                        take_session(inner, state)
                    self._permit(needs, inner, state)
                    receive = self._bodies.receiving(receive, headers, route, scope)
                    if route is not None and inner is scope:
                        remember(scope, headers, authority, route, needs)
                await self._run(inner, receive, exchange, _Way(authority, needs, found, headers))
            except CadgateError as error:
                await self._refuse(error, scope, headers, receive, exchange)
            except ClientDisconnect:
                pass
            except (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
                # Code of an adapter may raise anything; only a real cancellation is treated as one.
                if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                    if exchange.status:
                        raise
                    # Only the server cancels, and only at its end, what did not finish in time.
                    await self._refuse(_stopping(), scope, headers, receive, exchange)
                    return
                log_defect(inner, error)
                if exchange.status:
                    raise
                await self._refuse(internal_error(), scope, headers, receive, exchange)
        finally:
            self._requests.in_flight -= 1
            if counted_for is not None:
                self._shares.give_back(counted_for)
            self._finish(scope, route, exchange)

    async def _run(self, scope: Scope, receive: Receive, exchange: Exchange, way: _Way) -> None:
        """Serve the request, until it ends or the caller's key is withdrawn, which is raised then."""
        serve = self._audited if way.needs.audited_here else self._serve
        if not way.authority.is_key:
            await serve(scope, receive, exchange, way)
            return
        task = asyncio.current_task()
        assert task is not None

        def withdraw(error: CadgateError) -> None:
            exchange.withdrawn = error
            task.cancel(WITHDRAWN)

        forget = way.authority.watch(way.needs.scopes, withdraw, checked=True)
        try:
            await serve(scope, receive, exchange, way)
        except BaseException:
            if exchange.withdrawn is None:
                raise
        finally:
            forget()
        if exchange.withdrawn is None:
            return
        task.uncancel()
        if not exchange.status:
            raise _withdrawn(exchange.withdrawn)
        # The client has only a part of the answer: closing the connection shows that.
        abort = scope.get("extensions", {}).get(ABORT)
        if abort is not None:
            abort()
            await asyncio.sleep(0)

    async def _serve(self, scope: Scope, receive: Receive, exchange: Exchange, way: _Way) -> None:
        """Serve by the direct path if the route has one and the request is valid, otherwise by FastAPI."""
        route, child, _ = way.found
        direct: Direct | None = getattr(route, DIRECT, None)
        if direct is not None:
            known = getattr(route, QUERY_NAMES, None)
            if await direct.answer(scope, receive, exchange, child, way.headers, known):
                return
        await self.app(scope, receive, exchange.respond)

    async def _audited(self, scope: Scope, receive: Receive, exchange: Exchange, way: _Way) -> None:
        """Serve the request, with a line in the audit log, because no method writes one."""
        began = time.perf_counter()
        try:
            await self._serve(scope, receive, exchange, way)
        finally:
            status = exchange.status or (_CLIENT_LEFT if exchange.withdrawn is None else exchange.withdrawn.status)
            outcome = "success" if exchange.status and exchange.status < _FIRST_FAILURE else "failed"
            self._audit.record(
                _audit_event(way.needs, scope, scope["state"]), outcome, status, time.perf_counter() - began
            )

    # --- checks --------------------------------------------------------------------------------------------------

    def _admit(
        self, scope: Scope, headers: dict[bytes, bytes], exchange: Exchange | None, state: dict[str, Any]
    ) -> bool:
        """Check path, Host, Origin and identity. Returns True for a preflight, to be answered at once."""
        self._forwarded.read(scope, headers)
        host = headers.get(b"host")
        self._origins.check_host(host)
        origin = headers.get(b"origin")
        foreign = False
        if origin is not None:
            foreign = self._origins.check_origin(origin, host or b"", scope["scheme"])
            if foreign and exchange is not None:
                exchange.cors = [
                    (b"access-control-allow-origin", origin),
                    (b"access-control-expose-headers", _EXPOSED),
                    (b"vary", b"Origin"),
                ]
                if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                    return True
        elif (site := headers.get(b"sec-fetch-site")) is not None:
            self._origins.check_fetch_site(site, headers)
        state["authority"] = self._callers.of(scope, headers, state, foreign=foreign)
        if exchange is not None and "login" in state:
            exchange.of_login = True
        return False

    def _permit(self, needs: Access, scope: Scope, state: dict[str, Any]) -> None:
        """Raise Forbidden if the caller may not use this route. The attempt is in the audit log then."""
        authority: Authority = state["authority"]
        if authority is NOBODY:  # admitted to an open route
            return
        error = authority.objection(*needs.scopes, fresh=False)  # the key was just looked up
        if error is None and needs.audited_here and needs.adapter is not None and "execute" in needs.scopes:
            runtime = scope["app"].state.runtimes.get(needs.adapter)
            if runtime is not None and not runtime.settings.allow_execute:
                error = switched_off(needs.adapter, needs.audited_as or scope["path"])
        if error is None:
            return
        if needs.audited_as is not None:
            self._audit.record(_audit_event(needs, scope, state), error.code, error.status, 0.0)
        raise error

    def _as_get(self, scope: Scope, exchange: Exchange) -> Scope:
        """Turn a HEAD for a route that has only GET into that GET, whose body is dropped."""
        if scope["method"] == "HEAD":
            route, _, allowed = self._table.find(scope)
            if route is None and "GET" in allowed:
                exchange.drop_body = True
                return {**scope, "method": "GET"}
        return scope

    # --- answers -------------------------------------------------------------------------------------------------

    async def _preflight(self, headers: dict[bytes, bytes], exchange: Exchange) -> None:
        wanted = headers.get(b"access-control-request-headers", _DEFAULT_ALLOWED_HEADERS)
        start: list[tuple[bytes, bytes]] = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", wanted),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
        if b"access-control-request-private-network" in headers:
            start.append((b"access-control-allow-private-network", b"true"))
        await exchange.respond({"type": "http.response.start", "status": 204, "headers": start})
        await exchange.respond({"type": "http.response.body", "body": b""})

    async def _refuse(
        self, error: CadgateError, scope: Scope, headers: dict[bytes, bytes], receive: Receive, exchange: Exchange
    ) -> None:
        if exchange.status:
            raise error
        status, answer, body = render(error, exchange.request_id)
        linger = _is_large(headers, scope["http_version"])
        if linger:
            answer.append((b"connection", b"close"))
        await exchange.respond({"type": "http.response.start", "status": status, "headers": answer})
        await exchange.respond({"type": "http.response.body", "body": body, "more_body": linger})
        if linger:
            await drain(receive)
            await exchange.respond({"type": "http.response.body", "body": b""})

    def _finish(self, scope: Scope, route: Route | None, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        template = route.path_format if route is not None else None
        status = exchange.status or _CLIENT_LEFT
        self._requests.observe(scope["method"], template, status, seconds)
        path = template or readable(scope["path"])[:200]
        self._access.write(scope["method"], path, status, seconds, exchange.request_id)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        state = _state(scope, headers)
        state["started"] = time.perf_counter()
        try:
            self._admit(scope, headers, None, state)
        except CadgateError as error:
            log.info("websocket_refused", path=readable(scope["path"])[:200], status=error.status, code=error.code)
            await refuse_websocket(error, state["request_id"], scope, send)
            return
        await self.app(scope, receive, send)


def _withdrawn(error: CadgateError) -> CadgateError:
    """Return the error for a request that was running when its key was withdrawn."""
    error.message = (
        f"{error.message}, while this request ran: it was stopped, and its changes are either complete or rolled back "
        "completely"
    )
    return error


def _audit_event(needs: Access, scope: Scope, state: dict[str, Any]) -> AuditEvent:
    """Return the audit event of a request that calls no method."""
    client = scope.get("client")
    return AuditEvent(
        method=needs.audited_as or "",
        identity=state["authority"].identity,
        peer=None if client is None else f"{client[0]}:{client[1]}",
        request_id=state["request_id"],
        door="rest",
        adapter=needs.adapter,
    )


def _state(scope: Scope, headers: dict[bytes, bytes]) -> dict[str, Any]:
    given = headers.get(b"x-request-id")
    state: dict[str, Any] = scope.setdefault("state", {})
    state["request_id"] = given.decode() if given and _REQUEST_ID.match(given) else new_id()
    return state


_ids: list[str] = []


def new_id() -> str:
    """Return 32 random hexadecimal digits. They are taken from the system for many requests at a time."""
    if not _ids:
        text = os.urandom(16 * 256).hex()
        _ids.extend(text[start : start + 32] for start in range(0, len(text), 32))
    return _ids.pop()


def _is_large(headers: dict[bytes, bytes], http_version: str) -> bool:
    try:
        length = declared_length(headers)
    except CadgateError:
        return True
    return is_streamed(headers, http_version) if length is None else length > SMALL
