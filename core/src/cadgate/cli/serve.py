"""`cadgate serve`: the gateway in the foreground, from the lock on its state folder to a graceful end."""

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

from cadgate.cli.lock import StateLock
from cadgate.config.settings import Settings, is_loopback
from cadgate.errors import CadgateError, ConfigError
from cadgate.security.keys import KeyFile
from cadgate.security.private import UMASK
from cadgate.web.bodies import Pace
from cadgate.web.protocol import GatewayProtocol, GatewayWebSocketProtocol

KEEP_ALIVE_SECONDS = 75
"""Longer than common clients and proxies keep idle connections, so that it is they who close them."""


BACKLOG = 2048
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the event loop waiting; at each of its system calls, so that it adds up."""
OWN_KEY = "the commands of a running gateway"


class CannotListen(CadgateError):
    """The port is taken, or may not be used."""

    code = "cannot_listen"


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it has begun to answer, and when it is about to end."""

    def __init__(
        self, config: uvicorn.Config, on_started: Callable[[], None], before_shutdown: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self.why_ended = "by itself"
        """For the last line of the log."""
        self._on_started = on_started
        self._before_shutdown = before_shutdown

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Before uvicorn closes the connections: what runs for them gets its result, and they the right code.
        await self._before_shutdown()
        await super().shutdown(sockets)


def serve(settings: Settings) -> int:
    """Run the gateway until SIGINT, SIGTERM or the end of its terminal. Answers the exit code.

    :raises AlreadyRunning: another gateway holds the state folder.
    :raises CannotListen: the address cannot be bound.
    :raises ConfigError: a setting is wrong.
    """
    # What is made by others than ourselves, the libraries, is for this user alone too.
    os.umask(UMASK)
    with (
        StateLock(settings.state_dir, settings.origin("state_dir")) as lock,
        own_key(settings) as token,
        bind(settings) as listener,
    ):
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        # Late: the packages behind it take half a second that a refused start need not wait for.
        from cadgate.main import create_app

        def announce() -> None:
            # What stands now stands until the end: no collection needs to walk through it again.
            gc.collect()
            gc.freeze()
            lock.publish(settings.url, token)
            print(f"cadgate: listening on {settings.url} (process {os.getpid()})", file=sys.stderr, flush=True)

        sys.setswitchinterval(SWITCH_SECONDS)
        app = create_app(settings)
        server = _Server(_configuration(settings, app), announce, app.state.sockets.close)

        def end(number: int, _frame: object) -> None:
            server.should_exit = True
            server.why_ended = f"by {signal.Signals(number).name}"

        # uvicorn has its own handlers while it runs, and when it has ended gracefully sends the signal to these again.
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
        # Larger messages than may be are answered by an error; this is where reading itself ends, with 1009.
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
    """A key with which this user's commands may look at this gateway while it runs; None where it wants no keys.

    :raises ConfigError: other machines could reach the gateway, and nobody has a key.
    """
    if settings.auth != "token":
        yield None
        return
    keys = KeyFile(settings.state_dir)
    for key in keys.list():
        # Of a gateway that was killed.
        if key.label == OWN_KEY:
            keys.revoke(key.id)
    if not is_loopback(settings.host) and not keys.list():
        raise ConfigError(
            f"{settings.origin('host')}: {settings.host!r} can be reached from other machines, and nobody has a key: "
            "make one with `cadgate keys create NAME`"
        )
    text, key = keys.create(OWN_KEY, ["read"])
    try:
        yield text
    finally:
        keys.revoke(key.id)


def bind(settings: Settings) -> socket.socket:
    """The listening socket of the gateway. Early clients wait in its queue until the gateway has started."""
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
        return f"{place} is taken by another program: stop it, or choose another with --port or CADGATE_PORT"
    if error.errno == errno.EACCES:
        return f"{place} may not be used without privileges: choose one above 1023 with --port or CADGATE_PORT"
    return f"{place} cannot be listened on: {error.strerror}"
