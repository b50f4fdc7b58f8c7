"""Starts gateways and other commands of tests by forking a process that has imported the gateway already.

Importing takes as long as all the rest of a gateway's start, and most of the time of other commands; there are some
hundreds of them in a run. Each is a process of its own in a session of its own, as one that is started by its command;
only what it imports is there before. The nursery ends those that are left when the process of the tests ends, in
whatever way that ends.

It is run by `python -m tests.nursery FD`, and gets a line of JSON from that socket for each of them.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import cadgate.cli.doctor
import cadgate.cli.execute
import cadgate.cli.lifecycle
import cadgate.cli.reports
import cadgate.cli.serve
import cadgate.cli.sessions
import cadgate.main


class Child:
    """A command that a nursery started: what `subprocess.Popen` has of a process, and as that has it.

    :param status: where its return code is read as soon as it has ended.
    """

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        self._one_at_a_time = threading.Lock()

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("cadgate", timeout or 0)
        return code

    def _ended(self, seconds: float | None) -> int | None:
        with self._one_at_a_time:
            if self.returncode is None and select.select([self._status], [], [], seconds)[0]:
                text = os.read(self._status, 100)
                os.close(self._status)
                self.returncode = int(text) if text else -signal.SIGKILL  # the nursery was killed, and so is it
            return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that forks, and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with other:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(other.fileno())],
                cwd=Path(__file__).parent.parent,
                pass_fds=[other.fileno()],
                start_new_session=True,
            )
        self._one_at_a_time = threading.Lock()

    def start(
        self,
        environment: dict[str, str],
        cwd: Path,
        log: Path,
        *,
        arguments: Sequence[str] = ("serve",),
        errors: Path | None = None,
        given: Path | None = None,
    ) -> Child:
        """Start `cadgate` with these arguments and this environment in this folder.

        :param log: where to what it prints is appended.
        :param errors: the same for its errors; in the log by default.
        :param given: what it reads; nothing by default.
        """
        wanted = {
            "arguments": list(arguments),
            "environment": environment,
            "cwd": str(cwd),
            "files": [str(given or os.devnull), str(log), str(errors or log)],
        }
        with self._one_at_a_time:
            self._socket.sendall(json.dumps(wanted).encode() + b"\n")
            text, ancillary, _, _ = self._socket.recvmsg(100, socket.CMSG_SPACE(4))
        if not text:
            raise RuntimeError(f"the nursery ended with {self._popen.wait(10)}")
        status = array.array("i")
        status.frombytes(ancillary[0][2][:4])
        return Child(int(text), status[0])


_own: dict[int, Nursery] = {}
_first = threading.Lock()


def nursery() -> Nursery:
    """The one of this process."""
    with _first:
        if os.getpid() not in _own:
            _own[os.getpid()] = Nursery()
        return _own[os.getpid()]


# --- in the nursery --------------------------------------------------------------------------------------------------


def _become(wanted: dict[str, Any]) -> None:
    """Be the command, in the child."""
    os.setsid()
    given, *printed = wanted["files"]
    opened = [os.open(given, os.O_RDONLY)]
    opened += [os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for path in printed]
    for number, descriptor in enumerate(opened):
        os.dup2(descriptor, number)
    os.closerange(3, 1 << 16)
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.path[0] = wanted["cwd"]
    sys.argv = ["cadgate", *wanted["arguments"]]
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    gc.enable()
    cadgate.cli.main()


def _serve(control: socket.socket) -> None:
    """Fork for each line, until there is nobody who could send one."""
    wakes, woken = os.pipe()
    for end in (wakes, woken):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    statuses: dict[int, int] = {}
    received = b""
    while True:
        ready = select.select([control, wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 100)
            _reap(statuses)
        if control not in ready:
            continue
        some = control.recv(1 << 20)
        if not some:
            break
        *lines, received = (received + some).split(b"\n")
        for line in lines:
            reads, writes = os.pipe()
            pid = os.fork()
            if pid == 0:
                _become(json.loads(line))
            statuses[pid] = writes
            socket.send_fds(control, [str(pid).encode()], [reads])
            os.close(reads)
    for pid in statuses:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _reap(statuses: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            writes = statuses.pop(pid)
            with suppress(BrokenPipeError):
                os.write(writes, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(writes)


if __name__ == "__main__":
    gc.disable()
    for adapter in entry_points(group="cadgate.adapters"):
        adapter.load()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
