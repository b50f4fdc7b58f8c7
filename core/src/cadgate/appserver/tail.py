"""Records where the journal ends, in a file of its own, to detect a log that was cut between two entries."""

from __future__ import annotations

import contextlib
import os
import zlib
from typing import NamedTuple

_LENGTH = len(b"00000000 000000 000000000000\n")


class End(NamedTuple):
    """The current generation, and its last entry."""

    number: int
    seq: int


class Tail:
    """A file that is overwritten in place. It may lag behind the log, which is no damage, but is never ahead of it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def read(self) -> End | None:
        """Return its content; None if there is no such file yet. Raises ValueError for a damaged one, OSError."""
        try:
            with open(self._path, "rb") as file:
                data = file.read(_LENGTH + 1)
        except FileNotFoundError:
            return None
        if len(data) != _LENGTH or data[:9] != b"%08x " % zlib.crc32(data[9:]):
            raise ValueError("wrong checksum")
        return End(int(data[9:15]), int(data[16:]))

    def write(self, end: End) -> None:
        """Record where the journal ends. If it cannot be written, it lags behind the log."""
        body = b"%06d %012d\n" % end
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
                os.ftruncate(self._file, _LENGTH)
            os.pwrite(self._file, b"%08x %s" % (zlib.crc32(body), body), 0)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
