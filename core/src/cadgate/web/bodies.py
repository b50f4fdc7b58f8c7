"""Which bodies are let in: their type, their size, and how a refused one is got rid of."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio
from fastapi import params
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Message, Receive

from cadgate.errors import BadRequest, CadgateError, PayloadTooLarge, RequestTimeout, UnsupportedMediaType

_JSON = frozenset(("application/json",))
LINGER_SECONDS = 5.0
SMALL = 64 * 1024
"""A refused body up to this size is left to the server, which discards it and keeps the connection."""

BODY_KINDS = "cadgate_body_kinds"
"""Where a route keeps the media types that it takes, where it documents fewer."""


class Pace:
    """How slowly what a client sends may come: `idle` seconds without anything, or below `rate` bytes a second."""

    def __init__(self, idle: float = 20.0, rate: int = 4096) -> None:
        self.idle = idle
        self.rate = rate

    def patience(self, size: int, waited: float) -> float:
        """How many seconds the next part may take, where `size` bytes came in the `waited` seconds before."""
        return max(0.0, min(self.idle, self.idle + size / self.rate - waited))

    def error(self, size: int) -> RequestTimeout:
        """What a client is told that was too slow."""
        return RequestTimeout(
            f"The request's body came too slowly: {size} bytes came, then nothing for {self.idle:g} s, or less than "
            f"{self.rate} bytes a second in all. Nothing was done; send it again over a faster connection",
            details={"received": size, "idle_seconds": self.idle, "bytes_per_second": self.rate},
        )


class Bodies:
    """Checks a request's body by its headers, and counts it where they do not tell its size."""

    def __init__(self, max_body: int, max_upload: int, pace: Pace | None = None) -> None:
        self._max_body = max_body
        self._max_upload = max_upload
        self._pace = pace or Pace()
        self._accepted: dict[int, frozenset[str]] = {}

    def check(self, headers: dict[bytes, bytes], route: Route | None, http_version: str) -> int | None:
        """The limit to count this body against, None where there is none, or its length is known and allowed.

        Raises PayloadTooLarge, UnsupportedMediaType, BadRequest.
        """
        length = declared_length(headers)
        if length == 0 or (length is None and not is_streamed(headers, http_version)):
            return None
        if route is None:
            return self._max_body
        kind, _, parameters = headers.get(b"content-type", b"").decode("latin-1").partition(";")
        kind = kind.strip().lower()
        accepted = self._accepted.get(id(route)) or self._learn(route)
        if kind not in accepted:
            raise UnsupportedMediaType(
                f"A body of type {kind or 'unknown'!r} is not taken here; send {' or '.join(sorted(accepted))}",
                details={"accepted": sorted(accepted), "content_type": kind},
            )
        if kind in _JSON and "charset" in parameters.lower() and "utf-8" not in parameters.lower():
            raise UnsupportedMediaType(f"JSON must be UTF-8, not {parameters.strip()!r}")
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise UnsupportedMediaType("Compressed bodies are not taken: send the body as it is")
        limit = self._max_body if kind in _JSON else self._max_upload
        if length is None:
            return limit
        if length > limit:
            raise too_large(limit, length)
        return None

    def receiving(
        self, receive: Receive, headers: dict[bytes, bytes], route: Route | None, http_version: str
    ) -> Receive:
        """`receive`, with the limits on this request's body: its size, and how slowly it may come.

        Raises PayloadTooLarge, UnsupportedMediaType, BadRequest.
        """
        limit = self.check(headers, route, http_version)
        if limit is not None:
            receive = counted(receive, limit)
        elif headers.get(b"content-length", b"0") == b"0":
            return receive
        return paced(receive, self._pace)

    def _learn(self, route: Route) -> frozenset[str]:
        declared: set[str] = set()
        if isinstance(route, APIRoute):
            declared.update((route.openapi_extra or {}).get("requestBody", {}).get("content", {}))
            declared.update(getattr(route, BODY_KINDS, ()))
            if route.body_field is not None and isinstance(route.body_field.field_info, params.Body):
                declared.add(route.body_field.field_info.media_type)
        accepted = frozenset(kind.lower() for kind in declared) or _JSON
        self._accepted[id(route)] = accepted
        return accepted


def declared_length(headers: dict[bytes, bytes]) -> int | None:
    """`Content-Length`, None without one. Raises BadRequest where it is no number."""
    value = headers.get(b"content-length")
    if value is None or b"transfer-encoding" in headers:
        return None
    if not value.isdigit():
        raise BadRequest(f"Content-Length {value.decode('latin-1')[:50]!r} is not a number")
    return int(value)


def is_streamed(headers: dict[bytes, bytes], http_version: str) -> bool:
    """Whether a body of unknown length may follow."""
    return b"transfer-encoding" in headers or not http_version.startswith("1")


def too_large(limit: int, length: int | None = None) -> PayloadTooLarge:
    """The 413."""
    told = f"{length} bytes are" if length is not None else "the body is"
    return PayloadTooLarge(f"The body is too large: {told} above the limit of {limit}", details={"maximum": limit})


def counted(receive: Receive, limit: int) -> Receive:
    """`receive` that raises PayloadTooLarge once more than `limit` bytes came."""
    total = 0

    async def receive_counted() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > limit:
                raise too_large(limit)
        return message

    return receive_counted


def paced(receive: Receive, pace: Pace) -> Receive:
    """`receive` that raises RequestTimeout for a body that comes too slowly. Only waiting for the client counts."""
    clock, size, waited, is_over = asyncio.get_running_loop().time, 0, 0.0, False

    async def receive_paced() -> Message:
        nonlocal size, waited, is_over
        if is_over:  # what comes now is the end of the connection, for which anybody may wait
            return await receive()
        began = clock()
        try:
            async with asyncio.timeout(pace.patience(size, waited)):
                message = await receive()
        except TimeoutError as error:
            raise pace.error(size) from error
        waited += clock() - began
        size += len(message.get("body", b""))
        is_over = not message.get("more_body", False)
        return message

    return receive_paced


async def drain(receive: Receive) -> None:
    """Discard what still comes, for a few seconds at most.

    Closing a connection with unread bytes resets it, and the client may never see the answer that it was sent.
    """
    with anyio.move_on_after(LINGER_SECONDS), suppress(CadgateError):
        while True:
            message = await receive()
            if message["type"] != "http.request" or not message.get("more_body", False):
                return
