"""A disk without room is nobody's defect: whoever wanted to keep a file is told so."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager

from cadgate.errors import CommandExecutionError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def reporting_full_disk() -> Generator[None]:
    """Raise CommandExecutionError for an OSError of the block that says that the disk takes no more."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise CommandExecutionError(
            f"The file could not be kept ({error.strerror}): make room on the gateway's disk, or remove artifacts",
            details={"reason": error.strerror},
        ) from error
