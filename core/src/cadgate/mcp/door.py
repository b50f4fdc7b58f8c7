"""Serves the protocol at `/mcp`, over Streamable HTTP, in every revision that the SDK has. The gate is before it.

No state is kept between requests: clients of a gateway that was restarted go on as if nothing had happened. A client
of the revisions with sessions gets an id all the same, by which it can cancel a call.

The SDK is imported for the first request: it is a fifth of what a gateway needs to start, and many serve no agent.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from starlette.datastructures import State
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from cadgate.dispatch.off_loop import LARGE, off_loop
from cadgate.error_bodies import render
from cadgate.errors import CadgateError, PayloadTooLarge
from cadgate.security.caller import authority_of
from cadgate.web.access import ACCESS, Access
from cadgate.web.weighing import weigh

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from cadgate.mcp.server import AgentServer

PATH = "/mcp"
MAX_BODY = 1024 * 1024
"""Larger requests belong to the REST routes, which accept files."""
MAX_VALUES = 50_000
_SESSION = b"mcp-session-id"
_VERBS = ("POST", "GET", "DELETE")


class AgentsDoor:
    """The ASGI application of one gateway's `/mcp`."""

    def __init__(self, state: State, max_body: int) -> None:
        logging.getLogger("mcp").setLevel(logging.WARNING)  # it has a line for the end of every request
        self._state = state
        self._limit = min(max_body, MAX_BODY)
        self._group: TaskGroup | None = None
        self._closing = anyio.Event()
        self._beginning = anyio.Lock()
        """Held by the request that makes the manager."""
        self._manager: StreamableHTTPSessionManager | None = None
        self._calls: dict[tuple[str, bytes, str], anyio.CancelScope] = {}
        """The running calls of clients with a session's id, by caller, that id and their own id of the call."""

    def route(self) -> Route:
        """Return the route. Every caller that the gate knows is admitted, since each call requires a scope."""
        route = Route(PATH, endpoint=self, methods=list(_VERBS), include_in_schema=False)
        setattr(route, ACCESS, {verb: Access(declared=True) for verb in (*_VERBS, "HEAD")})
        return route

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve until the block is left, and stop what is still running then."""
        async with anyio.create_task_group() as group:
            self._group, self._closing = group, anyio.Event()
            try:
                yield
            finally:
                self._group = None
                self._closing.set()

    async def _ready(self) -> StreamableHTTPSessionManager:
        """Return the manager, which the first request makes."""
        async with self._beginning:
            if self._manager is None:
                if self._group is None:
                    raise RuntimeError("the gateway's lifespan was not entered")
                server, manager = await anyio.to_thread.run_sync(self._make)
                await self._group.start(self._keep, server, manager)
                self._manager = manager
        return self._manager

    def _make(self) -> tuple[AgentServer, StreamableHTTPSessionManager]:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from cadgate.mcp.server import AgentServer

        server = AgentServer(self._state)
        return server, StreamableHTTPSessionManager(server.protocol, stateless=True, max_request_body_size=self._limit)

    async def _keep(
        self, server: AgentServer, manager: StreamableHTTPSessionManager, *, task_status: TaskStatus[None]
    ) -> None:
        """Let a manager, which runs once, run until the gateway stops."""
        async with manager.run():
            task_status.started()
            try:
                await self._closing.wait()
            finally:
                self._manager = None
                await server.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "DELETE":  # the end of a session that has no state
            await _answer(send, 200)
            return
        if scope["method"] != "POST":
            # Nothing is ever sent that is not the answer to a request.
            await _answer(send, 405, [(b"allow", b"POST, DELETE")])
            return
        try:
            body = await _read(receive, self._limit)
            message = await self._message(scope, body)
        except CadgateError as error:
            status, headers, content = render(error, scope["state"].get("request_id"))
            await _answer(send, status, headers, content)
            return
        await self._exchange(scope, _replayed(_with_objects(message, body), receive), send, message)

    async def _message(self, scope: Scope, body: bytes) -> dict[str, Any]:
        """Return the message in a body; nothing if there is none, which the server explains. Raises PayloadTooLarge."""
        if len(body) <= LARGE:
            return _parsed(body)
        scope["state"]["large"] = True
        await off_loop(weigh, body, MAX_VALUES)
        return await off_loop(_parsed, body)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any]) -> None:
        manager = self._manager or await self._ready()
        session: bytes = dict(scope["headers"]).get(_SESSION, b"")
        caller = authority_of(scope).identity
        if message.get("method") == "initialize":
            send = _with_session(send)
        elif message.get("method") == "notifications/cancelled":
            params: Any = message.get("params")
            wanted = cast("dict[str, Any]", params).get("requestId") if isinstance(params, dict) else None
            running = self._calls.get((caller, session, repr(wanted)))
            if running is not None:
                running.cancel()
        key = (caller, session, repr(message.get("id")))
        tracked = bool(session) and "id" in message and key not in self._calls
        with anyio.CancelScope() as cancel:
            if tracked:
                self._calls[key] = cancel
            try:
                await manager.handle_request(scope, receive, send)
            finally:
                if tracked:
                    del self._calls[key]


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _with_objects(message: dict[str, Any], body: bytes) -> bytes:
    """Return the body, with the arguments of a tool as an object if they came as JSON text."""
    params: Any = message.get("params")
    if message.get("method") != "tools/call" or not isinstance(params, dict):
        return body
    fields = cast("dict[str, Any]", params)
    given = fields.get("arguments")
    if not isinstance(given, str):
        return body
    arguments = _parsed(given.encode()) if given.strip() else {}
    return json.dumps({**message, "params": {**fields, "arguments": arguments}}).encode()


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise PayloadTooLarge(
                f"The request is too large: the limit here is {limit} bytes. Send large data as a file: "
                "POST /api/v1/artifacts, then use the artifact's id",
                details={"maximum": limit},
            )
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that has the whole body first."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _with_session(send: Send) -> Send:
    """Return a `send` that gives the client an id for its session."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            message["headers"] = [*message.get("headers", ()), (_SESSION, secrets.token_hex(16).encode())]
        await send(message)

    return sending


async def _answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]] | None = None, content: bytes = b""
) -> None:
    given = headers or []
    if not any(name == b"content-length" for name, _ in given):
        given = [*given, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": content})
