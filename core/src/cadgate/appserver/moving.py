"""Undo and redo as a client asks for them: by the application itself, or by the journal."""

from __future__ import annotations

from typing import Any, Callable

from cadgate.appserver import host_history
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.history import Request
from cadgate.appserver.host import Host
from cadgate.appserver.recovery import Recovery


def undo_or_redo(
    host: Host, recovery: Recovery | None, call: Call, action: str, persist: Callable[[Call, Any], None]
) -> dict[str, Any]:
    """Do what the `action`, `undo` or `redo`, means now; a dry run only checks. `persist` saves by a snapshot.

    Raises AppError `conflict` if there is nothing left.
    """
    if action == "undo" and recovery is not None and recovery.unsaved is not None:
        # What could not be saved is not in the journal, which leads to the state before it.
        label = recovery.unsaved
        if call.dry_run:
            return {"dry_run": True}
        recovery.roll_back_to_journal()
        return {"undone": label, "can_redo": False}
    if host.transactional:
        if not call.dry_run:
            return host_history.by_host(host, recovery, call, action, persist)
        host_history.require_possible(host, recovery, call, action)
        return {"dry_run": True}
    if recovery is None:
        raise AppError("conflict", f"This session has no history, so there is nothing to {action}")
    request = None if call.dry_run else Request(call.key, call.hash)
    if action == "undo" and not call.dry_run:
        recovery.prepare_undo()
    moved = recovery.history.undo(request) if action == "undo" else recovery.history.redo(request)
    return {"dry_run": True} if call.dry_run else moved
