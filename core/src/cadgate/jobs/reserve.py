"""Space on the disk that is kept, so that the end of a job can be recorded although the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cadgate.errors import CommandExecutionError

SIZE = 1024 * 1024


class DiskFull(CommandExecutionError):
    """The file of the jobs cannot grow."""


class Reserve:
    """A file of `SIZE` bytes that means nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> None:
        """Take the space, if there is enough."""
        if self._path.exists():
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, SIZE)
        except OSError:
            self.release()
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Give the space away."""
        with contextlib.suppress(OSError):
            self._path.unlink()
