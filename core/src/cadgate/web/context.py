"""Makes a `RequestContext` from a request: its headers and `dry_run`, checked."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from starlette.requests import Request

from cadgate.contract.context import Caller, RequestContext, Uploads
from cadgate.errors import ValidationFailed
from cadgate.security.caller import authority_of, peer_of
from cadgate.web.selection import NAMED, one_session, session_of_query

MAX_WAIT_SECONDS = 600
MAX_DEADLINE_MS = 24 * 3600 * 1000
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_REVISION = re.compile(r'(?:"([^"\x00-\x1f\x7f]{1,128})"|([^\s"\x00-\x1f\x7f]{1,128}))\Z')
_UPLOADS = "uploads"
_TRUE, _FALSE = frozenset(("true", "1", "yes", "on")), frozenset(("false", "0", "no", "off"))


_READ = frozenset(
    (
        b"cadgate-session",
        b"cadgate-webhook",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"prefer",
        b"x-deadline-ms",
    )
)


def context_of(request: Request) -> RequestContext:
    """Return the context of this request. Raises ValidationFailed for an invalid header or query value."""
    state: dict[str, Any] = request.scope.setdefault("state", {})
    key = deadline = revision = known = webhook = session = None
    respond_async, wait = False, 0.0
    for name, value in request.scope["headers"]:
        if name not in _READ:
            continue
        if name == b"idempotency-key":
            key = _idempotency_key(value.decode("latin-1"))
        elif name == b"x-deadline-ms":
            deadline = _deadline_seconds(value.decode("latin-1"))
        elif name == b"if-match":
            revision = _if_match(value.decode("latin-1"))
        elif name == b"prefer":
            respond_async, wait = _preferences(value.decode("latin-1"), respond_async, wait)
        elif name == b"cadgate-webhook":
            webhook = value.decode("latin-1")
        elif name == b"if-none-match":
            known = value.decode("latin-1") if known is None else f"{known}, {value.decode('latin-1')}"
        elif name == b"cadgate-session":
            session = one_session(session, value.decode("latin-1"))
    query: bytes = request.scope["query_string"]
    if NAMED in state:
        session = session_of_query(request.scope, session)
    return RequestContext(
        request_id=state.get("request_id", ""),
        deadline_seconds=deadline,
        idempotency_key=key,
        if_match=revision,
        if_none_match=known,
        session=session,
        dry_run=b"dry_run" in query and _dry_run(request),
        uploads=uploads_of(request),
        timing=state.get("timing"),
        large=state.get("large", False),
        respond_async=respond_async,
        wait_seconds=wait,
        webhook=webhook,
        caller=Caller(authority_of(request.scope), peer_of(request), partial(_gone, request)),
    )


def uploads_of(request: Request) -> Uploads:
    """Return the files that came with this request, which may still get more."""
    state: dict[str, Any] = request.scope.setdefault("state", {})
    uploads: Uploads | None = state.get(_UPLOADS)
    if uploads is None:
        uploads = state[_UPLOADS] = Uploads()
    return uploads


async def _gone(request: Request) -> None:
    """Wait until the client closes the connection. Only after the body was read, so nothing else can arrive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refuse(kind: str, name: str, message: str) -> ValidationFailed:
    return ValidationFailed(
        f"{name}: {message}", details={"errors": [{"type": "value_error", "loc": [kind, name], "msg": message}]}
    )


def _idempotency_key(value: str) -> str:
    if not _KEY.match(value):
        raise _refuse("header", "Idempotency-Key", f"{value[:300]!r} must be 1 to 255 visible ASCII characters")
    return value


def _deadline_seconds(value: str) -> float:
    if not value.isascii() or not value.isdigit() or len(value) > 9 or not 1 <= int(value) <= MAX_DEADLINE_MS:
        raise _refuse(
            "header", "X-Deadline-Ms", f"{value[:100]!r} must be a whole number of milliseconds, 1 to {MAX_DEADLINE_MS}"
        )
    return int(value) / 1000


def _if_match(value: str) -> str | None:
    if value.strip() == "*":
        return None
    found = _REVISION.match(value.strip())
    if found is None:
        raise _refuse("header", "If-Match", f"{value[:300]!r} must be one revision, as in an ObjectInfo")
    return found[1] or found[2]


def _preferences(value: str, respond_async: bool, wait: float) -> tuple[bool, float]:
    """Read a `Prefer` header. What is not known or not valid is ignored, as RFC 7240 says."""
    for part in value.lower().split(","):
        name, _, given = part.partition(";")[0].strip().partition("=")
        if name.strip() == "respond-async":
            respond_async = True
        elif name.strip() == "wait" and (text := given.strip().strip('"')).isascii() and text.isdigit():
            wait = float(min(int(text[:6]), MAX_WAIT_SECONDS))
    return respond_async, wait


def _dry_run(request: Request) -> bool:
    values = request.query_params.getlist("dry_run")
    if not values:
        return False
    value = values[-1].lower()
    if value not in _TRUE | _FALSE:
        raise _refuse("query", "dry_run", f"{values[-1][:100]!r} must be true or false")
    return value in _TRUE
