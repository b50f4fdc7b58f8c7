"""The thread that owns the sockets: it accepts, reads, checks the hello, and queues calls for the main thread."""

from __future__ import annotations

import contextlib
import hmac
import selectors
import socket
import threading
import time
from typing import Any, Callable, Dict, cast

from cadgate.appserver import log, turnstile
from cadgate.appserver.connection import MAX_POSTED, SEND_TIMEOUT, Connection, as_frame
from cadgate.appserver.framing import PROTOCOL, FrameError
from cadgate.appserver.idle_reader import IdleReader
from cadgate.appserver.json_text import parse

HELLO_TIMEOUT = 5.0
READ_SIZE = 1 << 16
"""A larger buffer may be taken from the system for each read, and given back, which takes longer than the read."""
MAX_CONNECTIONS = 256
RETRY_SECONDS = 0.05
WATCH_SECONDS = 0.2
"""How late the end of a running call's deadline is noticed here. Its peer usually cancels it earlier."""
LOOK_SECONDS = 0.01
"""How often the thread looks whether it has to read instead of the main thread, and how late it begins to."""
QUIET_LOOKS = 25
"""How often it finds the main thread idle before it looks no more."""


class IoThread(threading.Thread):
    """Serves all connections with one selector.

    `receive(connection, message)` gets each message of an authenticated peer, `greet()` returns the answer to a hello,
    `lost(connection)` is called when a peer is gone, `watch()` checks the running call's deadline and returns whether
    to check again soon. All four run on this thread and must not block. With `share`, `receive` also runs on the main
    thread, while that is idle.
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
        self._turnstile = turnstile.Turnstile(self.wake)
        self._reader: IdleReader | None = None
        self.connections: dict[Connection, None] = {}
        self._round = 0
        self._quiet = 0
        self._reading = False
        """Whether this thread reads what authenticated peers send, because the main thread works."""
        self.asleep = False
        """Whether the thread looks at the main thread no more: that must `wake` it when it begins to work."""

    def share(self, reader: IdleReader) -> None:
        """Let the main thread read, while it is idle, what authenticated peers send. Any thread."""

        def begin() -> None:
            self._reader = reader
            for connection in self.connections:
                if connection.authenticated:
                    self._share(connection)

        self.later(0.0, begin)

    def _share(self, connection: Connection) -> None:
        if self._reader is not None:
            self._selector.unregister(connection.sock)
            self._reader.add(connection)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` on this thread after `seconds`. Any thread may call this."""
        self._timers.append((time.monotonic() + seconds, action))
        self.wake()

    def wake(self) -> None:
        """Let the thread look at its timers and whether to stop. Any thread."""
        with contextlib.suppress(BlockingIOError, OSError):
            self._waker.send(b"\0")

    def answer(self, connection: Connection, message: dict[str, Any]) -> None:
        """Send an answer without ever waiting for a peer that does not read."""
        self._post(connection, as_frame(message), time.monotonic() + SEND_TIMEOUT)

    def _post(self, connection: Connection, frame: bytes, until: float) -> None:
        if connection.post(frame) or connection not in self.connections:
            return
        if connection.posted >= MAX_POSTED or time.monotonic() > until:
            self._end(connection)
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
        turnstile.register(self._turnstile)
        while not self._stopping:
            self._turnstile.go_through()
            for key, _ in self._selector.select(self._select_timeout()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._drain_wakes()
                elif key.data is not None:
                    self.read(key.data)
                elif self._reader is not None:
                    for connection in self._reader.ready():
                        self.read(connection)
            self._run_timers()
            self._drop_unauthenticated()
        turnstile.forget(self._turnstile)
        for connection in list(self.connections):
            self._close(connection)
        self._listener.close()

    def _select_timeout(self) -> float | None:
        moments = [moment for moment, _ in self._timers] + list(self._unauthenticated.values())
        if self._reader is not None:
            if self._look_at_main_thread(self._reader):
                moments.append(time.monotonic() + LOOK_SECONDS)
        elif self._watch():
            moments.append(time.monotonic() + WATCH_SECONDS)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _look_at_main_thread(self, reader: IdleReader) -> bool:
        """Read instead of the main thread while that works; return whether to look again soon."""
        # In this order: it sets `waiting` before it looks at `asleep`.
        self.asleep = True
        away = not reader.waiting and reader.rounds == self._round
        self._quiet = self._quiet + 1 if reader.waiting and reader.rounds == self._round else 0
        self._round = reader.rounds
        if away != self._reading:
            self._reading = away
            if away:
                self._selector.register(reader, selectors.EVENT_READ)
            else:
                self._selector.unregister(reader)
        if self._watch() or self._quiet < QUIET_LOOKS:
            self.asleep = False
        return not self.asleep

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
        if self._reader is not None:
            self._reader.remove(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.sock)
        connection.close()
        self._lost(connection)

    def read(self, connection: Connection) -> None:
        """Read what a peer has sent. The main thread calls this too, for a connection that it shares."""
        keep = False
        try:
            with connection.reading:
                keep = self._read(connection)
        except (FrameError, ValueError, RecursionError):
            pass
        except Exception as error:  # noqa: BLE001 - one bad message must not end the thread that serves everybody
            log.error(error)
        finally:
            # A signal's exception on the main thread may have lost a part of the stream too.
            if not keep:
                self._end(connection)

    def _end(self, connection: Connection) -> None:
        """Close a connection. The main thread leaves that to this one."""
        if threading.current_thread() is self:
            self._close(connection)
        else:
            if self._reader is not None:
                self._reader.remove(connection)
            self.later(0.0, lambda: self._close(connection))

    def _read(self, connection: Connection) -> bool:
        """Handle the messages that are there; return False at the end of the stream. Raises FrameError, ValueError."""
        try:
            data = connection.sock.recv(READ_SIZE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if len(data) == READ_SIZE and connection.authenticated:
            # The main thread may be about to work, and the kernel reports the rest to nobody else.
            self.later(0.0, lambda: self.read(connection))
        for frame in connection.reader.feed(data):
            message = parse(frame.decode("utf-8"))
            if not isinstance(message, dict):
                raise FrameError("a message must be an object")
            message = cast(Dict[str, Any], message)
            if connection.authenticated:
                self._receive(connection, message)
            else:
                self._hello(connection, message)
        return bool(data)

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
        self._share(connection)
        self.answer(connection, {"jsonrpc": "2.0", "id": message.get("id"), "result": self._greet()})
