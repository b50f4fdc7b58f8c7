"""One peer of the in-application server: its input so far, and how answers are written to it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from typing import Any

from cadgate.appserver.framing import MAX_FRAME, MAX_HELLO, FrameError, FrameReader, encode
from cadgate.appserver.json_text import writer

SEND_TIMEOUT = 5.0
"""Seconds after which a peer that reads nothing is dropped."""
SLOWEST = 1024 * 1024
"""Bytes per second: a peer that reads more slowly is dropped too."""
MAX_POSTED = 100


class Connection:
    """A socket with a frame reader. `send` may be called from any thread; a peer that does not read is dropped."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.reader = FrameReader(MAX_HELLO)
        self.reading = threading.Lock()
        """Held by the thread that reads and queues the peer's messages, which keeps their order."""
        self.authenticated = False
        self.client: str | None = None
        """The peer this connection belongs to, if it said so. A notification goes to one connection of each peer."""
        self.closed = False
        self._lock = threading.Lock()
        self._rest = b""
        self.posted = 0
        """How many answers of the I/O thread wait for this peer to read."""

    def trust(self) -> None:
        """Mark the peer as authenticated, which allows larger frames."""
        self.authenticated = True
        self.reader.limit = MAX_FRAME

    def send(self, message: dict[str, Any]) -> None:
        """Write one message whole. A peer that is gone or stuck is noted, never raised.

        Raises ValueError, TypeError or RecursionError when the message is not JSON, FrameError when it is too large.
        """
        self.send_frame(as_frame(message))

    def send_frame(self, frame: bytes) -> None:
        """Send a message that is encoded already."""
        with self._lock:
            if self.closed:
                return
            try:
                self._write(memoryview(self._rest + frame))
                self._rest = b""
            except OSError:
                self._shut()

    def hold(self, frame: bytes) -> None:
        """Queue a frame; it is written together with the next one that is sent, or by `flush`."""
        with self._lock:
            self._rest += frame

    def flush(self) -> None:
        """Write the queued frames."""
        if self._rest:
            self.send_frame(b"")

    def post(self, frame: bytes) -> bool:
        """Write a frame if that does not block, and return whether it was. For the I/O thread, which must not wait."""
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
            # A frame of which a part was sent must be completed first, whichever thread writes next.
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
        """Close the socket, even while another thread writes to it."""
        self._shut()
        with self._lock:
            self.sock.close()


_encode = writer(ascii_only=False)


def frame_with(number: Any, answer: dict[str, Any], result: str) -> bytes:
    """Return the frame of the answer to call `number`, whose `result` is encoded already, as ASCII JSON.

    Raises what `as_frame` does.
    """
    if "\\ud" in result:  # perhaps half a surrogate pair
        return as_frame({"jsonrpc": "2.0", "id": number, **answer})
    rest = dict(answer)
    del rest["result"]
    text = f'{{"jsonrpc":"2.0","id":{_encode(number)},"result":{result},{_encode(rest)[1:]}'
    return encode(text.encode("utf-8", "replace"))


def as_frame(message: dict[str, Any]) -> bytes:
    """Return a message as a frame. Half a surrogate pair, which UTF-8 cannot encode, becomes a question mark.

    Raises ValueError, TypeError or RecursionError when it is not JSON, FrameError when it is too large.
    """
    return encode(_encode(message).encode("utf-8", "replace"))


__all__ = ["Connection", "FrameError", "as_frame", "frame_with"]
