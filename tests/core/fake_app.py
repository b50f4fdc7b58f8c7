"""The fake application as a real process, for tests of the wire, the journal, sessions and calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

FAKES = str(Path(__file__).parent.parent / "fakes")
if FAKES not in sys.path:
    sys.path.insert(0, FAKES)

from cadgate_fake.adapter import cadgate_adapter  # noqa: E402
from cadgate_fake.client import FakeClient, FakeConnectionError  # noqa: E402
from cadgate_fake.launcher import FakeLauncher  # noqa: E402
from cadgate_fake.settings import FakeSettings  # noqa: E402

from cadgate.artifacts.store import ArtifactStore  # noqa: E402
from cadgate.config.settings import Settings  # noqa: E402
from cadgate.dispatch.runtime import AdapterRuntime  # noqa: E402
from cadgate.dispatch.session import SessionRuntime  # noqa: E402
from cadgate.plugins.discovery import Found  # noqa: E402
from cadgate.sessions.session import Session  # noqa: E402
from cadgate.sessions.source import ManagedSource  # noqa: E402
from cadgate.sessions.spawn import Launch, spawn  # noqa: E402

T = TypeVar("T")

SECRET = "the secret of the tests"
PATIENCE = 10.0
"""Seconds after which a test that waits for an answer fails instead."""


class Control:
    """The file that tells the fake application how to misbehave."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "control.json"
        self._told: dict[str, Any] = {}

    def tell(self, **told: Any) -> None:
        """Change what is told; None takes a key back."""
        self._told = {key: value for key, value in {**self._told, **told}.items() if value is not None}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self._told))
        part.replace(self.path)


def fake_settings(control: Control | None = None, **more: Any) -> FakeSettings:
    """Settings with short times."""
    told = {"control": str(control.path)} if control is not None else {}
    short = {"grace_seconds": 0.3, "start_timeout_seconds": 10, "workers": 0, "recovery_spares": 0}
    return FakeSettings(**{**short, **told, **more})


def launch_of(folder: Path, settings: FakeSettings, *, journal: bool = True, restore: bool = True) -> Launch:
    """How to start one fake application below `folder`. Raises what the launcher raises."""
    launcher = FakeLauncher(settings)
    return Launch(
        plan=launcher.plan(),
        package="cadgate_fake",
        client=FakeClient,
        folder=folder / "session",
        log=folder / "fake.log",
        options=launcher.options(),
        start_seconds=settings.start_timeout_seconds,
        pool_size=settings.pool_size,
        journal=folder / "journal" if journal else None,
        restore=restore,
    )


# --- the wire, by hand -------------------------------------------------------------------------------------------


class Wire:
    """A raw connection to an in-application server: what is sent is exactly what a test says."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.notifications: list[dict[str, Any]] = []
        self._answers: dict[Any, dict[str, Any]] = {}
        self._number = 0

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def hello(self, secret: str = SECRET, protocol: Any = 1) -> dict[str, Any]:
        return self.call("session.hello", {"secret": secret, "protocol": protocol})

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    @staticmethod
    def frame(message: Any) -> bytes:
        body = json.dumps(message).encode()
        return struct.pack(">I", len(body)) + body

    def send(self, method: str, params: Any = None, **meta: Any) -> int:
        """Write one request; its id."""
        self._number += 1
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params or {}}
        if meta:
            message["meta"] = meta
        self.raw(self.frame(message))
        return self._number

    def cancel(self, number: int) -> None:
        self.raw(self.frame({"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": number}}))

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to request `number`; what else comes meanwhile is kept."""
        while number not in self._answers:
            self._take()
        return self._answers.pop(number)

    def call(self, method: str, params: Any = None, **meta: Any) -> dict[str, Any]:
        return self.answer(self.send(method, params, **meta))

    def mutate(self, method: str, params: Any = None, **meta: Any) -> dict[str, Any]:
        """Call a mutation as the gateway does."""
        return self.call(method, params, **{"mutates": True, "key": f"gw-test-{os.urandom(8).hex()}", **meta})

    def create(self, name: str | None = None, value: Any = 0, **meta: Any) -> dict[str, Any]:
        return self.mutate("items.create", item(name, value), **{"names": "name", **meta})

    def names(self) -> list[str]:
        """The items that there are."""
        answer = self.call("items.list", {"limit": 10_000, "offset": 0, "fields": None})
        return [each["name"] for each in answer["result"]["objects"]]

    def begun(self, method: str) -> None:
        """Wait until the application says that it works on `method`."""
        expected = {"topic": "work", "data": {"state": "begun", "method": method}}
        while {"jsonrpc": "2.0", "method": "event", "params": expected} not in self.notifications:
            self._take()

    def closed(self) -> bool:
        """Read until the peer closes; whether it did. Raises TimeoutError when it does neither."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def _take(self) -> None:
        (length,) = struct.unpack(">I", self._exactly(4))
        message = json.loads(self._exactly(length))
        if "method" in message:
            self.notifications.append(message)
        else:
            self._answers[message["id"]] = message

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self.socket.recv(min(size - len(data), 1 << 20))
            if not chunk:
                raise EOFError(f"the server closed the connection after {bytes(data)!r}")
            data += chunk
        return bytes(data)


def item(name: str | None = None, value: Any = 0, on_conflict: str = "error") -> dict[str, Any]:
    """Parameters of `items.create`, complete as they travel."""
    return {"name": name, "value": value, "on_conflict": on_conflict}


class RawApplication:
    """A fake application without a session: started, spoken to by `Wire`, killed, started again."""

    def __init__(self, folder: Path, settings: FakeSettings | None = None, *, journal: bool = True) -> None:
        self.folder = folder
        self.settings = settings or fake_settings()
        self._journaled = journal
        self._lifeline = -1
        self.popen: subprocess.Popen[bytes]
        self.about: dict[str, Any] = {}

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def log(self) -> str:
        return (self.folder / "fake.log").read_text()

    def start(self, *, restore: bool = True) -> RawApplication:
        """Start it and wait until it is ready; `about` is what it says of itself, or the error."""
        launch = launch_of(self.folder, self.settings, journal=self._journaled, restore=restore)
        spawned = spawn(launch, SECRET)
        self.popen, self._lifeline = spawned.popen, spawned.lifeline
        with os.fdopen(spawned.ready, "rb") as file:
            told = file.read()
        self.about = json.loads(told) if told else {"error": "it died"}
        return self

    @property
    def report(self) -> dict[str, Any]:
        """What the start restored."""
        return self.about["report"]

    def connect(self) -> Wire:
        """A new connection that has proved itself."""
        wire = Wire(self.about["port"])
        assert wire.hello()["result"]["adapter"] == "fake"
        return wire

    def kill(self) -> None:
        """End it as a crash does."""
        if self._lifeline >= 0:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(PATIENCE)
            os.close(self._lifeline)
            self._lifeline = -1

    def again(self) -> RawApplication:
        """Kill it and start it again."""
        self.kill()
        return self.start()


@contextmanager
def raw_application(
    folder: Path, settings: FakeSettings | None = None, *, journal: bool = True
) -> Iterator[RawApplication]:
    """A started application for the block."""
    application = RawApplication(folder, settings, journal=journal)
    try:
        yield application.start()
    finally:
        application.kill()


async def becomes(condition: Callable[[], T], *, seconds: float = PATIENCE) -> T:
    """Let the loop run until something is so; what it is then."""
    async with asyncio.timeout(seconds):
        while not (value := condition()):  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.002)
        return value


# --- sessions and runtimes ---------------------------------------------------------------------------------------


class Watched:
    """A session and what it told its listeners."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.events: list[tuple[str, dict[str, Any]]] = []
        session.listeners.append(lambda method, params: self.events.append((params["topic"], params["data"])))

    def states(self) -> list[str]:
        return [data["state"] for topic, data in self.events if topic == "status"]


@asynccontextmanager
async def fake_session(
    folder: Path, settings: FakeSettings | None = None, *, start: bool = True
) -> AsyncIterator[Watched]:
    """A session with a fake application, which is up unless `start` is False."""
    settings = settings or fake_settings()
    session = Session(
        "fake",
        ManagedSource(lambda: launch_of(folder, settings), settings.recovery_spares),
        mode="managed",
        max_queue=settings.max_queue,
        grace_seconds=settings.grace_seconds,
        overrun_seconds=settings.overrun_seconds or 5 * settings.grace_seconds,
        connection_error=FakeConnectionError,
    )
    watched = Watched(session, folder)
    session.start()
    try:
        if start:
            await session.ready.wait()
        yield watched
    finally:
        await session.stop(5)


def fake_runtime(folder: Path, settings: FakeSettings | None = None) -> AdapterRuntime:
    """The runtime of the fake adapter, not started."""
    found = Found("fake", "cadgate-fake", "1.0", "active", None, cadgate_adapter(), settings or fake_settings())
    gateway = Settings(state_dir=folder)
    return AdapterRuntime(found, gateway, ArtifactStore(folder / "artifacts"))


@asynccontextmanager
async def running(folder: Path, settings: FakeSettings | None = None) -> AsyncIterator[SessionRuntime]:
    """The session of the fake adapter with its application up."""
    async with fake_runtime(folder, settings) as runtime:
        await runtime.default.session.ready.wait()
        yield runtime.default
