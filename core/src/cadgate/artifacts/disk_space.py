"""Turns a full disk into an error for the client, rather than a defect of the gateway."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cadgate.errors import CommandExecutionError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


FULL_BYTES = 64 * 1024
"""With less than this free, a disk is full: files need more for their folders and blocks."""


@contextmanager
def reporting_full_disk(folder: Path | None = None) -> Generator[None]:
    """Raise CommandExecutionError if the block fails because the disk is full.

    An application that cannot write may report something else: if `folder` has no space then, that is the reason.
    """
    try:
        yield
    except CommandExecutionError as error:
        if folder is not None and error.code == CommandExecutionError.code and "reason" not in error.details:
            with contextlib.suppress(OSError):
                found = os.statvfs(folder)
                if found.f_bavail * found.f_frsize < FULL_BYTES:
                    reason = os.strerror(errno.ENOSPC)
                    raise CommandExecutionError(
                        f"{error.message}. There is no space left on the gateway's disk ({reason}): free some, or "
                        "remove artifacts",
                        details={**error.details, "reason": reason},
                    ) from error
        raise
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise CommandExecutionError(
            f"The file could not be saved ({error.strerror}): free space on the gateway's disk, or remove artifacts",
            details={"reason": error.strerror},
        ) from error
