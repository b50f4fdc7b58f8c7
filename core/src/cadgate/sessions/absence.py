"""What is said of an application that cannot be called."""

from __future__ import annotations

from typing import Any

from cadgate.errors import ConnectionFailed
from cadgate.sessions.process import StartFailed
from cadgate.sessions.status import Status


def absence(name: str, status: Status, kind: type[ConnectionFailed], *, to_operator: bool) -> ConnectionFailed:
    """The error that says why there is nobody to call. What the application printed is told by health alone."""
    starting = status.state == "starting"
    reason = status.reason if to_operator or status.log_tail is None else "it failed to start"
    text = f"{name} is {status.state}" + (f": {reason}" if reason else "")
    details: dict[str, Any] = {"state": status.state, "reason": reason, "remedy": status.remedy}
    if to_operator and status.log_tail:
        details["log_tail"] = status.log_tail
    return kind(
        f"{text}; try again in a second" if starting else f"{text}. GET /health/{name} says more",
        code="application_starting" if starting else "application_unavailable",
        details=details,
        retry_after=1.0 if starting else None,
    )


def remedy(name: str) -> str:
    """What to do about an application that was given up."""
    return f"mend the cause, then POST /api/v1/{name}/restart"


def log_tail(error: Exception) -> str | None:
    """The end of the application's log that came with a failed start."""
    return error.log_tail if isinstance(error, StartFailed) else None
