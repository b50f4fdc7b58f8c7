"""Accepts WebSockets: finds the adapter, applies the limits, and keeps the list of connections."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from pydantic_core import from_json
from starlette.routing import WebSocketRoute
from starlette.types import Scope
from starlette.websockets import WebSocket

from cadgate.config.settings import Settings
from cadgate.contract.authority import Authority
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.sessions import DEFAULT, Sessions
from cadgate.errors import CadgateError, Overloaded
from cadgate.jobs.records import Record
from cadgate.plugins.discovery import Found
from cadgate.refusals.names import no_adapter
from cadgate.security.caller import authority_of
from cadgate.security.identity import SUBPROTOCOL
from cadgate.web.access import ACCESS, Access
from cadgate.web.error_handlers import inactive, refuse_websocket
from cadgate.web.selection import session_named_by
from cadgate.websocket.connection import Connection
from cadgate.websocket.handler import Handler
from cadgate.websocket.hub import Hub

PATH = "/ws/{adapter}"
RESERVED = 16
"""One in this many connections is reserved for keys without one."""


class Sockets:
    """All hubs, one for each session that has connections, and the limits on their connections."""

    def __init__(self, settings: Settings, runtimes: Mapping[str, AdapterRuntime], sessions: Sessions) -> None:
        self._settings = settings
        self._runtimes = runtimes
        self._sessions = sessions
        self._defaults = {name: Hub(runtime.default) for name, runtime in runtimes.items()}
        self._made: dict[str, Hub] = {}
        """The hubs of sessions that were made, by their ids; each since its first connection."""
        self._closing = False

    @property
    def adapters(self) -> list[str]:
        """Return the names of the adapters that have WebSockets."""
        return list(self._defaults)

    @property
    def hubs(self) -> list[Hub]:
        """Return all hubs."""
        return [*self._defaults.values(), *self._made.values()]

    @property
    def connections(self) -> list[Connection]:
        """Return the open connections of all adapters, oldest first."""
        found = [connection for hub in self.hubs for connection in hub.connections.values()]
        return sorted(found, key=lambda connection: connection.since)

    def publish_job(self, record: Record) -> None:
        """Send the change of a job to those of its owner's clients that subscribed to `jobs`."""
        hubs = self._defaults if record.session == DEFAULT else self._made
        hub = hubs.get(record.application if record.session == DEFAULT else record.session)
        if hub is not None and record.event is not None:
            data = from_json(record.event.data)
            data.pop("result", None)  # which may be large
            more = {"event": record.event.number, "kind": record.event.kind, "method": record.method}
            hub.publish("jobs", {**more, **data}, owner=record.owner)

    def route(self) -> WebSocketRoute:
        """Return the route that serves every adapter."""
        route = WebSocketRoute(PATH, self._serve, name="websocket")
        # Any key may connect, because each message requires a scope of its own.
        setattr(route, ACCESS, {"WEBSOCKET": Access(declared=True)})
        return route

    async def close(self) -> None:
        """Close all connections with 1001, because the gateway is stopping."""
        self._closing = True
        for hub in self.hubs:
            await hub.close()

    async def _serve(self, websocket: WebSocket) -> None:
        scope = websocket.scope
        try:
            hub = self._admit(scope, authority_of(scope))
        except CadgateError as error:
            await refuse_websocket(error, scope["state"]["request_id"], scope, websocket.send)
            return
        connection = Connection(websocket, secrets.token_hex(8), hub.runtime.served.name)
        handler = Handler(
            hub,
            connection,
            max_message=self._settings.max_body_bytes,
            max_values=self._settings.max_body_values,
            helper=websocket.app.state.helper,
            heartbeat_seconds=self._settings.websocket_heartbeat_seconds,
        )
        # Counted before the handshake is answered, so that two at once cannot both get the last place.
        hub.connections[connection.id] = connection
        try:
            await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)
            await handler.serve(websocket)
        finally:
            connection.end()
            del hub.connections[connection.id]

    def _admit(self, scope: Scope, authority: Authority) -> Hub:
        name: str = scope["path_params"]["adapter"]
        if name not in self._defaults or name not in self._runtimes:
            found: list[Found] = scope["app"].state.plugins
            for one in found:
                if one.name == name and one.status != "active":
                    raise inactive(one)
            raise no_adapter(name, self._runtimes)
        hub = self._hub(name, self._sessions.select(name, session_named_by(scope), authority))
        own = sum(one.authority.identity == authority.identity for one in self.connections) if authority.is_key else 0
        settings = self._settings
        if own >= (mine := settings.websocket_connections_per_key):
            raise Overloaded(
                f"This key already has {own} WebSocket connections; close one first",
                details={"limit": "websocket_connections_per_key", "maximum": mine},
            )
        limit = settings.websocket_connections
        if self._closing or sum(len(one.connections) for one in self.hubs) >= _room(limit, authority, own):
            raise Overloaded(
                f"There are already {limit} WebSocket connections; close one first",
                details={"limit": "websocket_connections", "maximum": limit},
            )
        share = settings.websocket_connections_per_adapter
        if sum(one.adapter == name for one in self.connections) >= _room(share, authority, own):
            raise Overloaded(
                f"There are already {share} WebSocket connections to {name}; close one first",
                details={"limit": "websocket_connections_per_adapter", "maximum": share},
            )
        return hub

    def _hub(self, name: str, session: SessionRuntime) -> Hub:
        """Return the hub of a session; that of `default` has existed from the start."""
        if session.id is None:
            return self._defaults[name]
        if session.id not in self._made:
            for identifier in [one for one in self._made if one not in self._sessions]:
                del self._made[identifier]
            self._made[session.id] = Hub(session)
        return self._made[session.id]


def _room(limit: int, authority: Authority, own: int) -> int:
    """Return the limit that applies to this caller: the last places are reserved for keys without a connection."""
    return limit - limit // RESERVED if authority.is_key and own else limit
