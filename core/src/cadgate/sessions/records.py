"""What is known of a session whether it has a process or not, and where that is written: beside its files.

`sessions/{id}/session.json` is the record of a session; `sessions/.ended/{id}.json` of one that has ended, for a day.
A folder without a record belongs to nobody, and is removed at the next start.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from cadgate.security.private import make_folder, replace_file

FILE = "session.json"
ENDED = ".ended"
ENDED_SECONDS = 24 * 3600.0
"""How long the id of a session that has ended is remembered."""
ID = re.compile(r"[0-9a-f]{32}\Z")
_REMOVED = ".removed"

Reason = Literal["deleted", "expired", "deadline_exceeded"]
"""Why a session has ended; the last: it had not got its place by the deadline of the request that made it."""


@dataclass(slots=True, eq=False)
class SessionRecord:
    """One session as it is written. Times are seconds since the epoch."""

    id: str
    application: str
    owner: str
    created: float
    last_used: float
    name: str | None = None
    idle_seconds: float | None = None
    expires: float | None = None
    labels: dict[str, str] = field(default_factory=dict[str, str])
    objects: int | None = None
    """How many objects it had when they were counted last."""
    key: str | None = None
    """Of the request that made it: its idempotency key with its caller, hashed."""
    digest: str | None = None
    """The hash of that request."""
    opening: str | None = None
    """The artifact that it is still to open."""
    ended: float | None = None
    reason: Reason | None = None
    """Why it has ended."""


def record_in(folder: Path) -> SessionRecord | None:
    """Return the record in the folder of a session; None if there is none that can be read."""
    try:
        return SessionRecord(**json.loads((folder / FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class SessionFolders:
    """The folder `sessions`: those of the sessions, and the records of those that have ended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ended = root / ENDED

    def of(self, identifier: str) -> Path:
        """Return the folder of a session."""
        return self.root / identifier

    def write(self, record: SessionRecord) -> None:
        """Write the record of a session that lives. Raises OSError."""
        replace_file(self.of(record.id) / FILE, json.dumps(asdict(record)).encode())

    def end(self, record: SessionRecord) -> None:
        """Remember that a session has ended, and remove its files. Raises OSError if not even that can be written."""
        make_folder(self._ended)
        replace_file(self._ended / f"{record.id}.json", json.dumps(asdict(record)).encode())
        self.discard(record.id)

    def discard(self, identifier: str) -> None:
        """Remove the files of a session."""
        trash = self.root / f".{identifier}{_REMOVED}"
        with contextlib.suppress(FileNotFoundError):
            self.of(identifier).rename(trash)
        shutil.rmtree(trash, ignore_errors=True)

    def forget(self, identifier: str) -> None:
        """Forget a session that has ended."""
        (self._ended / f"{identifier}.json").unlink(missing_ok=True)

    def read(self) -> tuple[list[SessionRecord], list[SessionRecord]]:
        """Return the sessions that live, and those that have ended. Removes what belongs to neither."""
        make_folder(self.root)
        ended = {record.id: record for record in self._records(self._ended.glob("*.json"))}
        for identifier, record in list(ended.items()):
            if record.ended is None or time.time() - record.ended > ENDED_SECONDS:
                self.forget(identifier)
                del ended[identifier]
        living: list[SessionRecord] = []
        for path in self.root.iterdir():
            if path.name.endswith(_REMOVED) and path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)
            elif ID.match(path.name):
                found = None if path.name in ended else next(self._records([path / FILE]), None)
                if found is not None and found.id == path.name:
                    living.append(found)
                elif path.name in ended or not (path / FILE).exists():
                    self.discard(path.name)
        return sorted(living, key=lambda record: record.created), list(ended.values())

    @staticmethod
    def _records(paths: Iterator[Path] | list[Path]) -> Iterator[SessionRecord]:
        for path in paths:
            with contextlib.suppress(OSError, ValueError, TypeError):
                yield SessionRecord(**json.loads(path.read_bytes()))
