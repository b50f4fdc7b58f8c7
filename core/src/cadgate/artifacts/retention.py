"""Limits the total size and the age of artifacts, as the settings say."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from cadgate.errors import LimitExceeded

_SWEEP_SECONDS = 60.0
"""How often the folder is searched for expired artifacts."""


class Retention:
    """The limits of one folder of artifacts. It costs nothing if there are no limits."""

    def __init__(self, root: Path, max_bytes: int | None, ttl_seconds: float | None) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._ttl = ttl_seconds
        self._used: int | None = None
        self._swept = 0.0
        self._lock = threading.Lock()

    def is_too_old(self, artifact: Path | os.DirEntry[str]) -> bool:
        """Whether an artifact is older than artifacts are kept."""
        if self._ttl is None:
            return False
        try:
            return time.time() - artifact.stat().st_mtime > self._ttl
        except OSError:
            return False

    def expired(self, size: int) -> Iterator[str]:
        """Yield the ids of expired artifacts. Searches once a minute, or if there is no space for `size` bytes."""
        if self._ttl is None:
            return
        now = time.monotonic()
        if self._swept and now - self._swept < _SWEEP_SECONDS and not self._lacks(size):
            return
        self._swept = now
        with os.scandir(self._root) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and self.is_too_old(entry):
                    yield entry.name

    def require(self, size: int) -> None:
        """Raise LimitExceeded if there is no space for `size` more bytes."""
        if self._lacks(size):
            raise LimitExceeded(
                f"There is no space for the file of {size} bytes: {self._kept()} bytes of artifacts are stored, and "
                f"the limit is {self._max_bytes} (max_artifact_bytes). Remove artifacts that are no longer needed",
                details={"size": size, "used": self._kept(), "maximum": self._max_bytes},
            )

    def add(self, size: int) -> None:
        """Count `size` more bytes, or fewer if it is negative."""
        with self._lock:
            if self._used is not None:
                self._used += size

    def _lacks(self, size: int) -> bool:
        return self._max_bytes is not None and self._kept() + size > self._max_bytes

    def _kept(self) -> int:
        with self._lock:
            if self._used is None:
                self._used = sum(_sizes(self._root))
            return self._used


def _sizes(root: Path) -> Iterator[int]:
    for path in root.iterdir():
        if not path.name.startswith("."):
            with contextlib.suppress(OSError):
                yield (path / "data").stat().st_size
