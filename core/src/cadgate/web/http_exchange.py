"""One HTTP exchange on its way through the gate: its state, and the gateway's headers on the response."""

from __future__ import annotations

import time

from starlette.types import Message, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from cadgate.errors import CadgateError
from cadgate.web.protocol import write_whole


class Exchange:
    """One HTTP exchange: the request's state, and the response, whose head gets the gateway's headers."""

    __slots__ = (
        "app_ms",
        "cors",
        "drop_body",
        "of_login",
        "queue_ms",
        "request_id",
        "send",
        "started",
        "status",
        "withdrawn",
    )

    def __init__(self, send: Send, request_id: str, started: float) -> None:
        self.send = send
        self.request_id = request_id
        self.started = started
        self.status = 0
        self.queue_ms = 0.0
        self.app_ms = 0.0
        self.cors: list[tuple[bytes, bytes]] | None = None
        self.drop_body = False
        self.of_login = False
        """Whether a cookie authenticated it: no other page may load the response, not even as an image."""
        self.withdrawn: CadgateError | None = None
        """Why the caller may no longer have the response, if its key was withdrawn."""

    def timing(self, queue_ms: float, app_ms: float) -> None:
        """Add the times of one call of this request."""
        self.queue_ms += queue_ms
        self.app_ms += app_ms

    def _times(self) -> str:
        total = (time.perf_counter() - self.started) * 1000
        return f"queue;dur={self.queue_ms:.2f}, app;dur={self.app_ms:.2f}, total;dur={total:.2f}"

    async def answer(self, status: int, content: bytes, cycle: RequestResponseCycle | None) -> None:
        """Send a whole JSON response: in one write, if the server's state of the request is at hand."""
        if cycle is not None and not (self.cors or self.drop_body or self.of_login):
            head = (
                f"content-length: {len(content)}\r\ncontent-type: application/json\r\n"
                f"x-request-id: {self.request_id}\r\nserver-timing: {self._times()}\r\n"
                "x-content-type-options: nosniff\r\nx-frame-options: DENY\r\n"
            )
            if write_whole(cycle, status, head.encode(), content):
                self.status = status
                return
        headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
        await self.respond({"type": "http.response.start", "status": status, "headers": headers})
        await self.respond({"type": "http.response.body", "body": content})

    async def respond(self, message: Message) -> None:
        """Send a message, with the gateway's headers added to the response's head."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            timing = self._times()
            headers: list[tuple[bytes, bytes]] = [
                *message.get("headers", ()),
                (b"x-request-id", self.request_id.encode()),
                (b"server-timing", timing.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"x-frame-options", b"DENY"),
            ]
            if self.cors:
                headers += self.cors
            if self.of_login:
                headers.append((b"cross-origin-resource-policy", b"same-origin"))
            message["headers"] = headers
        elif self.drop_body and message.get("body"):
            message["body"] = b""
        await self.send(message)
