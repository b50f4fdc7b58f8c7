"""Turns a full disk into an error for the client, rather than a defect of the gateway."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager

from cadgate.errors import CommandExecutionError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def reporting_full_disk() -> Generator[None]:
    """Raise CommandExecutionError if the block fails because the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise CommandExecutionError(
            f"The file could not be saved ({error.strerror}): free space on the gateway's disk, or remove artifacts",
            details={"reason": error.strerror},
        ) from error
