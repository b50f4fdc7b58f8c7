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

SEND_TIMEOUT = 5.0
"""Seconds after which a peer that reads nothing is given up."""
SLOWEST = 1024 * 1024
"""Bytes per second: a peer that reads less is given up too."""
MAX_POSTED = 100


class Connection:
    """A socket with a frame reader. `send` may be called from any thread; a peer that does not read is dropped."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.reader = FrameReader(MAX_HELLO)
        self.authenticated = False
        self.client: str | None = None
        """Which peer this connection belongs to, where it said so: one of its connections gets the notifications."""
        self.closed = False
        self._lock = threading.Lock()
        self._rest = b""
        self.posted = 0
        """How many answers of the I/O thread wait until this peer reads."""

    def trust(self) -> None:
        """The hello was right: larger frames are allowed from now on."""
        self.authenticated = True
        self.reader.limit = MAX_FRAME

    def send(self, message: dict[str, Any]) -> None:
        """Write one message whole. A peer that is gone or stuck is noted, never raised.

        Raises ValueError, TypeError or RecursionError when the message is not JSON, FrameError when it is too large.
        """
        self.send_frame(as_frame(message))

    def send_frame(self, frame: bytes) -> None:
        """`send`, of a message that is written already."""
        with self._lock:
            if self.closed:
                return
            try:
                self._write(memoryview(self._rest + frame))
                self._rest = b""
            except OSError:
                self._shut()

    def hold(self, frame: bytes) -> None:
        """Let a frame be the next output, written with whatever is sent after it, or by `flush`."""
        with self._lock:
            self._rest += frame

    def flush(self) -> None:
        """Write what is held."""
        if self._rest:
            self.send_frame(b"")

    def post(self, frame: bytes) -> bool:
        """Write a frame if that takes no waiting; whether it did. For the I/O thread, which everybody waits for."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self.closed:
                return True
            data = self._rest + frame
            sent = self.sock.send(data)
            if sent < len(self._rest):
                self._rest = self._rest[sent:]
                return False
            # Once begun it is this connection's next output, whoever writes it.
            self._rest = data[sent:]
            return True
        except BlockingIOError:
            return False
        except OSError:
            self._shut()
            return True
        finally:
            self._lock.release()

    def _shut(self) -> None:
        self.closed = True
        # The I/O thread sees the shutdown as an end of file and forgets the connection.
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _write(self, data: memoryview) -> None:
        end = time.monotonic() + SEND_TIMEOUT + len(data) / SLOWEST
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                poller = select.poll()
                poller.register(self.sock, select.POLLOUT)
                if not poller.poll(max(0.0, min(SEND_TIMEOUT, end - time.monotonic())) * 1000):
                    raise TimeoutError("the peer does not read") from None

    def close(self) -> None:
        """Close it, also under the hands of a thread that writes to it."""
        self._shut()
        with self._lock:
            self.sock.close()


_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def frame_with(head: dict[str, Any], answer: dict[str, Any], result: str) -> bytes:
    """The frame of an answer whose `result` is JSON in ASCII already. Raises what `as_frame` does."""
    if "\\ud" in result:  # perhaps half a surrogate pair
        return as_frame({**head, **answer})
    rest = {name: value for name, value in answer.items() if name != "result"}
    text = f'{_encode(head)[:-1]},"result":{result},{_encode(rest)[1:]}'
    return encode(text.encode("utf-8", "replace"))


def as_frame(message: dict[str, Any]) -> bytes:
    """A message as it travels. Half a surrogate pair, which UTF-8 cannot say, becomes a question mark.

    Raises ValueError, TypeError or RecursionError when it is not JSON, FrameError when it is too large.
    """
    return encode(_encode(message).encode("utf-8", "replace"))


__all__ = ["Connection", "FrameError", "as_frame", "frame_with"]
