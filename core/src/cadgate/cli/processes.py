"""Ends the processes of a gateway: gracefully first, then by force."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

POLL_SECONDS = 0.05


@dataclass(slots=True)
class Family:
    """A process and all its descendants. Their identities include the start time, in case a pid is reused."""

    head: psutil.Process
    children: dict[int, psutil.Process] = field(default_factory=dict[int, psutil.Process])

    @classmethod
    def of(cls, pid: int) -> Family | None:
        """Return the family of process `pid`; None if it does not exist any more."""
        try:
            family = cls(psutil.Process(pid))
        except psutil.NoSuchProcess:
            return None
        family.find_children()
        return family

    def find_children(self) -> None:
        """Remember children that were started since."""
        with contextlib.suppress(psutil.Error):
            for child in self.head.children(recursive=True):
                self.children.setdefault(child.pid, child)

    def terminate(self) -> None:
        """Ask the head to end gracefully; it then ends its children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.head.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the head, at most `seconds`; return whether it ended. New children are remembered."""
        deadline = time.monotonic() + seconds
        while lives(self.head):
            if time.monotonic() >= deadline:
                return False
            self.find_children()
            time.sleep(POLL_SECONDS)
        return True

    def left(self, seconds: float) -> list[int]:
        """Wait up to `seconds` for all processes to end, and return the pids that still run."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [process.pid for process in (self.head, *self.children.values()) if lives(process)]
            if not alive or time.monotonic() >= deadline:
                return alive
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Kill what is left; the head first, so that it starts nothing new."""
        self.find_children()
        _kill((self.head, *self.children.values()))


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs. A zombie, which stays if a container has no init, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
