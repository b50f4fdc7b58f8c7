"""One peer of the in-application server: what it sent so far, and how an answer reaches it."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from typing import Any

from cadgate.appserver.framing import MAX_FRAME, MAX_HELLO, FrameError, FrameReader, encode

SEND_TIMEOUT = 10.0


class Connection:
    """A socket with a frame reader. `send` may be called from any thread; a peer that does not read is dropped."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.reader = FrameReader(MAX_HELLO)
        self.authenticated = False
        self.client: str | None = None
        """Which peer this connection belongs to, where it said so: one of its connections gets the notifications."""
        self.closed = False
        self._lock = threading.Lock()

    def trust(self) -> None:
        """The hello was right: larger frames are allowed from now on."""
        self.authenticated = True
        self.reader.limit = MAX_FRAME

    def send(self, message: dict[str, Any]) -> None:
        """Write one message whole. A peer that is gone or stuck is noted, never raised.

        Raises ValueError or TypeError when the message is not JSON, FrameError when it is too large.
        """
        frame = encode(json.dumps(message, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
        with self._lock:
            if self.closed:
                return
            try:
                self._write(memoryview(frame))
            except OSError:
                self.closed = True
                # The I/O thread sees the shutdown as an end of file and forgets the connection.
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)

    def _write(self, data: memoryview) -> None:
        deadline = time.monotonic() + SEND_TIMEOUT
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                poller = select.poll()
                poller.register(self.sock, select.POLLOUT)
                if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                    raise TimeoutError("the peer does not read") from None

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self.sock.close()


__all__ = ["Connection", "FrameError"]
