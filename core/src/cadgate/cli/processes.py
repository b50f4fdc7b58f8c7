"""The processes of a gateway, and their end: gracefully first, then not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

POLL_SECONDS = 0.05


@dataclass(slots=True)
class Family:
    """A process with all that it started. Identities include the start time: a reused number is somebody else."""

    head: psutil.Process
    children: dict[int, psutil.Process] = field(default_factory=dict[int, psutil.Process])

    @classmethod
    def of(cls, pid: int) -> Family | None:
        """None if there is no such process any more."""
        try:
            family = cls(psutil.Process(pid))
        except psutil.NoSuchProcess:
            return None
        family.look()
        return family

    def look(self) -> None:
        """Note children that were started since."""
        with contextlib.suppress(psutil.Error):
            for child in self.head.children(recursive=True):
                self.children.setdefault(child.pid, child)

    def terminate(self) -> None:
        """Ask the head to end gracefully; it ends its children itself."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.head.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait until the head is gone, at most `seconds`. Children that appear meanwhile are noted."""
        deadline = time.monotonic() + seconds
        while lives(self.head):
            if time.monotonic() >= deadline:
                return False
            self.look()
            time.sleep(POLL_SECONDS)
        return True

    def left(self, seconds: float) -> list[int]:
        """What still lives after waiting up to `seconds` for all of it to end."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [process.pid for process in (self.head, *self.children.values()) if lives(process)]
            if not alive or time.monotonic() >= deadline:
                return alive
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Kill what is left, the head first, so that it starts nothing anew."""
        self.look()
        _kill((self.head, *self.children.values()))


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs. One that ended and that nobody has collected (no init in a container) does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
