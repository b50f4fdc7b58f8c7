"""Runs one process at a time: confined, with limited output read line by line, and never outliving its block."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from typing import Any, Callable, Generator, Iterator

from cadgate_openscad.app import confined

MAX_LINES = 1000
MAX_IMPORTANT = 100
"""Additional lines, for what must not be lost in a flood of output."""
MAX_LINE = 2000
TELL_SECONDS = 0.1
DISPLAY_SECONDS = 15.0

Tell = Callable[[list], None]


class Output:
    """The first lines of what a process printed, and how many more there were. Long lines are cut.

    `weigh` says whether a line is worthless (0), useful (1), or must be kept even if there are many (2).
    """

    def __init__(self, tell: Tell | None = None, weigh: Callable[[str], int] = lambda line: 1) -> None:
        self.lines: list[str] = []
        self.left_out = 0
        self._weigh = weigh
        self._tell = tell
        self._told = 0
        self._last = 0.0
        self._rest = b""
        self._cutting = False

    def take(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            if not self._cutting:
                self._add(line)
            self._cutting = False
        if len(self._rest) > MAX_LINE:
            if not self._cutting:
                self._add(self._rest)
            self._rest, self._cutting = b"", True
        if self._tell is not None and time.monotonic() - self._last >= TELL_SECONDS:
            self.tell()

    def end(self) -> None:
        if self._rest and not self._cutting:
            self._add(self._rest)
        self._rest = b""
        self.tell()

    def tell(self) -> None:
        if self._tell is not None and self._told < len(self.lines):
            self._tell(self.lines[self._told :])
            self._told = len(self.lines)
        self._last = time.monotonic()

    def _add(self, line: bytes) -> None:
        text = line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r") + ("…" if len(line) > MAX_LINE else "")
        weight = self._weigh(text)
        if weight == 0:
            return
        if len(self.lines) < (MAX_LINES if weight == 1 else MAX_LINES + MAX_IMPORTANT):
            self.lines.append(text)
        else:
            self.left_out += 1


def environment(**more: str) -> dict[str, str]:
    """Return our environment without the gateway's variables, with English messages, because they are parsed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
    return {**kept, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **more}


@contextlib.contextmanager
def started(
    argv: list[str],
    *,
    readable: list[str] | None = None,
    writable: list[str] | None = None,
    memory: int | None = None,
    file_size: int | None = None,
    **options: Any,
) -> Generator[subprocess.Popen, None, None]:
    """Start a process in our own group, which ends with this one; it is killed if the block is left earlier."""
    settings = {
        "parent": os.getpid(),
        "readable": readable,
        "writable": writable or [],
        "memory": memory,
        "file_size": file_size,
    }
    script = os.path.abspath(confined.__file__)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", script, json.dumps(settings), *argv], stdin=subprocess.DEVNULL, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def run(
    argv: list[str], folder: str, env: dict[str, str], output: Output | None = None, **limits: Any
) -> tuple[int, Output]:
    """Return the exit code of a program, negative for a signal, and what it printed."""
    output = output or Output()
    with started(argv, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **limits) as process:
        with process.stdout as pipe:
            for data in _chunks(pipe.fileno()):
                output.take(data)
        code = process.wait()
    output.end()
    return code, output


def _chunks(descriptor: int) -> Iterator[bytes]:
    while True:
        data = os.read(descriptor, 65536)
        if not data:
            return
        yield data


@contextlib.contextmanager
def display(xvfb: str | None) -> Generator[dict[str, str], None, None]:
    """Yield the variables that name an X server: the existing one, or one of our own for the block.

    Raises LookupError if there is none.
    """
    if os.environ.get("DISPLAY"):
        yield {}
        return
    if xvfb is None:
        raise LookupError
    read, write = os.pipe()
    argv = [xvfb, "-displayfd", str(write), "-screen", "0", "16x16x24", "-nolisten", "tcp"]
    try:
        with started(argv, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            os.close(write)
            write = -1
            yield {"DISPLAY": f":{_number(read, process)}"}
    finally:
        os.close(read)
        if write >= 0:
            os.close(write)


def _number(descriptor: int, process: subprocess.Popen) -> int:
    """Return the number that the X server reports when it is ready. Raises LookupError if it does not start."""
    until = time.monotonic() + DISPLAY_SECONDS
    data = b""
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        more = os.read(descriptor, 64) if ready else b""
        if not more:
            raise LookupError
        data += more
    return int(data)
