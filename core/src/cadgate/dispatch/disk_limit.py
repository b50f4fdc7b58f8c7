"""`DiskLimit`: how much the files of one session may take (`max_session_bytes`)."""

from __future__ import annotations

from pathlib import Path

import anyio.to_thread

from cadgate.errors import LimitExceeded
from cadgate.sessions.usage import folder_bytes

FREEING = frozenset(("delete", "remove", "clear", "undo", "close"))
"""Actions (`delete` of `objects.delete`) that are allowed in a session that is too large."""


class DiskLimit:
    """Measured now and then, after changes; what comes when it is too much is refused."""

    def __init__(self, folder: Path, maximum: int | None) -> None:
        self._folder = folder
        self._maximum = maximum
        self._measured_at: int | None = None
        self.used = 0

    async def measure(self, calls: int) -> None:
        """Measure the folder, if there is a limit and there were calls since it was measured last."""
        if self._maximum is None or calls == self._measured_at:
            return
        self._measured_at = calls
        self.used = await anyio.to_thread.run_sync(self._sum)

    def _sum(self) -> int:
        return sum(folder_bytes(self._folder / name) for name in ("workspace", "journal"))

    def require_room(self, method: str = "") -> None:
        """Raise LimitExceeded if the session is too large for what `method` does."""
        if self._maximum is None or self.used <= self._maximum or method.rpartition(".")[2] in FREEING:
            return
        raise LimitExceeded(
            f"The files of this session take {self.used} bytes, and may take {self._maximum} (max_session_bytes): "
            "delete what is not needed, or make another session",
            details={"limit": "max_session_bytes", "maximum": self._maximum, "used": self.used},
        )
