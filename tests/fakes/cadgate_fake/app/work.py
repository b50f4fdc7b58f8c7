"""Work that takes time, does not stop, or ends the process; and results that are hard to send."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from cadgate.appserver import current, method
from cadgate_fake.app.host import STATE, wait_for_ever


def _here(state: str) -> None:
    """Tell that work has begun, so that nobody has to guess."""
    STATE["host"].emit("work", {"state": state, "method": current().method})


@method("work.sleep")
def sleep(*, seconds: float) -> dict[str, Any]:
    _here("begun")
    time.sleep(seconds)
    return {"value": seconds}


@method("work.lock")
def lock() -> dict[str, Any]:
    _here("begun")
    gate = threading.Lock()
    with gate:
        gate.acquire()
    return {}


@method("work.spin")
def spin() -> dict[str, Any]:
    _here("begun")
    while True:
        pass


@method("work.stuck")
def stuck(*, seconds: float) -> dict[str, Any]:
    """As native code is: no signal gets through."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    _here("begun")
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    return {"value": seconds}


@method("work.stubborn")
def stubborn() -> dict[str, Any]:
    """Catches what interrupts it, and goes on."""
    _here("begun")
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            wait_for_ever()


@method("work.crash")
def crash(*, how: str) -> dict[str, Any]:
    if how == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
        wait_for_ever()
    if how == "exit":
        sys.exit("the application was told to exit")
    os._exit(int(how or 9))


@method("work.answer")
def answer(*, how: str) -> Any:
    kind, _, size = how.partition(":")
    if kind == "bytes":
        return {"value": "x" * int(size)}
    if kind == "nested":
        deep: Any = "bottom"
        for _ in range(int(size)):
            deep = [deep]
        return {"value": deep}
    circle: list[Any] = []
    circle.append(circle)
    return {
        "surrogate": {"value": "\ud800 and on"},
        "nan": {"value": float("nan")},
        "set": {"value": {1, 2}},
        "circle": {"value": circle},
        "key": {"value": {(1, 2): 3}},
        "big": {"value": 2**80},
    }[kind]


@method("work.environment")
def environment() -> dict[str, Any]:
    return {
        "value": {
            "environment": dict(os.environ),
            "cwd": os.getcwd(),
            "path": sys.path,
            "descriptors": sorted(int(each) for each in os.listdir("/proc/self/fd")),
            "group": os.getpgid(0),
            "pid": os.getpid(),
        }
    }


@method("work.spawn")
def spawn() -> dict[str, Any]:
    """Start a child that would outlive the application."""
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import threading; threading.Event().wait()"])
    return {"value": child.pid}


@method("work.emit")
def emit(*, topic: str, count: int, size: int) -> dict[str, Any]:
    """Send events."""
    for number in range(count):
        STATE["host"].emit(topic, {"number": number, "text": "x" * size})
    return {"value": count}


@method("work.privileged")
def privileged() -> dict[str, Any]:
    return {"value": "done"}


@method("work.print")
def print_lines(*, lines: int) -> dict[str, Any]:
    for number in range(lines):
        print(f"line {number} " + "x" * 1000)
    sys.stdout.flush()
    return {"value": lines}
