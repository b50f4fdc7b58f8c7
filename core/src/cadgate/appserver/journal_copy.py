"""Copies the journal of a session, for another session that begins with the same state.

Called by the application between two calls, or by anybody while no application has the journal.
"""

from __future__ import annotations

import os
import shutil
from typing import Protocol

from cadgate.appserver import lineage
from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import ABOUT, TAIL, UNDONE, share

PREFIX = "part-fork-"
"""How a copy in the journal's own folder is called; one that nobody fetched is removed at the next start."""


def copy_journal(source: str, target: str) -> None:
    """Copy every generation, also those that were undone, in `source` into the new folder `target`. Raises OSError.

    Snapshots are never written again, so both journals share their files by links where that is possible.
    """
    os.makedirs(target, mode=0o700)
    for name in sorted(os.listdir(source)):
        if not name.startswith(("gen-", UNDONE)):
            continue
        folder = os.path.join(target, name)
        os.mkdir(folder, 0o700)
        for file in os.listdir(os.path.join(source, name)):
            path = os.path.join(source, name, file)
            if file.startswith("snapshot") or file == ABOUT:
                share(path, os.path.join(folder, file))
            else:
                shutil.copyfile(path, os.path.join(folder, file))
    for name in (TAIL, lineage.FILE):
        if os.path.exists(os.path.join(source, name)):
            shutil.copyfile(os.path.join(source, name), os.path.join(target, name))


class Copied(Protocol):
    """The recovery of a session, as far as it is needed here."""

    def require_saved(self) -> None:
        """Raise AppError if the journal does not lead to the present state."""
        ...

    def copy_journal(self, name: str) -> str:
        """Copy the journal into a folder of this name in its own."""
        ...


def copied(recovery: Copied | None, name: str) -> dict[str, str]:
    """Copy the journal as it is now, and return the folder in the journal's own. Raises AppError, OSError."""
    if recovery is None:
        raise AppError("conflict", "This session has no journal, so that it cannot be copied")
    recovery.require_saved()
    return {"folder": recovery.copy_journal(PREFIX + name)}
