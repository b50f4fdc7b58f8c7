"""Remembers what restorations died of, so that one bad entry cannot crash the application on every start."""

from __future__ import annotations

import contextlib
import os

MAX_DEATHS = 2
_FORMAT = b"%06d %012d\n"
_LENGTH = len(_FORMAT % (0, 0))


class Attempts:
    """A file with one line for each restoration that did not finish: the place it had reached.

    A place is a generation and an entry's number; entry 0 stands for the snapshot.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._deaths: list[bytes] = []

    def begin(self, *, crashed: bool) -> None:
        """Start a restoration. One before it that did not crash was ended from outside, so its place is not blamed."""
        with contextlib.suppress(OSError), open(self._path, "rb") as file:
            self._deaths = [line for line in file.read().splitlines(keepends=True) if len(line) == _LENGTH]
        if not crashed:
            self._deaths = self._deaths[:-1]
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, b"".join(self._deaths), 0)

    def may_try(self, number: int, seq: int) -> bool:
        """Whether this place may be tried; if so, record it, so that a crash is counted against it.

        Always true after `end`.
        """
        if self._file is None:
            return True
        place = _FORMAT % (number, seq)
        if self._deaths.count(place) >= MAX_DEATHS:
            return False
        os.pwrite(self._file, place, len(self._deaths) * _LENGTH)
        return True

    def end(self) -> None:
        """Forget all deaths, because the restoration finished."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        with contextlib.suppress(OSError):
            os.unlink(self._path)
