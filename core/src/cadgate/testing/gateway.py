"""Runs a real gateway as a child process, for tests, and waits for conditions."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import httpx

T = TypeVar("T")

START_SECONDS = 90
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP. By default each loads those of the machine, which takes longer than most requests."""


def eventually(probe: Callable[[], T | None], *, seconds: float = 20, what: str = "the condition") -> T:
    """Return the first true value of `probe`, which is called every few milliseconds for up to `seconds`.

    What takes longer is asked for less often: looking takes processor time from what is waited for.

    :raises AssertionError: with the last value.
    """
    began = time.monotonic()
    while True:
        value = probe()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"{what} did not happen within {seconds} s; the last value was {value!r}")
        select.select([], [], [], min(0.01 + waited / 20, 0.05))


def free_port() -> int:
    """Return a TCP port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    """Whether a process is running; a zombie is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def innermost(pid: int) -> int:
    """Return the application's pid if `pid` is the sandbox around it. Children of the application are forked copies."""
    if Path(f"/proc/{pid}/comm").read_text().strip() != "bwrap":
        return pid
    return innermost(int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]))


class Running(Protocol):
    """The part of `subprocess.Popen` that is used of a gateway's process."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...


class Gateway:
    """`cadgate serve` on a port and a state folder of its own.

    :param environment: variables in addition to this process's, of which `CADGATE_*` are left out. For all the gateways
        of a run, `TEST_CADGATE_FREECAD_SANDBOX=none` sets `CADGATE_FREECAD_SANDBOX`.
    :param plugins: the text of its plugins.toml.
    :param python: the interpreter whose `cadgate` to run.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        environment: dict[str, str] | None = None,
        plugins: str | None = None,
        python: Path | str = sys.executable,
    ) -> None:
        self.state_dir = state_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment or {}
        self._plugins = plugins
        self._python = str(python)
        self._popen: Running | None = None
        self.log = state_dir / "test-gateway.log"
        self.headers: dict[str, str] = {}
        """What its own requests send: a key, if the gateway requires one."""

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        return self._started().pid

    def _started(self) -> Running:
        if self._popen is None:
            raise RuntimeError(f"{self!r} was not started")
        return self._popen

    def start(self, *, ready: bool = True) -> Self:
        """Start it, and wait until every enabled adapter is up (`ready`), or only until the gateway answers."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        plugins = self.state_dir / "plugins.toml"
        plugins.write_text(self._plugins or "")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
        environment |= {name[5:]: value for name, value in os.environ.items() if name.startswith("TEST_CADGATE_")}
        environment |= {
            "CADGATE_PORT": str(self.port),
            "CADGATE_STATE_DIR": str(self.state_dir),
            "CADGATE_PLUGINS": str(plugins),
            **self._environment,
        }
        self._popen = self._launched(environment)
        try:
            eventually(lambda: self._answers("/ready" if ready else "/health"), seconds=START_SECONDS, what=f"{self!r}")
        except BaseException:
            self.stop()
            raise
        return self

    def _launched(self, environment: dict[str, str]) -> Running:
        """Start the process."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self._python, "-m", "cadgate", "serve"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.state_dir,
                start_new_session=True,
            )

    def __repr__(self) -> str:
        return f"<Gateway {self.url}, log {self.log}>"

    def _answers(self, path: str) -> bool:
        if self._popen is not None and self._popen.poll() is not None:
            raise AssertionError(f"the gateway ended with {self._popen.returncode}:\n{self.log.read_text()[-4000:]}")
        if not self._listens():
            return False
        try:
            status = self._get(path, 5)[0]
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 or (status == 401 and path == "/health")  # a gateway that requires keys is alive too

    def _listens(self) -> bool:
        """Whether something listens on its port: this costs a fraction of a request that is refused."""
        with socket.socket() as probe:
            probe.settimeout(5)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _get(self, path: str, seconds: float) -> tuple[int, bytes]:
        """Return status and body. It is asked many times a second: a request of httpx takes several times as long."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def client(self, path: str = "", **options: Any) -> httpx.Client:
        """Return a client of this gateway, below `path`."""
        settings: dict[str, Any] = {"timeout": 120, "trust_env": False, "verify": _NO_CERTIFICATES, **options}
        return httpx.Client(base_url=self.url + path, **settings)

    def health(self, adapter: str) -> dict[str, Any]:
        """Return the whole envelope of `/health/{adapter}`."""
        return json.loads(self._get(f"/health/{adapter}", 10)[1])

    def application_pid(self, adapter: str) -> int:
        """Wait until the application is up, and return its pid."""
        return int(eventually(lambda: self.health(adapter).get("result", {}).get("pid"), what=f"{adapter} up"))

    def signal(self, number: int) -> None:
        self._started().send_signal(number)

    def wait(self, seconds: float = 30) -> int:
        """Wait for its end, and return the exit code."""
        return self._started().wait(seconds)

    def stop(self) -> int:
        """Stop it as an operator does, and return the exit code."""
        self._started().terminate()
        return self._started().wait(40)
