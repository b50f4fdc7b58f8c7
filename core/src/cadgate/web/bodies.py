"""Checks the type, size and pace of request bodies, and discards refused ones."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import anyio
from fastapi import params
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Message, Receive
from starlette.types import Scope as AsgiScope

from cadgate.errors import BadRequest, CadgateError, PayloadTooLarge, RequestTimeout, UnsupportedMediaType

_JSON = frozenset(("application/json",))
LINGER_SECONDS = 5.0
SMALL = 64 * 1024
"""A refused body up to this size is discarded by the server, which then keeps the connection."""

BODY_KINDS = "cadgate_body_kinds"
"""The attribute of a route with the media types that it accepts beyond those it documents."""


class Pace:
    """The slowest a client may send: at most `idle` seconds without data, at least `rate` bytes a second in all."""

    def __init__(self, idle: float = 20.0, rate: int = 4096) -> None:
        self.idle = idle
        self.rate = rate

    def patience(self, size: int, waited: float) -> float:
        """Return how many seconds the next part may take, after `size` bytes in `waited` seconds."""
        return max(0.0, min(self.idle, self.idle + size / self.rate - waited))

    def error(self, size: int) -> RequestTimeout:
        """Return the error for a client that was too slow."""
        return RequestTimeout(
            f"The request's body arrived too slowly: {size} bytes, then nothing for {self.idle:g} s or less than "
            f"{self.rate} bytes a second overall. Nothing was done; send it again over a faster connection",
            details={"received": size, "idle_seconds": self.idle, "bytes_per_second": self.rate},
        )


class Bodies:
    """Checks a request's body by its headers, and counts its bytes if they do not declare a size."""

    def __init__(self, max_body: int, max_upload: int, pace: Pace | None = None) -> None:
        self._max_body = max_body
        self._max_upload = max_upload
        self._pace = pace or Pace()
        self._accepted: dict[int, frozenset[str]] = {}

    def check(self, headers: dict[bytes, bytes], route: Route | None, http_version: str) -> int | None:
        """Return the limit to count this body against; None if there is no body, or its declared length is allowed.

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
                f"A body of type {kind or 'unknown'!r} is not accepted here; send {' or '.join(sorted(accepted))}",
                details={"accepted": sorted(accepted), "content_type": kind},
            )
        if kind in _JSON and "charset" in parameters.lower() and "utf-8" not in parameters.lower():
            raise UnsupportedMediaType(f"JSON must be UTF-8, not {parameters.strip()!r}")
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise UnsupportedMediaType("Compressed bodies are not accepted: send the body uncompressed")
        limit = self._max_body if kind in _JSON else self._max_upload
        if length is None:
            return limit
        if length > limit:
            raise too_large(limit, length)
        return None

    def receiving(
        self, receive: Receive, headers: dict[bytes, bytes], route: Route | None, scope: AsgiScope
    ) -> Receive:
        """Return `receive` with the limits on this request's body: its size, and how slowly it may arrive.

        Raises PayloadTooLarge, UnsupportedMediaType, BadRequest.
        """
        limit = self.check(headers, route, scope["http_version"])
        if limit is not None:
            receive = counted(receive, limit)
        elif headers.get(b"content-length", b"0") == b"0" or is_whole(scope):
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


CYCLE = "cadgate.cycle"
"""The extension of a request that holds uvicorn's state of it, such as its body so far."""


def is_whole(scope: AsgiScope) -> bool:
    """Whether the body has arrived to its end, so that nothing has to be awaited."""
    cycle: Any = scope.get("extensions", {}).get(CYCLE)
    return cycle is not None and not cycle.more_body


def declared_length(headers: dict[bytes, bytes]) -> int | None:
    """Return `Content-Length`, None without one. Raises BadRequest if it is not a number."""
    value = headers.get(b"content-length")
    if value is None or b"transfer-encoding" in headers:
        return None
    if not value.isdigit():
        raise BadRequest(f"Content-Length {value.decode('latin-1')[:50]!r} is not a number")
    return int(value)


def is_streamed(headers: dict[bytes, bytes], http_version: str) -> bool:
    """Whether a body of undeclared length may follow."""
    return b"transfer-encoding" in headers or not http_version.startswith("1")


def too_large(limit: int, length: int | None = None) -> PayloadTooLarge:
    """Return the 413."""
    size = f"{length} bytes are" if length is not None else "it is"
    text = f"The body is too large: {size} above the limit of {limit} bytes"
    return PayloadTooLarge(text, details={"maximum": limit})


def counted(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that raises PayloadTooLarge once more than `limit` bytes have arrived."""
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
    """Return a `receive` that raises RequestTimeout if the body arrives too slowly. Only waiting for it counts."""
    clock, size, waited, is_over = asyncio.get_running_loop().time, 0, 0.0, False

    async def receive_paced() -> Message:
        nonlocal size, waited, is_over
        if is_over:  # only a disconnect can follow, which may be awaited without limit
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
    """Discard what still arrives, for a few seconds at most.

    Closing a connection with unread bytes resets it, and the client may then never see the answer.
    """
    with anyio.move_on_after(LINGER_SECONDS), suppress(CadgateError):
        while True:
            message = await receive()
            if message["type"] != "http.request" or not message.get("more_body", False):
                return
