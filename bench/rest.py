"""Waits until processes do nothing by themselves, such as starting workers or writing a snapshot."""

from __future__ import annotations

import contextlib
import time

import psutil

from tests.gateway import eventually

REST_SECONDS = 1.0
"""For so long they must do nothing."""


def wait_for_rest(pid: int) -> None:
    """Wait until a process and everything below it are at rest. Raises AssertionError after two minutes."""
    eventually(lambda: _is_at_rest(pid), seconds=120, what=f"rest of the process {pid}")


def _is_at_rest(pid: int) -> bool:
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(REST_SECONDS)
    return cpu_seconds(pid) - before < 0.02 * (time.monotonic() - began)


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its descendants, which other work hardly affects."""
    used = 0.0
    head = psutil.Process(pid)
    for process in (head, *head.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used
