"""The call that the main thread is working on: what it may know of the request, and what it may say back."""

from __future__ import annotations

import time
from typing import Any

from cadgate.appserver.errors import AppError, DryRunPassed


class Call:
    """One request as the application sees it. Times are seconds of `time.monotonic()`."""

    __slots__ = (
        "cancelled",
        "changed",
        "cleared",
        "connection",
        "context",
        "deadline",
        "dry_run",
        "hash",
        "id",
        "idle",
        "if_match",
        "key",
        "label",
        "method",
        "mutates",
        "names",
        "params",
        "received",
        "replay",
        "request_id",
        "set_aside",
        "since",
        "started",
        "state",
        "warnings",
        "written",
    )

    def __init__(self, connection: Any, id: Any, method: str, params: dict[str, Any], meta: dict[str, Any]) -> None:
        self.connection = connection
        self.id = id
        self.method = method
        self.params = params
        self.received = time.monotonic()
        self.started: float | None = None
        deadline_ms = meta.get("deadline_ms")
        if deadline_ms is not None and not isinstance(deadline_ms, (int, float)):
            raise ValueError("deadline_ms must be a number")
        self.deadline = None if deadline_ms is None else self.received + deadline_ms / 1000
        self.key: str | None = meta.get("key")
        self.hash: str | None = meta.get("hash")
        self.label: str = meta.get("label") or method
        """What clients know it by: the method whose handler sent it, where one did."""
        self.mutates = bool(meta.get("mutates"))
        self.replay: str = meta.get("replay", "call")
        self.names: str | None = meta.get("names")
        """The parameter that says what the result is to be called."""
        self.dry_run = bool(meta.get("dry_run"))
        self.if_match: str | None = meta.get("if_match")
        self.request_id: str | None = meta.get("request_id")
        self.set_aside = int(meta.get("set_aside") or 0)
        """How often it was at work when the application died, if that was too often: then it is not done any more."""
        self.context: dict[str, Any] = meta.get("context") or {}
        self.since: str | None = meta.get("since")
        """The name of the state of which the peer has the answer; empty: it only wants to know the name."""
        self.state: str | None = None
        """The name of the state that the answer is of."""
        self.cancelled = False
        self.changed = False
        self.cleared = False
        """Whether it emptied the document: then what led there need not be done again after a crash."""
        self.idle = False
        """Whether it said that it changes nothing: then there is nothing to keep."""
        self.warnings: list[dict[str, str]] = []
        self.written: tuple[Any, str] | None = None
        """Its result, and that as JSON, once the journal has it."""

    @property
    def expired(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


_current: list[Call] = []


def current() -> Call:
    """The call that runs now on the main thread."""
    return _current[-1]


def request() -> Call:
    """The call that a client sent: the batch, for a call that is a part of one."""
    return _current[0]


def innermost() -> Call | None:
    """The call that runs, if one does."""
    return _current[-1] if _current else None


def outermost() -> Call | None:
    """The call that a client sent, if one runs."""
    return _current[0] if _current else None


def enter(call: Call) -> None:
    _current.append(call)


def leave() -> None:
    _current.pop()


def about_to_change(revision: str | None = None, *, anything: bool = True) -> None:
    """Call this after every check and before the first change.

    A dry run ends here, and a failure after this is rolled back. `revision` is that of the object about to change, for
    a request that came with `If-Match`. `anything` is false for a request that asks for no change at all, a PATCH
    without fields: it is checked like any other, and is nothing to keep or to undo.

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
    if anything:
        call.changed = True
    else:
        call.idle = True


def cleared() -> None:
    """Call this after a change that left nothing in the document: a snapshot of that spares the log before it."""
    request().cleared = True


def warn(code: str, message: str) -> None:
    """Add a warning to the result of the running call (`result.warnings`)."""
    current().warnings.append({"code": code, "message": message})
