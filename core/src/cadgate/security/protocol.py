"""uvicorn's protocols, mended.

HTTP: limits on how large a request's head is and how long it takes to come. WebSocket: one that was refused by an HTTP
answer is not logged as an error.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_HEAD_BYTES = 64 * 1024
ABORT = "cadgate.abort"
"""The extension of a request by which its connection is closed at once, with what waits to be sent."""
HEAD_SECONDS = 20.0
"""From the begin of a connection, or of a request on it, to the end of the request's head."""


class GatewayProtocol(HttpToolsProtocol):
    """Pass it to uvicorn as `http=`. What is not HTTP gets the envelope too."""

    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(
                431,
                "Request Header Fields Too Large",
                "payload_too_large",
                f"The request's head is too large: the limit is {MAX_HEAD_BYTES} bytes",
            )

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # pyright: ignore[reportGeneralTypeIssues]

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "Bad Request", "bad_request", "This is not an HTTP request that can be read")

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
    """Pass it to uvicorn as `ws=`."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # The handshake ended, by an answer other than 101; uvicorn takes it for one that was forgotten.
            self.handshake_complete = True
