"""The thread that owns the sockets: it accepts, reads, checks the hello, and queues calls for the main thread."""

from __future__ import annotations

import contextlib
import hmac
import json
import selectors
import socket
import threading
import time
from typing import Any, Callable, Dict, cast

from cadgate.appserver import log
from cadgate.appserver.connection import MAX_POSTED, SEND_TIMEOUT, Connection, as_frame
from cadgate.appserver.framing import PROTOCOL, FrameError

HELLO_TIMEOUT = 5.0
READ_SIZE = 1 << 18
MAX_CONNECTIONS = 256
RETRY_SECONDS = 0.05
WATCH_SECONDS = 0.2
"""How late the end of a running call's deadline is noticed here. Its peer usually cancels it earlier."""


class IoThread(threading.Thread):
    """Serves all connections with one selector.

    `receive(connection, message)` gets each message of an authenticated peer, `greet()` returns the answer to a hello,
    `lost(connection)` is called when a peer is gone, `watch()` checks the running call's deadline and returns whether
    to check again soon. All four run on this thread and must not block.
    """

    def __init__(
        self,
        listener: socket.socket,
        secret: str,
        *,
        greet: Callable[[], dict[str, Any]],
        receive: Callable[[Connection, dict[str, Any]], None],
        lost: Callable[[Connection], None],
        watch: Callable[[], bool],
    ) -> None:
        super().__init__(name="cadgate-io", daemon=True)
        self._listener = listener
        self._secret = secret
        self._greet = greet
        self._receive = receive
        self._lost = lost
        self._watch = watch
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._unauthenticated: dict[Connection, float] = {}
        self._stopping = False
        self.connections: dict[Connection, None] = {}

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` on this thread after `seconds`. Any thread may call this."""
        self._timers.append((time.monotonic() + seconds, action))
        self.wake()

    def wake(self) -> None:
        """Let the thread look at its timers and whether to stop. Any thread."""
        with contextlib.suppress(BlockingIOError, OSError):
            self._waker.send(b"\0")

    def answer(self, connection: Connection, message: dict[str, Any]) -> None:
        """Send an answer from this thread, without ever waiting for a peer that does not read."""
        self._post(connection, as_frame(message), time.monotonic() + SEND_TIMEOUT)

    def _post(self, connection: Connection, frame: bytes, until: float) -> None:
        if connection.post(frame) or connection not in self.connections:
            return
        if connection.posted >= MAX_POSTED or time.monotonic() > until:
            self._close(connection)
            return
        connection.posted += 1

        def again() -> None:
            connection.posted -= 1
            self._post(connection, frame, until)

        self.later(RETRY_SECONDS, again)

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def run(self) -> None:
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        while not self._stopping:
            for key, _ in self._selector.select(self._select_timeout()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._drain_wakes()
                else:
                    self._read(key.data)
            self._run_timers()
            self._drop_unauthenticated()
        for connection in list(self.connections):
            self._close(connection)
        self._listener.close()

    def _select_timeout(self) -> float | None:
        moments = [moment for moment, _ in self._timers] + list(self._unauthenticated.values())
        soonest = max(0.0, min(moments) - time.monotonic()) if moments else None
        if not self._watch():
            return soonest
        return WATCH_SECONDS if soonest is None else min(soonest, WATCH_SECONDS)

    def _run_timers(self) -> None:
        if not self._timers:
            return
        now = time.monotonic()
        due = [timer for timer in self._timers if timer[0] <= now]
        for timer in due:
            self._timers.remove(timer)
            try:
                timer[1]()
            except Exception as error:  # noqa: BLE001 - one bad timer must not end the thread that serves everybody
                log.error(error)

    def _drop_unauthenticated(self) -> None:
        now = time.monotonic()
        for connection in [each for each, moment in self._unauthenticated.items() if moment <= now]:
            self._close(connection)

    def _drain_wakes(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            # Out of descriptors, for example: the peer stays in the backlog, so select would report it again at once.
            self._selector.unregister(self._listener)
            self.later(RETRY_SECONDS, self._listen_again)
            return
        try:
            if len(self.connections) >= MAX_CONNECTIONS:
                raise OSError("too many connections")
            connection = Connection(sock)
        except OSError:
            sock.close()
            return
        self.connections[connection] = None
        self._unauthenticated[connection] = time.monotonic() + HELLO_TIMEOUT
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _listen_again(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _close(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        del self.connections[connection]
        self._unauthenticated.pop(connection, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.sock)
        connection.close()
        self._lost(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        try:
            for frame in connection.reader.feed(data):
                message: Any = json.loads(frame.decode("utf-8"))
                if not isinstance(message, dict):
                    raise FrameError("a message must be an object")
                message = cast(Dict[str, Any], message)
                if connection.authenticated:
                    self._receive(connection, message)
                else:
                    self._hello(connection, message)
        except (FrameError, ValueError, RecursionError):
            self._close(connection)
        except Exception as error:  # noqa: BLE001 - one bad message must not end the thread that serves everybody
            log.error(error)
            self._close(connection)

    def _hello(self, connection: Connection, message: dict[str, Any]) -> None:
        params: Any = message.get("params")
        if message.get("method") != "session.hello" or not isinstance(params, dict):
            raise FrameError("the first call must be session.hello")
        params = cast(Dict[str, Any], params)
        secret: Any = params.get("secret")
        if not isinstance(secret, str) or not hmac.compare_digest(secret.encode(), self._secret.encode()):
            raise FrameError("wrong secret")
        if params.get("protocol") != PROTOCOL:
            data = {"code": "protocol_mismatch", "details": {"protocol": PROTOCOL}}
            text = f"This server speaks protocol {PROTOCOL}, not {params.get('protocol')!r}"
            error = {"code": -32000, "message": text, "data": data}
            self.answer(connection, {"jsonrpc": "2.0", "id": message.get("id"), "error": error})
            raise FrameError(text)
        del self._unauthenticated[connection]
        client = params.get("client")
        connection.client = client if isinstance(client, str) else None
        connection.trust()
        self.answer(connection, {"jsonrpc": "2.0", "id": message.get("id"), "result": self._greet()})
