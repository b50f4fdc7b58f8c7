"""The gateway inside the test's process: over ASGI without sockets, or on a real uvicorn server in a thread."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import FastAPI, Query, Request, WebSocket
from pydantic import BaseModel, ConfigDict

from cadgate.config.settings import Settings
from cadgate.dispatch.calls import DryRunDone
from cadgate.errors import ApplicationStarting, CadgateError
from cadgate.main import create_app
from cadgate.models.common import Number, Params
from cadgate.models.responses import Result, Success
from cadgate.routers.mount import core_routes
from cadgate.web.context import context_of
from cadgate.web.protocol import GatewayProtocol, GatewayWebSocketProtocol
from cadgate.web.router import Router


class Sized(Params):
    """A body."""

    size: Number = 2
    anything: Any = None


class Echo(Result):
    """What came."""

    value: Any


class Broken(BaseModel):
    """A result that no answer of the route fits."""

    model_config = ConfigDict(extra="forbid")
    number: int


def _queries(*names: str) -> dict[str, Any]:
    """What documents the query parameters that a probe reads by itself."""
    return {"parameters": [{"in": "query", "name": name, "schema": {}} for name in names]}


probes = Router(prefix="/probe")
"""Routes of the tests: each does one thing that routes of adapters do."""


@probes.post("/json", openapi_extra=_queries("note"))
async def take_json(body: Sized) -> Success[Echo]:
    """Take JSON."""
    return Success(Echo(value=body.model_dump()))


@probes.post("/nothing")
async def take_nothing() -> Success[Echo]:
    """Take no body."""
    return Success(Echo(value=None))


@probes.get("/query")
async def take_query(query: Annotated[Sized, Query()]) -> Success[Echo]:
    """Take a query."""
    return Success(Echo(value=query.size))


@probes.get("/names/{name:name}")
async def take_name(name: str) -> Success[Echo]:
    """Take a name."""
    return Success(Echo(value=name))


@probes.post("/names/{name:name}/duplicate")
async def duplicate_name(name: str) -> Success[Echo]:
    """Take a name before another segment."""
    return Success(Echo(value=["duplicate", name]))


@probes.get("/crash")
async def crash() -> Success[Echo]:
    """Fail as nobody expected."""
    raise RuntimeError("secret /home/somebody/token.txt")


@probes.get("/wrong-answer")
async def wrong_answer() -> Broken:
    """Answer something else than promised."""
    return {"number": "secret"}  # type: ignore[return-value]


begun = threading.Event()
"""Set when a request to /probe/endless runs."""


@probes.get("/endless")
async def endless() -> Success[Echo]:
    """Wait for what never happens."""
    begun.set()
    await asyncio.Event().wait()
    return Success(Echo(value=None))


@probes.get("/starting")
async def starting() -> Success[Echo]:
    """Fail as a starting application does."""
    raise ApplicationStarting("it starts", retry_after=0.2)


@probes.get("/strange")
async def strange() -> Success[Echo]:
    """Fail with details that are no JSON."""
    details: dict[str, Any] = {
        "nan": float("nan"),
        "surrogate": "\ud800",
        "bytes": b"\xff",
        "deep": [[[[[[[[[[[[[[1]]]]]]]]]]]]]],
    }
    raise CadgateError("strange \ud800", details=details, code="strange")


@probes.post("/dry")
async def dry() -> Success[Echo]:
    """End as a dry run does."""
    raise DryRunDone


@probes.get("/context", openapi_extra=_queries("dry_run"))
async def context(request: Request) -> Success[Echo]:
    """Say what the request's headers asked for."""
    told = context_of(request)
    if told.timing is not None:
        told.timing(1.5, 2.5)
    return Success(
        Echo(
            value={
                "request_id": told.request_id,
                "deadline": told.deadline_seconds,
                "key": told.idempotency_key,
                "if_match": told.if_match,
                "dry_run": told.dry_run,
                "scopes": sorted(told.scopes),
                "identity": told.identity,
            }
        )
    )


async def echo_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


def quiet_settings(state_dir: Path, **more: Any) -> Settings:
    """Settings of a gateway without applications."""
    off: dict[str, dict[str, Any]] = {"blender": {"enabled": False}, "freecad": {"enabled": False}}
    return Settings(**{"state_dir": state_dir, "adapters": off, **more})


def probed_app(settings: Settings) -> FastAPI:
    """A gateway with the tests' routes."""
    app = create_app(settings)
    app.router.routes.extend(core_routes(probes))
    app.add_api_websocket_route("/probe/ws", echo_socket)
    return app


@asynccontextmanager
async def in_process(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without sockets; the lifespan runs."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def served(app: FastAPI, host: str = "127.0.0.1") -> Iterator[int]:
    """The port of a real server that serves `app` on the loopback, as `cadgate serve` does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        config = uvicorn.Config(
            app, http=GatewayProtocol, ws=GatewayWebSocketProtocol, loop="uvloop", log_config=None, access_log=False,
            proxy_headers=False, server_header=False, lifespan="on", timeout_graceful_shutdown=2,
        )  # fmt: skip
        server = _Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert server.ready.wait(20), "the server did not start"
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


Answer = tuple[int, dict[str, str], bytes]
"""Status, headers (lower case) and body."""


def exchange(port: int, request: bytes, *, host: str = "127.0.0.1") -> Answer:
    """Send these very bytes; status, headers (lower case) and body of the first answer."""
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(request)
        return read_answer(connection, head_only=request.startswith(b"HEAD "))


def read_answer(connection: socket.socket, *, head_only: bool = False) -> Answer:
    """Read one answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        assert chunk, f"the connection ended after {received!r}"
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while not head_only and len(body) < int(headers.get("content-length", "0")):
        chunk = connection.recv(65536)
        assert chunk, "the connection ended inside the body"
        body += chunk
    return int(status.split()[1]), headers, body


def error_of(body: bytes | bytearray | str) -> dict[str, Any]:
    """The `error` of an envelope, checked for its shape."""
    envelope = json.loads(body)
    assert set(envelope) == {"status", "error"}
    assert envelope["status"] == "error"
    error = envelope["error"]
    assert set(error) == {"code", "message", "details", "retryable", "request_id"}
    assert error["message"]
    assert error["request_id"]
    return error


def get(port: int, path: str = "/health", *headers: str, host: str = "localhost", method: str = "GET") -> Answer:
    """Send a request without a body; status, headers and body of the answer."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return exchange(port, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode("latin-1"))


def post(port: int, path: str, body: bytes, *headers: str) -> Answer:
    """The same with a body."""
    lines = "".join(f"{header}\r\n" for header in headers)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return exchange(port, head.encode() + body)
