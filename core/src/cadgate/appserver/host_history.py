"""Undo and redo by an application that has them itself, as long as its process knows the change; else by the journal.

What the application undoes is taken out of the log too, so that a later process finds the same history there.
"""

from __future__ import annotations

from typing import Any, Callable, Protocol

from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.history import History, Request, is_kept
from cadgate.appserver.host import Host


class Journaled(Protocol):
    """The recovery of a session, as far as it is needed here."""

    history: History

    def roll_back_to_journal(self) -> None:
        """Go back to the state in the journal."""
        ...


def by_host(
    host: Host, recovery: Journaled | None, call: Call, action: str, persist: Callable[[Call, Any], None]
) -> dict[str, Any]:
    """Undo or redo by the host. `persist` saves a state to which the log does not lead.

    Raises AppError `conflict` if there is nothing left.
    """
    history = None if recovery is None else recovery.history
    request = Request(call.key, call.hash)
    moved = [] if history is None else history.next_request(action)
    label = host.undo() if action == "undo" else host.redo()
    if label is not None:
        result = {"undone" if action == "undo" else "redone": label}
        if history is not None and action == "redo":
            moved = history.undone_request(host.moved_request)
        name = host.moved_request
        if recovery is None or history is None or not moved or is_kept(moved) or name != moved[0]["request"]:
            undone = [] if history is None else history.undone_after(action, name)
            if history is not None and action == "undo" and not undone:
                undone = history.keep_before_undo(label, name)
            persist(call, result)
            if history is not None:
                history.remember_undone(action, label, undone)
            return result
        try:
            history.follow(action, moved, request, result)
        except BaseException:
            recovery.roll_back_to_journal()
            raise
        history.moved()
        return result
    result = _by_journal(host, history, call, action, request)()
    if history is not None:
        history.moved()
    return result


def require_possible(host: Host, recovery: Journaled | None, call: Call, action: str) -> None:
    """Raise the AppError with which an undo or redo would be refused now; change nothing."""
    if host.next_label(action) is None:
        history = None if recovery is None else recovery.history
        _by_journal(host, history, call, action, None)()


def _by_journal(
    host: Host, history: History | None, call: Call, action: str, request: Request | None
) -> Callable[[], dict[str, Any]]:
    """Return what moves by the journal what the host does not know any more; without a request it only checks."""
    nothing = AppError("conflict", f"There is nothing to {action}")
    if history is None:
        raise nothing if host.lost_request is None else _lost_error(host)
    moved = history.next_request(action)
    if host.lost_request is not None:
        moved = history.undone_request(host.lost_request)
        if not moved:
            raise _lost_error(host)
    elif action == "redo" and not moved:
        return lambda: history.redo(request)
    elif call.context:
        raise nothing
    elif action == "undo" and not history.is_older_than_process(moved[0]["seq"] if moved else None):
        # What this process has done and the application does not know any more cannot be undone here as before.
        raise nothing
    if action == "undo":
        return lambda: history.undo(request)
    return lambda: history.redo(request, moved)


def _lost_error(host: Host) -> AppError:
    return AppError(
        "conflict",
        f"{host.name} discarded what could be redone when a later request failed: send again what was undone",
    )
