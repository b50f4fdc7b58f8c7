"""Why a session cannot be called: it has ended, or it was not its turn in time."""

from __future__ import annotations

from cadgate.errors import DeadlineExceeded, SessionEnded
from cadgate.sessions.records import SessionRecord


def too_late(seconds: float, position: int | None, maximum: int | None) -> DeadlineExceeded:
    """Return the error for a call that has waited `seconds`, at `position` in the queue if there is one."""
    if position is None:
        return DeadlineExceeded(
            f"The session was not ready within {seconds:g} s; nothing was done. Try again",
            details={"deadline_ms": round(seconds * 1000), "started": False},
            retry_after=1.0,
        )
    return DeadlineExceeded(
        f"The session waited {seconds:g} s for its turn, at position {position}, because {maximum} "
        "others are busy; nothing was done. Try again later, or allow more time (X-Deadline-Ms)",
        details={"deadline_ms": round(seconds * 1000), "started": False, "position": position},
        retry_after=5.0,
    )


def ended_error(record: SessionRecord) -> SessionEnded:
    """Return the 410 for a session that has ended."""
    why = "its ttl_seconds are over. Its document is gone"
    if record.reason == "deleted":
        why = "it was deleted. Its document is gone"
    elif record.reason == "deadline_exceeded":
        why = "there was no place for it by the deadline of the request that made it (X-Deadline-Ms)"
    return SessionEnded(
        f"The session {record.id!r} has ended: {why}; make a new one with POST /api/v1/sessions",
        details={"id": record.id, "reason": record.reason},
    )
