"""Lists the open WebSocket connections, and describes their messages."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from cadgate.models.responses import Result, Success
from cadgate.security.caller import authority_of
from cadgate.web.access import requires
from cadgate.web.router import Router
from cadgate.websocket.asyncapi import document
from cadgate.websocket.sockets import Sockets

router = Router()


class WebSocketConnection(Result):
    """One open connection."""

    id: str = Field(description="The `connection` of its `hello`.")
    adapter: str
    identity: str = Field(description="The caller: `local`, or the id of a key.")
    client: str | None = Field(description="Address and port of the other end.")
    connected_at: datetime
    topics: list[str] = Field(description="What it subscribed to.")
    running: int = Field(description="Calls and executions without a result yet.")
    sent: int = Field(description="Messages.")
    received: int = Field(description="Messages.")
    dropped: int = Field(description="Events that were dropped because the client did not read them.")


class WebSocketConnections(Result):
    """The connections, oldest first."""

    connections: list[WebSocketConnection]
    total: int


@router.get("/ws", dependencies=[requires("read")])
async def list_websockets(request: Request) -> Success[WebSocketConnections]:
    """List your open WebSocket connections, of all adapters. The scope `admin` lists everybody's."""
    sockets: Sockets = request.app.state.sockets
    authority = authority_of(request.scope)
    listed = [
        WebSocketConnection(
            id=one.id,
            adapter=one.adapter,
            identity=one.identity,
            client=one.client,
            connected_at=datetime.fromtimestamp(one.since, UTC),
            topics=list(one.topics),
            running=len(one.jobs),
            sent=one.sent,
            received=one.received,
            dropped=one.dropped,
        )
        for one in sockets.connections
        if authority.sees_all or one.identity == authority.identity
    ]
    return Success(WebSocketConnections(connections=listed, total=len(listed)))


@router.get("/asyncapi.json", include_in_schema=False, dependencies=[requires()])
async def asyncapi(request: Request) -> Response:
    """Return the AsyncAPI 3 document of `/ws/{adapter}`."""
    return Response(document(request.app, request.url), media_type="application/json")
