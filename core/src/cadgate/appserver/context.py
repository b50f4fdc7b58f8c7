"""The call that the main thread is working on: what it may know of the request, and what it may say back."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional

from cadgate.appserver.errors import AppError, DryRunPassed


class Call:
    """One request as the application sees it. Times are seconds of `time.monotonic()`."""

    __slots__ = (
        "cancelled",
        "connection",
        "context",
        "deadline",
        "dry_run",
        "hash",
        "id",
        "if_match",
        "key",
        "method",
        "mutates",
        "params",
        "received",
        "replay",
        "request_id",
        "started",
        "warnings",
    )

    def __init__(self, connection: Any, id: Any, method: str, params: Dict[str, Any], meta: Dict[str, Any]) -> None:
        self.connection = connection
        self.id = id
        self.method = method
        self.params = params
        self.received = time.monotonic()
        self.started: Optional[float] = None
        deadline_ms = meta.get("deadline_ms")
        self.deadline = None if deadline_ms is None else self.received + float(deadline_ms) / 1000
        self.key: Optional[str] = meta.get("key")
        self.hash: Optional[str] = meta.get("hash")
        self.mutates = bool(meta.get("mutates"))
        self.replay: str = meta.get("replay", "call")
        self.dry_run = bool(meta.get("dry_run"))
        self.if_match: Optional[str] = meta.get("if_match")
        self.request_id: Optional[str] = meta.get("request_id")
        self.context: Dict[str, Any] = meta.get("context") or {}
        self.cancelled = False
        self.warnings: List[Dict[str, str]] = []

    @property
    def expired(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


_current: List[Call] = []


def current() -> Call:
    """The call that runs now on the main thread."""
    return _current[-1]


def enter(call: Call) -> None:
    _current.append(call)


def leave() -> None:
    _current.pop()


def about_to_change(revision: Optional[str] = None) -> None:
    """Call this after every check and before the first change.

    A dry run ends here. `revision` is that of the object about to change, for a request that came with `If-Match`.

    Raises AppError `revision_mismatch`.
    """
    call = current()
    if call.if_match is not None and revision is not None and call.if_match != revision:
        raise AppError(
            "revision_mismatch",
            f"The object has changed since revision {call.if_match!r}; it is at {revision!r} now. Read it again",
            {"expected": call.if_match, "actual": revision},
        )
    if call.dry_run:
        raise DryRunPassed


def warn(code: str, message: str) -> None:
    """Add a warning to the result of the running call (`result.warnings`)."""
    current().warnings.append({"code": code, "message": message})
