"""The call that the main thread is running: what its function may know of the request, and may add to the answer."""

from __future__ import annotations

import time
from typing import Any, Callable, cast

from cadgate.appserver.errors import AppError, DryRunPassed
from cadgate.appserver.meta import CallMeta


class Call:
    """One request as the application sees it. Times are seconds of `time.monotonic()`."""

    __slots__ = (
        "cancelled",
        "changed",
        "changes_nothing",
        "cleared",
        "connection",
        "context",
        "deadline",
        "dry_run",
        "hash",
        "id",
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
        "request_name",
        "set_aside",
        "since",
        "started",
        "state",
        "warnings",
        "written",
    )

    def __init__(self, connection: Any, id: Any, method: str, params: dict[str, Any], meta: CallMeta) -> None:
        self.connection = connection
        self.id = id
        self.method = method
        self.params = params
        self.received = time.monotonic()
        self.started: float | None = None
        deadline_ms = cast(Any, meta.get("deadline_ms"))  # of a peer, which may write anything
        if deadline_ms is not None and not isinstance(deadline_ms, (int, float)):
            raise ValueError("deadline_ms must be a number")
        self.deadline = None if deadline_ms is None else self.received + deadline_ms / 1000
        self.key: str | None = meta.get("key")
        self.hash: str | None = meta.get("hash")
        self.label: str = meta.get("label") or method
        """The method's name for clients: that of the handler which sent this call, where one did."""
        self.mutates = bool(meta.get("mutates"))
        self.replay: str = meta.get("replay", "call")
        self.names: str | None = meta.get("names")
        """The parameter that says what the result is to be called."""
        self.dry_run = bool(meta.get("dry_run"))
        self.if_match: str | None = meta.get("if_match")
        self.request_id: str | None = meta.get("request_id")
        self.request_name: str = self.key or str(id)
        """By which its journal entries name the request that they are a part of."""
        self.set_aside = int(meta.get("set_aside") or 0)
        """How often the application died while it ran, if that was too often: such a call is refused."""
        self.context: dict[str, Any] = meta.get("context") or {}
        self.since: str | None = meta.get("since")
        """The name of the state for which the peer has the answer; empty when it only wants to know the name."""
        self.state: str | None = None
        """The name of the state that the answer describes."""
        self.cancelled = False
        self.changed = False
        self.cleared = False
        """Whether it emptied the document: then nothing before it has to be replayed after a crash."""
        self.changes_nothing = False
        """Whether the function declared that it changes nothing: then there is nothing to persist."""
        self.warnings: list[dict[str, str]] = []
        self.written: tuple[Any, str] | None = None
        """The result, and its JSON, once it is in the journal."""

    @property
    def expired(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


_current: list[Call] = []


def current() -> Call:
    """Return the call that runs now on the main thread."""
    return _current[-1]


def request() -> Call:
    """Return the call that the client sent: the batch, for a call that is a part of one; in a replay, the old one."""
    return next((call for call in _current if call.connection is None), _current[0])


def innermost() -> Call | None:
    """Return the call that runs, if any."""
    return _current[-1] if _current else None


def outermost() -> Call | None:
    """Return the call that the client sent, if any runs."""
    return _current[0] if _current else None


def enter_call(call: Call) -> None:
    _current.append(call)


def leave_call() -> None:
    _current.pop()


def about_to_change(revision: str | Callable[[], str] | None = None, *, anything: bool = True) -> None:
    """Call this after every check and before the first change.

    A dry run ends here, and an error after this is rolled back. `revision` is that of the object about to change, or
    what finds it, which is called only for a request with `If-Match`, with which it is compared; None if nothing that
    has a revision changes, which such a request does not accept. Pass `anything=False`
    for a request that asks for no change at all, such as a PATCH without fields: it is checked like any other, but
    there is nothing to persist or to undo.

    Raises AppError `revision_mismatch`.
    """
    call = current()
    if call.if_match is not None:
        actual = revision() if callable(revision) else revision
        if actual is None:
            text = (
                f"There is nothing to compare the revision {call.if_match!r} with: this request changes nothing that "
                "has one. Leave it out, or look whether the object is still there"
            )
        else:
            text = f"The object has changed since revision {call.if_match!r}, and is now at {actual!r}. Read it again"
        if call.if_match != actual:
            raise AppError("revision_mismatch", text, {"expected": call.if_match, "actual": actual})
    if call.dry_run:
        raise DryRunPassed
    if anything:
        call.changed = True
    else:
        call.changes_nothing = True


def cleared() -> None:
    """Call this after a change that emptied the document: a cheap snapshot can then replace the log before it."""
    request().cleared = True


def warn(code: str, message: str) -> None:
    """Add a warning to the result of the running call (`result.warnings`)."""
    current().warnings.append({"code": code, "message": message})
