"""`cadgate serve`: runs the gateway in the foreground, from locking its state folder to a graceful end."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from cadgate.appserver import busy_poll
from cadgate.cli.lock import StateLock
from cadgate.config.settings import Settings, is_loopback
from cadgate.errors import CadgateError, ConfigError
from cadgate.security.keys import OWN_KEY, KeyFile
from cadgate.security.private import UMASK
from cadgate.web.bodies import Pace
from cadgate.web.protocol import GatewayProtocol, GatewayWebSocketProtocol

KEEP_ALIVE_SECONDS = 75
"""Longer than common clients and proxies keep idle connections, so that they close them first."""


BACKLOG = 2048
SWITCH_SECONDS = 0.0005
"""How long a computing thread delays the event loop each time it is to get the interpreter's lock back."""
GARBAGE_THRESHOLD = 5000
"""How many objects more may be there before the youngest are searched for cycles."""


class CannotListen(CadgateError):
    """The port is in use, or not allowed."""

    code = "cannot_listen"


class _Server(uvicorn.Server):
    """uvicorn's server with callbacks for its start, and before its shutdown."""

    def __init__(
        self, config: uvicorn.Config, on_started: Callable[[], None], before_shutdown: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self.why_ended = "by itself"
        """For the last line in the log."""
        self._on_started = on_started
        self._before_shutdown = before_shutdown

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Before uvicorn closes the connections: running calls are answered, and WebSockets get the right code.
        await self._before_shutdown()
        await super().shutdown(sockets)


def serve(settings: Settings) -> int:
    """Run the gateway until SIGINT, SIGTERM or the end of its terminal. Returns the exit code.

    :raises AlreadyRunning: another gateway uses the state folder.
    :raises CannotListen: the address cannot be bound.
    :raises ConfigError: a setting is wrong.
    """
    # Files that libraries create must be readable by this user only, too.
    os.umask(UMASK)
    with (
        StateLock(settings.state_dir, settings.origin("state_dir")) as lock,
        own_key(settings) as token,
        bind(settings) as listener,
    ):
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        # What is made from here to the announcement lives until the end: looking for cycles in it is time for nothing.
        gc.disable()
        # Imported late, because it takes half a second, which a refused start need not wait for.
        from cadgate.main import create_app

        def announce() -> None:
            # Spare the garbage collector walking through it ever after.
            gc.collect()
            gc.freeze()
            # A request makes some hundred objects and hardly a cycle: look for cycles less often than by default.
            gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])
            gc.enable()
            lock.publish(settings.url, token)
            print(f"cadgate: listening on {settings.url} (process {os.getpid()})", file=sys.stderr, flush=True)

        sys.setswitchinterval(SWITCH_SECONDS)
        busy_poll.configure(settings.busy_poll_seconds)
        app = create_app(settings)
        server = _Server(_configuration(settings, app), announce, app.state.sockets.close)

        def end(number: int, _frame: object) -> None:
            server.should_exit = True
            server.why_ended = f"by {signal.Signals(number).name}"

        # uvicorn replaces the handlers while it runs, and raises the signal again for these after a graceful end.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        server.run(sockets=[listener])
        print(f"cadgate: stopped (process {os.getpid()}, {server.why_ended})", file=sys.stderr, flush=True)
        return 0 if server.started else 1


def _configuration(settings: Settings, app: Any) -> uvicorn.Config:
    pace = Pace(settings.body_idle_seconds, settings.body_bytes_per_second)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=type("HttpProtocol", (GatewayProtocol,), {"pace": pace}),
        ws=type("WebSocketProtocol", (GatewayWebSocketProtocol,), {"pace": pace}),
        # Messages above the limit are answered by an error; at this size, the connection is closed with 1009.
        ws_max_size=2 * settings.max_body_bytes,
        ws_ping_interval=settings.websocket_heartbeat_seconds,
        ws_ping_timeout=settings.websocket_heartbeat_seconds,
        ws_per_message_deflate=False,
        lifespan="on",
        # The gateway logs requests itself, with their ids.
        log_config=None,
        access_log=False,
        # A client on this machine could otherwise claim any peer address.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )


@contextmanager
def own_key(settings: Settings) -> Generator[str | None]:
    """Yield a key by which this user's commands can query the gateway while it runs; None if it needs no keys.

    :raises ConfigError: other machines could reach the gateway, but there is no key.
    """
    if settings.auth != "token":
        yield None
        return
    keys = KeyFile(settings.state_dir)
    for key in keys.list():
        # Left by a gateway that was killed.
        if key.label == OWN_KEY:
            keys.revoke(key.id)
    if not is_loopback(settings.host) and not keys.list():
        raise ConfigError(
            f"{settings.origin('host')}: {settings.host!r} can be reached from other machines, but there is no key: "
            "create one with `cadgate keys create NAME`"
        )
    text, key = keys.create(OWN_KEY, ["read"])
    try:
        yield text
    finally:
        keys.revoke(key.id)


def bind(settings: Settings) -> socket.socket:
    """Return the listening socket of the gateway. Early clients wait in its backlog until the gateway has started."""
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ConfigError(f"{settings.origin('host')}: {host!r} is not an address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(_why(settings, error)) from error
    return listener


def _why(settings: Settings, error: OSError) -> str:
    place = f"port {settings.port} on {settings.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is in use by another program: stop it, or choose another port with --port or CADGATE_PORT"
    if error.errno == errno.EACCES:
        return f"{place} needs privileges: choose a port above 1023 with --port or CADGATE_PORT"
    return f"{place} cannot be listened on: {error.strerror}"
