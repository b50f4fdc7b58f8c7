"""uvicorn's protocols with limits added.

HTTP: limits on the size of a request's head, the time it takes to arrive, and how long the body of an answered request
may continue. WebSocket: limits on how slowly a message may arrive and on its fragments, and short turns; one that was
refused by an HTTP response is not logged as an error.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from cadgate.clients.awake import Expected
from cadgate.security.identity import CONNECTION
from cadgate.web.bodies import CYCLE, Pace

MAX_HEAD_BYTES = 64 * 1024
ABORT = "cadgate.abort"
"""The extension of a request that closes its connection at once, dropping what waits to be sent."""
MAX_FRAGMENTS = 20_000
"""The limit for one WebSocket message. Its size does not limit them, because fragments may be empty."""
TURN_BYTES = 8 * 1024
"""How much of a WebSocket's input is processed in one turn."""
HEAD_SECONDS = 20.0
"""The limit from the start of a connection, or of a request on it, to the end of the request's head."""


def write_whole(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
    """Write a whole response at once, and return whether that was possible; otherwise use `send`.

    `head` has the header lines, including `Content-Length`, with values that need no checks.
    """
    if (
        cycle.disconnected
        or cycle.response_started
        or not cycle.keep_alive
        or cycle.scope["method"] == "HEAD"
        or cycle.flow.write_paused
        or cycle.transport.is_closing()
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = cycle.chunked_encoding = False
    cycle.transport.write(b"".join((STATUS_LINE[status], _lines(cycle.default_headers), head, b"\r\n", body)))
    cycle.message_event.set()
    cycle.on_response()
    return True


_written: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
"""The server's own headers, which it makes anew every second, and their lines."""


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    global _written
    if _written[0] is not headers:
        _written = headers, b"".join([b"%b: %b\r\n" % each for each in headers])
    return _written[1]


class GatewayProtocol(HttpToolsProtocol):
    """The HTTP protocol, for uvicorn's `http=`. Input that is not HTTP is answered in the envelope too."""

    pace = Pace()
    """How slowly the rest of a body may arrive; set by `cadgate serve`."""

    _head_bytes = 0
    _in_head = True
    _in_message = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self._kept: dict[str, Any] = {}
        self._requests = Expected(self.loop)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._requests.give_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._requests.end()
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._in_message and self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(
                431,
                "Request Header Fields Too Large",
                "payload_too_large",
                f"The request's head is too large: the limit is {MAX_HEAD_BYTES} bytes",
            )

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timer()
        scope = self.scope
        super().on_headers_complete()
        extensions = {ABORT: self.transport.abort, CONNECTION: self._kept, CYCLE: self.cycle}
        scope["extensions"] = extensions  # pyright: ignore[reportGeneralTypeIssues]

    def on_message_complete(self) -> None:
        self._in_message = False
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._requests.begin()
        if self._in_message and not self._in_head and self._head_timer is None and not self.transport.is_closing():
            # The rest of the body is discarded, but not indefinitely.
            self._head_timer = self.loop.call_later(self.pace.idle, self._too_slow)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "Bad Request", "bad_request", "This is not a valid HTTP request")

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: int, phrase: str, code: str, message: str) -> None:
        error: dict[str, Any] = {"code": code, "message": message, "details": {}, "retryable": False}
        error["request_id"] = secrets.token_hex(16)
        body = json.dumps({"status": "error", "error": error}).encode()
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {error['request_id']}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class GatewayWebSocketProtocol(WebSocketsSansIOProtocol):
    """The WebSocket protocol, for uvicorn's `ws=`."""

    pace = Pace()
    """How slowly a message may arrive; set by `cadgate serve`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unread = bytearray()
        self._reading = False
        self._timer: asyncio.TimerHandle | None = None
        self._began = self._came = 0.0

    def data_received(self, data: bytes) -> None:
        self._came = self.loop.time()
        if len(data) <= TURN_BYTES and not self._unread:
            super().data_received(data)
            self._watch()
            return
        self._unread += data
        if not self._reading:
            self._read_on()

    def _read_on(self) -> None:
        """Process a part of the input, then let others have a turn: a frame may be as small as six bytes."""
        some = bytes(self._unread[:TURN_BYTES])
        del self._unread[:TURN_BYTES]
        self._reading = bool(self._unread)
        super().data_received(some)
        self._watch()
        if self.transport.is_closing():
            self._reading = False
            self._unread.clear()
        elif self._reading:
            self.transport.pause_reading()
            self.loop.call_soon(self._read_on)
        elif not self.read_paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail(1009, f"a message has at most {MAX_FRAGMENTS} fragments")
            return
        super().handle_cont(event)

    # --- messages that do not end --------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Time a message from its first byte to its last."""
        if not self.frames and not self.conn.reader.buffer:
            self._unwatch()
        elif self._timer is None:
            self._began = self.loop.time()
            self._timer = self.loop.call_later(self.pace.idle, self._look)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self.read_paused or self._reading:  # the gateway is the slow one
            self._began = self._came = now
        size = sum(map(len, self.frames)) + len(self.conn.reader.buffer)
        wait = min(self.pace.patience(size, now - self._began), self._came + self.pace.idle - now)
        if wait > 0:
            self._timer = self.loop.call_later(max(wait, 0.05), self._look)
        else:
            self._fail(1008, "request_timeout: the message arrived too slowly")

    def _fail(self, code: int, reason: str) -> None:
        self.frames = []
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # The handshake ended with a response other than 101, which uvicorn would report as missing.
            self.handshake_complete = True
