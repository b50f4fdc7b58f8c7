"""Space on the disk that is kept, so that the end of a job can be recorded although the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

from cadgate.errors import CommandExecutionError

SIZE = 1024 * 1024
SLICE = SIZE // 16
"""What is given away at once: enough for the end of a job, and little enough that others leave some for the next."""


class DiskFull(CommandExecutionError):
    """The file of the jobs cannot grow."""


class Reserve:
    """A file of `SIZE` bytes that means nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole = False

    def keep(self) -> None:
        """Take the space, if it is not kept already and there is enough."""
        if self._whole:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            try:
                os.posix_fallocate(descriptor, 0, SIZE)
                self._whole = True
            except OSError:
                os.ftruncate(descriptor, before)
        finally:
            os.close(descriptor)

    def release(self) -> bool:
        """Give a slice of the space away, and return whether there was any."""
        self._whole = False
        size = self._path.stat().st_size if self._path.exists() else 0
        if size:
            os.truncate(self._path, max(0, size - SLICE))
        return size > 0
