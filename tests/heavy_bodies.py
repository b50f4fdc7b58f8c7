"""Bodies that cost as much as a body can, and a second client that sees what others feel of them."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

SIZE = 16 * 1024 * 1024
LIMIT_SECONDS = 0.1
"""What no request may make another's `/health` wait."""
A_LOOK = 0.005
"""The seconds between two questions of a watcher, which may miss this much of a wait."""


def filled(unit: bytes, head: bytes = b"", tail: bytes = b"", size: int = SIZE) -> bytes:
    """`head`, `unit` as often as there is room for it, and `tail`."""
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


KINDS: dict[str, Callable[[], bytes]] = {
    "wrong items": lambda: filled(b"0,", b'{"vertices":[', b'0],"faces":[]}'),
    "empty lists": lambda: filled(b"[],", b'{"vertices":[', b'[]],"faces":[]}'),
    "empty objects": lambda: filled(b"{},", b'{"calls":[', b"{}]}"),
    "unknown fields": lambda: b"{" + b",".join(b'"k%07d":1' % number for number in range(SIZE // 13)) + b"}",
    "one key again and again": lambda: filled(b'"a":1,', b"{", b'"a":1}'),
    "fields of a map": lambda: b'{"properties":{' + b",".join(b'"k%06d":{}' % n for n in range(150_000)) + b"}}",
    "deep": lambda: b"[" * SIZE,
    "deep again and again": lambda: filled(b"[" * 60 + b"]" * 60 + b",", b'{"a":[', b"1]}"),
    "a digit again and again": lambda: filled(b"1", b'{"size":', b"}"),
    "long numbers": lambda: filled(b"1" * 4200 + b",", b'{"vertices":[', b"1]}"),
    "a long text": lambda: filled(b"x", b'{"code":"', b'"}'),
    "escapes": lambda: filled(b"\\u00e9", b'{"code":"', b'"}'),
    "texts": lambda: filled(b'"' + b"n" * 250 + b'",', b'{"objects":[', b'"n"]}'),
    "a long name": lambda: filled(b"k", b'{"', b'":1}'),
    "no text": lambda: filled(b"\xff", b'{"code":"', b'"}'),
    "nothing": lambda: filled(b" ", b"{", b"}"),
    "never ends": lambda: filled(b'{"a":'),
    "a full batch of wrong calls": lambda: json.dumps(
        {"calls": [{"method": "objects.list", "params": {str(n): 1 for n in range(15)}}] * 10_000}
    ).encode(),
    "a small body of unknown fields": lambda: b"{" + b",".join(b'"k%d":1' % n for n in range(6000)) + b"}",
}


def multipart(kind: str) -> tuple[str, bytes]:
    """Content type and body of an upload that is made to be slow."""
    part = b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n'
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n'
    body = {
        "parts": lambda: filled(part, b"", b"--b--\r\n"),
        "a long head": lambda: filled(b"h", b"--b\r\n"),
        "heads": lambda: filled(b"x-a: b\r\n", head),
        "nearly boundaries": lambda: filled(b"\r\n--", head + b"\r\n", b"\r\n--b--\r\n"),
    }[kind]()
    return "multipart/form-data; boundary=b", body


UPLOADS = ("parts", "a long head", "heads", "nearly boundaries")


class Watcher:
    """A second client, in a process of its own, that asks for some paths one after the other, all the time."""

    def __init__(self, port: int, pid: int, paths: tuple[str, ...], headers: dict[str, str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_watch, args=(port, pid, paths, headers, theirs), daemon=True)
        self._process.start()
        self._ours.recv()

    def worst(self) -> float:
        """The longest wait since the last question, in seconds, without what a busy machine adds to it."""
        self._ours.send(None)
        return self._ours.recv()

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _watch(port: int, pid: int, paths: tuple[str, ...], headers: dict[str, str], asked: Connection) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    worst = 0.0
    asked.send(None)
    while True:
        for path in paths:
            began, delayed = time.perf_counter(), _delays(pid)
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
            took = time.perf_counter() - began
            if took > worst:
                worst = max(worst, took - (_delays(pid) - delayed))
        if asked.poll(A_LOOK):
            asked.recv()
            asked.send(worst)
            worst = 0.0


def _delays(pid: int) -> float:
    """Seconds for which this process and the threads of another one were ready to run, and no processor was free."""
    tasks = [Path("/proc/self/schedstat"), *Path(f"/proc/{pid}/task").glob("*/schedstat")]
    total = 0
    for task in tasks:
        with suppress(OSError, IndexError):
            total += int(task.read_text().split()[1])
    return total / 1e9


@contextmanager
def watching(port: int, pid: int, *paths: str, headers: dict[str, str] | None = None) -> Generator[Watcher]:
    """A watcher of a gateway's process, which asks for `/health`, or for `paths`."""
    watcher = Watcher(port, pid, paths or ("/health",), headers or {})
    try:
        yield watcher
    finally:
        watcher.close()


def stall_of(watcher: Watcher, request: Callable[[], object], *, times: int = 8) -> float:
    """How long others waited at most for `request`: of several tries the best.

    A machine that is busy with other things makes single waits longer, a gateway that stops makes all of them so.
    """
    found: list[float] = []
    while len(found) < times and (not found or found[-1] > LIMIT_SECONDS):
        watcher.worst()
        request()
        found.append(watcher.worst())
    return min(found)
