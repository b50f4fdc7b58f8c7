"""The error for an application that cannot be called."""

from __future__ import annotations

from typing import Any

from cadgate.errors import ConnectionFailed
from cadgate.sessions.process import StartFailed
from cadgate.sessions.status import Status


def absence(name: str, status: Status, kind: type[ConnectionFailed], *, to_operator: bool) -> ConnectionFailed:
    """Return the error that says why the application cannot be called. Only health shows the application's output."""
    starting = status.state == "starting"
    reason = status.reason if to_operator or status.log_tail is None else "it failed to start"
    text = f"{name} is {status.state}" + (f": {reason}" if reason else "")
    details: dict[str, Any] = {"state": status.state, "reason": reason, "remedy": status.remedy}
    if to_operator and status.log_tail:
        details["log_tail"] = status.log_tail
    return kind(
        f"{text}; try again in a second" if starting else f"{text}. GET /health/{name} has details",
        code="application_starting" if starting else "application_unavailable",
        details=details,
        retry_after=1.0 if starting else None,
    )


def remedy(name: str) -> str:
    """Return what to do about an application that is not restarted any more."""
    return f"fix the cause, then POST /api/v1/{name}/restart"


def log_tail(error: Exception) -> str | None:
    """Return the end of the application's log from a failed start."""
    return error.log_tail if isinstance(error, StartFailed) else None
