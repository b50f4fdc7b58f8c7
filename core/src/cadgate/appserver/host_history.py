"""Undo and redo by an application that has them itself, as long as its process knows the change; else by the journal.

What the application undoes is taken out of the log too, so that a later process finds the same history there.
"""

from __future__ import annotations

from typing import Any, Callable, Protocol

from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.history import History, Request
from cadgate.appserver.host import Host


class Journaled(Protocol):
    """The recovery of a session, as far as it is needed here."""

    history: History

    def roll_back_to_journal(self) -> None:
        """Go back to the state in the journal."""
        ...


def undo_or_redo(
    host: Host, recovery: Journaled | None, call: Call, action: str, persist: Callable[[Call, Any], None]
) -> dict[str, Any]:
    """Undo or redo by the host. `persist` saves a state to which the log does not lead.

    Raises AppError `conflict` if there is nothing left.
    """
    history = None if recovery is None else recovery.history
    moved = [] if history is None else history.next_request(action)
    label = host.undo() if action == "undo" else host.redo()
    if label is not None:
        result = {"undone" if action == "undo" else "redone": label}
        if recovery is None or history is None or not moved or host.moved_request != moved[0]["request"]:
            persist(call, result)
            return result
        try:
            history.follow(action, moved, Request(call.key, call.hash), result)
        except BaseException:
            recovery.roll_back_to_journal()
            raise
        history.moved()
        return result
    seq = moved[0]["seq"] if moved else None
    # What this process has done and the application does not know any more cannot be undone here as before.
    lost = history is not None and (action == "redo" or history.is_older_than_process(seq))
    if history is None or recovery is None or not lost or call.context or (action == "redo" and not moved):
        raise AppError("conflict", f"There is nothing to {action}")
    request = Request(call.key, call.hash)
    result = history.undo(request) if action == "undo" else history.redo(request)
    history.moved()
    return result
