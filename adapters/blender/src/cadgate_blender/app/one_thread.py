"""Renders with one thread: kept on one processor, because Blender uses two for them otherwise.

Its TBB (2021.13) has a defect: where one thread is allowed, a helper thread that has nothing to do asks for work again
and again, all the time. On the same processor as the one that renders, it always gives way.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import Any, Generator

_ENOUGH = 0.8
"""Which part of a processor's time a render must get to stay there."""
_FREE = 0.5
"""Which part of another processor's time must be unused for a render to move there."""


@contextmanager
def one_processor_for_one(scene: Any, place: int) -> Generator[None, None, None]:
    """Keep this process on one processor in the block if the scene is to be rendered by Cycles with one thread.

    `place` is the worker's among those that work: each begins on a processor of its own.
    """
    settings = scene.render
    alone = settings.engine == "CYCLES" and settings.threads_mode == "FIXED" and settings.threads == 1
    allowed: set[int] = os.sched_getaffinity(0) if alone and hasattr(os, "sched_setaffinity") else set()
    if len(allowed) < 2:
        yield
        return
    processor = sorted(allowed)[place % len(allowed)]
    _place({processor})
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(processor, allowed, over), daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
        _place(allowed)


def _watch(processor: int, allowed: set[int], over: threading.Event) -> None:
    """Keep the process on `processor`, or move it to another one when others leave it too little of that."""
    # Not all in step: two renders would leave the same processor for the same other one.
    period = 0.25 + os.getpid() % 97 / 200
    while True:
        began, used, unused = time.monotonic(), time.process_time(), _unused()
        if over.wait(period):
            return
        passed = time.monotonic() - began
        free = {each: (now - unused.get(each, now)) / passed for each, now in _unused().items() if each in allowed}
        found = better(processor, (time.process_time() - used) / passed, free)
        if found is not None:
            processor = found
            _place({processor})


def better(processor: int, share: float, free: dict[int, float]) -> int | None:
    """Return a processor on which a render gets more than its `share` of this one; None if there is none."""
    others = {each: part for each, part in free.items() if each != processor}
    if share >= _ENOUGH or not others:
        return None
    found = max(others, key=lambda each: others[each])
    return found if others[found] >= _FREE else None


def _place(processors: set[int]) -> None:
    for thread in os.listdir("/proc/self/task"):
        with suppress(OSError):  # it has ended, or this is not allowed here: then it stays where it is
            os.sched_setaffinity(int(thread), processors)


def _unused() -> dict[int, float]:
    """Return how many seconds each processor has had nothing to do since the machine started."""
    ticks = os.sysconf("SC_CLK_TCK")
    found: dict[int, float] = {}
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            name, *values = line.split()
            if name.startswith("cpu") and name != "cpu":
                found[int(name[3:])] = (int(values[3]) + int(values[4])) / ticks
    return found
