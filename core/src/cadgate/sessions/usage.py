"""How much memory the application of a session takes, and how much disk its folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from cadgate.errors import ApplicationRestarted, CadgateError, MemoryExceeded
from cadgate.sessions.session import Session

FORGET_SECONDS = 60.0
"""After this long below its limit, it counts as the first time again."""
MAX_ATTEMPTS = 3
"""After so many ends in a row the document itself needs too much, and the session is not restored again."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Return the resident memory of the largest process of an application; 0 if it has ended.

    Not of all together: a forked copy, which writes a snapshot, shares its memory with the application.
    """
    return max((_resident(each) for each in _tree(pid)), default=0)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from _tree(int(child))
    except OSError:  # it ended meanwhile, or this is no Linux
        return


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def folder_bytes(folder: Path) -> int:
    """Return how much the files below a folder take."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += folder_bytes(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    except OSError:  # it was removed meanwhile
        return total
    return total


class MemoryWatch:
    """Ends an application that takes more memory than it may. It is restored; what makes it grow again is refused."""

    def __init__(self, session: Session, limit: int) -> None:
        self._session = session
        self._limit = limit
        self._times = 0
        self._last = 0.0
        self._pid: int | None = None

    def check(self) -> bool:
        """End the application if it takes too much. Returns whether that was once too often."""
        pid, now = self._session.status().pid, time.monotonic()
        if pid is None or pid == self._pid or not self._session.ready.is_set():
            return False
        used = resident_bytes(pid)
        if used <= self._limit:
            if self._times and now - self._last > FORGET_SECONDS:
                self._times = 0
            return False
        self._pid, self._last = pid, now
        self._times += 1
        self._session.restart(f"it took {used} bytes of memory, and may take {self._limit}")
        return self._times >= MAX_ATTEMPTS

    def forget(self) -> None:
        """Begin anew."""
        self._times, self._pid = 0, None

    def cause(self, error: ApplicationRestarted) -> CadgateError | None:
        """Return the error for a call during which the application was ended; None if it ended for another reason."""
        if not self._times or time.monotonic() - self._last > FORGET_SECONDS or not error.details.get("running"):
            return None
        if self._times == 1:
            return ApplicationRestarted(
                f"The application took more memory than session_memory_bytes allows ({self._limit}) while it ran this; "
                "it was ended, and its document is being restored. If it takes as much again, the answer is 507",
                details={**error.details, "limit": "session_memory_bytes", "maximum": self._limit},
            )
        return self.exceeded()

    def exceeded(self) -> MemoryExceeded:
        """Return the 507."""
        return MemoryExceeded(
            f"This needs more memory than session_memory_bytes allows ({self._limit}), again: the application was "
            "ended, and its document is as it was before. Use fewer or simpler objects, or have the limit raised",
            details={"limit": "session_memory_bytes", "maximum": self._limit},
        )
