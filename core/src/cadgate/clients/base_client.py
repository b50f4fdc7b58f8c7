"""`BaseSocketClient`: the gateway's client of one running application. Adapters subclass it to name their errors."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, ClassVar, Unpack
from uuid import uuid4

import stamina

from cadgate.appserver.framing import PROTOCOL
from cadgate.appserver.meta import CallMeta
from cadgate.clients.connection import Connection, ConnectionLost, NotSent, Reply
from cadgate.clients.halves import Halves
from cadgate.clients.pool import ConnectionPool
from cadgate.errors import CadgateError, ConnectionFailed, from_wire

CONNECT_SECONDS = 5.0
SENDS = 3

Notification = Callable[[str, dict[str, Any]], None]
Ticket = tuple[Connection, int]
"""Returned by `send_command`, for `receive_response`: a connection, and the id of a request on it."""


def _ignore(method: str, params: dict[str, Any]) -> None:
    """Ignore a notification."""


class BaseSocketClient:
    """JSON-RPC over framed TCP to the server inside an application, over a pool of connections.

    :param host: address of the in-application server; `@name` is a Unix-domain socket with an abstract name.
    :param port: its TCP port.
    :param secret: the secret for `session.hello`.
    :param pool_size: the maximum number of connections.
    :param on_notification: gets `(method, params)` of each notification (`event`, `output`, `progress`).
    """

    connection_error: ClassVar[type[ConnectionFailed]] = ConnectionFailed

    def __init__(
        self, host: str, port: int, secret: str, *, pool_size: int = 2, on_notification: Notification = _ignore
    ) -> None:
        self.host = host
        self.port = port
        self._secret = secret
        self._name = uuid4().hex
        self._on_notification = on_notification
        self._pool = ConnectionPool(self._open, pool_size)
        self._closed = False
        self.about: dict[str, Any] = {}
        """The application's answer to the hello: adapter, application, pid, methods."""
        self.halves: Halves | None = None
        """The methods that the application must have to match its adapter; None if that is not checked."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host}:{self.port} {self._pool!r}>"

    @property
    def connected(self) -> bool:
        return self._pool.open

    async def connect(self) -> None:
        """Open the first connection, retrying with back-off while nothing listens yet.

        :raises ConnectionFailed: (the subclass's own) when there is no connection within a few seconds, or the
            application's methods do not match those of the adapter.
        """
        await self._pool.take()
        wrong = None
        if self.halves is not None:
            answered: list[str] = self.about.get("methods") or []
            wrong = self.halves.disagreement(answered, str(self.about.get("adapter")))
        if wrong is not None:
            await self.disconnect()
            raise self.connection_error(wrong[0], details=wrong[1])

    async def wait_lost(self) -> None:
        """Return when every connection is gone."""
        while connections := self._pool.connections:
            await asyncio.wait([connection.lost for connection in connections])

    def close(self) -> None:
        """Close every connection permanently, in the loop's next turn. Calls in flight end with ConnectionFailed."""
        self._closed = True
        self._pool.close()

    async def disconnect(self) -> None:
        """Close every connection permanently, now. Calls in flight end with ConnectionFailed."""
        self.close()
        await asyncio.sleep(0)

    async def send_command(
        self, method: str, params: dict[str, Any], *, ordered: bool = False, **meta: Unpack[CallMeta]
    ) -> Ticket:
        """Write one request; `meta` are the wire's own fields (`deadline_ms`, `key`, `hash`, `mutates` …).

        :raises ConnectionFailed: when there is no connection.
        :raises PayloadTooLarge, ValidationFailed: for parameters that do not fit into a frame, or are not JSON.
        """
        try:
            return await self._send(method, params, ordered, meta)
        except NotSent as error:
            raise self._lost(error) from error

    async def _send(self, method: str, params: dict[str, Any], ordered: bool, meta: CallMeta) -> Ticket:
        connection = await self._pool.take(ordered=ordered)
        return connection, connection.request(method, params, meta)

    def send_at_once(self, method: str, params: dict[str, Any], meta: CallMeta, *, ordered: bool) -> Ticket | None:
        """Write one request if a connection is open, for `exchange` to await; None if it was not written.

        Raises what `send_command` does, but for a connection that was lost.
        """
        connection = self._pool.ready(ordered=ordered)
        if connection is None:
            return None
        try:
            return connection, connection.request(method, params, meta)
        except NotSent:
            return None

    def _lost(self, error: ConnectionLost) -> ConnectionFailed:
        return self.connection_error(f"The connection to the application was lost: {error}")

    async def receive_response(self, ticket: Ticket) -> Any:
        """Return the result of a request.

        :raises CadgateError: the error in the application's answer.
        :raises ConnectionFailed: when the connection was lost first.
        """
        try:
            return self._result(await ticket[0].reply(ticket[1]))
        except ConnectionLost as error:
            raise self._lost(error) from error

    async def call(self, method: str, params: dict[str, Any], **meta: Unpack[CallMeta]) -> Any:
        """Send a request and return its result. See `exchange` for what happens when the connection is lost."""
        return self._result(await self.exchange(method, params, **meta))

    async def exchange(
        self,
        method: str,
        params: dict[str, Any],
        *,
        on_sent: Callable[[Ticket], None] | None = None,
        ordered: bool = False,
        sent: Ticket | None = None,
        **meta: Unpack[CallMeta],
    ) -> Reply:
        """Send a request and return the whole answer, with `meta`. `on_sent` gets the ticket each time it is sent.

        `sent` is the ticket of a request that `send_at_once` has written.

        A request whose connection was lost is sent again if that is safe: a read, a mutation with an id (`key`), which
        the application runs only once, or a request that was never written. `ordered` requests run in their order.
        """
        repeatable = not meta.get("mutates") or meta.get("key") is not None
        for attempt in range(1, SENDS + 1):
            try:
                ticket, sent = sent or await self._send(method, params, ordered, meta), None
                if on_sent is not None:
                    on_sent(ticket)
                return await ticket[0].reply(ticket[1])
            except ConnectionLost as error:
                if attempt == SENDS or not (repeatable or isinstance(error, NotSent)):
                    raise self._lost(error) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _result(self, reply: Reply) -> Any:
        if "error" in reply:
            raise from_wire(reply["error"])
        return reply.get("result")

    async def _open(self) -> Connection:
        """Open a connection and authenticate."""
        try:
            async for attempt in stamina.retry_context(
                on=OSError, attempts=None, timeout=CONNECT_SECONDS, wait_initial=0.02, wait_max=0.5, wait_jitter=0
            ):
                with attempt:
                    if self._closed:
                        raise self.connection_error("The application was stopped")
                    async with asyncio.timeout(CONNECT_SECONDS):
                        connection = await self._connected()
                        await self._greet(connection)
                    return connection
        except OSError as error:
            raise self.connection_error(
                f"No application answers at {self.host}:{self.port} ({str(error) or 'no answer to the hello in time'})",
                details={"host": self.host, "port": self.port},
            ) from error
        raise AssertionError("unreachable: retry_context returns or raises")

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        if not self.host.startswith("@"):
            _, connection = await loop.create_connection(
                lambda: Connection(self._on_notification), self.host, self.port
            )
            return connection
        # Connected here, because not every event loop supports abstract addresses.
        unix = socket.socket(socket.AF_UNIX)
        unix.setblocking(False)
        try:
            await loop.sock_connect(unix, "\0" + self.host[1:])
            _, connection = await loop.create_unix_connection(lambda: Connection(self._on_notification), sock=unix)
        except BaseException:
            unix.close()
            raise
        return connection

    async def _greet(self, connection: Connection) -> None:
        try:
            # The name shows the application that several connections belong to one client.
            hello = {"secret": self._secret, "protocol": PROTOCOL, "client": self._name}
            number = connection.request("session.hello", hello)
            self.about = self._result(await connection.reply(number))
        except ConnectionLost as error:
            raise self.connection_error(
                f"The server at {self.host}:{self.port} closed the connection at the hello: it has a different secret, "
                "or it ended"
            ) from error
        except CadgateError as error:
            connection.close()
            raise self.connection_error(
                f"The server at {self.host}:{self.port} refused the connection: {error.message}"
            ) from error
        except BaseException:
            connection.close()
            raise
