"""One application process: in its own group, with a lifeline, watched without polling, ended with all it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from cadgate.clients.base_client import BaseSocketClient, Notification
from cadgate.errors import ApplicationUnavailable
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import LaunchPlan, import_roots
from cadgate.sessions.sandbox import Sandbox

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
MAX_LOG = 5 * 1024 * 1024
TAIL = 4096
MAX_READY = 1024 * 1024
MAX_BOOT = 48 * 1024
"""Less than any pipe holds: nobody reads yet when it is written."""
KILL_SECONDS = 5.0
"""How long the end of a killed process may take to be known."""

log = structlog.stdlib.get_logger("cadgate.process")


class StartFailed(Exception):
    """The application did not come up; the text says why. `log_tail` is the end of what it printed.

    `crashed` says that it ended by itself, without a word.
    """

    def __init__(self, reason: str, log_tail: str | None = None, *, crashed: bool = False) -> None:
        super().__init__(reason)
        self.log_tail = log_tail
        self.crashed = crashed


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that is needed to start one process of an application."""

    plan: LaunchPlan
    package: str
    client: type[BaseSocketClient]
    folder: Path
    log: Path
    options: dict[str, object]
    start_seconds: float
    pool_size: int
    journal: Path | None = None
    restore: bool = True
    crashed: bool = False
    """Whether the start before this one ended by itself: what it died of twice is left out of what is restored."""
    sandbox: Sandbox | None = None
    standby: bool = False
    """Start with an empty document, and touch the journal only when told to take over."""


class Spawned(NamedTuple):
    """A process that was just started, and our ends of its pipes."""

    popen: subprocess.Popen[bytes]
    lifeline: int
    ready: int
    """Where it says that it is ready."""
    boot: int | None
    """Where one that stands by is told to take over."""
    address: str | None
    """That of a listener made for it."""


class ApplicationProcess:
    """A running application and the client that is connected to it. Made by `launch`, or by `stand_by`."""

    def __init__(self, spawned: Spawned, launch: Launch, secret: str) -> None:
        self._popen = spawned.popen
        self._lifeline = spawned.lifeline
        self._ready_end: int | None = spawned.ready
        self._boot_end = spawned.boot
        self._address = spawned.address
        self._launch = launch
        self._secret = secret
        self._log = launch.log
        self._loop = asyncio.get_running_loop()
        self.pid = spawned.popen.pid
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self.client: BaseSocketClient
        self.about: dict[str, Any] = {}
        self._reaping = threading.Lock()
        self._reaped = False
        threading.Thread(target=self._reap, name=f"cadgate-reap-{self.pid}", daemon=True).start()

    @classmethod
    async def launch(cls, launch: Launch, on_notification: Notification) -> ApplicationProcess:
        """Start the application and wait until it takes calls.

        Raises StartFailed when it ends first or takes too long, ApplicationUnavailable when it cannot be run at all.
        """
        process = await cls._spawned(launch)
        await process._come_up(on_notification)
        return process

    @classmethod
    async def stand_by(cls, launch: Launch) -> ApplicationProcess:
        """Start the application beside another one that has the journal. It serves only after `take_over`.

        Raises ApplicationUnavailable when it cannot be run at all.
        """
        return await cls._spawned(replace(launch, standby=True))

    async def take_over(self, on_notification: Notification, *, crashed: bool) -> None:
        """Become the session: restore what the journal tells, and take calls. Raises StartFailed.

        Nobody else may have the journal any more. `crashed` as in `Launch`.
        """
        if self._boot_end is None:
            raise RuntimeError("this application does not stand by")
        boot, self._boot_end = self._boot_end, None
        try:
            with os.fdopen(boot, "wb", buffering=0) as file:
                file.write(json.dumps({"restore": True, "crashed": crashed}).encode() + b"\n")
        except OSError as error:
            self.kill()
            raise StartFailed(f"it ended while it stood by ({error.strerror})", self.log_tail()) from error
        await self._come_up(on_notification)

    @classmethod
    async def _spawned(cls, launch: Launch) -> ApplicationProcess:
        secret = secrets.token_urlsafe(32)
        spawning = asyncio.get_running_loop().run_in_executor(None, spawn, launch, secret)
        try:
            spawned = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # The thread cannot be stopped: what it brings is ended when it comes.
            spawning.add_done_callback(lambda late: cls._discard(late, launch, secret))
            raise
        return cls(spawned, launch, secret)

    @classmethod
    def _discard(cls, late: asyncio.Future[Spawned], launch: Launch, secret: str) -> None:
        if not late.cancelled() and late.exception() is None:
            cls(late.result(), launch, secret).kill()

    async def _come_up(self, on_notification: Notification) -> None:
        launch = self._launch
        try:
            self.about = about = await self._ready(launch.start_seconds)
            self.client = launch.client(
                self._address or "127.0.0.1",
                about["port"],
                self._secret,
                pool_size=launch.pool_size,
                on_notification=on_notification,
            )
            await self.client.connect()
            if launch.sandbox is not None:
                # Its own number counts in the sandbox only; this one is that of the sandbox, which ends with it.
                self.client.about = {**self.client.about, "pid": self.pid}
        except BaseException:
            self.kill()
            # Two of them must never write to one journal.
            await asyncio.wait([self.exited], timeout=KILL_SECONDS)
            raise

    async def _ready(self, seconds: float) -> dict[str, Any]:
        """What the application says when it is ready: a line of JSON on a pipe of its own."""
        descriptor, self._ready_end = self._ready_end, None
        if descriptor is None:
            raise StartFailed("it ended before it was asked for", self.log_tail())
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, line = await self._loop.connect_read_pipe(_Line, pipe)
        try:
            async with asyncio.timeout(seconds):
                data = await line.complete
        except TimeoutError:
            raise StartFailed(f"it was not ready within {seconds:g} s", self.log_tail()) from None
        finally:
            transport.close()
        if not data:
            raise StartFailed("it ended while it started", self.log_tail(), crashed=True)
        try:
            about: dict[str, Any] = json.loads(data)
            if "error" in about:
                raise StartFailed(str(about["error"]), self.log_tail())
            about["port"] = int(about["port"])
        except (ValueError, TypeError, KeyError) as error:
            raise StartFailed("what it said when it was ready cannot be understood", self.log_tail()) from error
        return about

    def log_tail(self) -> str:
        """The end of what the application printed."""
        try:
            with self._log.open("rb") as file:
                file.seek(max(0, self._log.stat().st_size - TAIL))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _reap(self) -> None:
        """Wait for the end; end what is left of the group before its number can be used again."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._kill_group()
            code = self._popen.wait()
            self._reaped = True
        os.close(self._lifeline)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._ended, code)

    def _ended(self, code: int) -> None:
        self._close_pipes()
        if not self.exited.done():
            self.exited.set_result(code)

    def _close_pipes(self) -> None:
        """Those that nobody has taken."""
        for descriptor in (self._ready_end, self._boot_end):
            if descriptor is not None:
                os.close(descriptor)
        self._ready_end = self._boot_end = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process and everything in its group, at once."""
        with self._reaping:
            if not self._reaped:
                self._kill_group()

    async def stop(self, seconds: float) -> None:
        """Ask it to end (it may write a snapshot), and kill it when it has not after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self.client.send_command("session.shutdown", {}, deadline_ms=seconds * 1000)
                await asyncio.shield(self.exited)
        except Exception as error:  # noqa: BLE001 - whatever it answers or not, it is going to end
            log.info("an application did not end by itself and is killed", pid=self.pid, why=repr(error))
        finally:
            self.kill()
            await self.client.disconnect()
        await asyncio.wait([self.exited], timeout=KILL_SECONDS)


class _Line(asyncio.Protocol):
    """Collects one line. It ends at its newline: a wrapper around the application may hold the pipe open for ever."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.complete: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if b"\n" in data or len(self._data) > MAX_READY:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.complete.done():
            self.complete.set_result(bytes(self._data))


def _environment(launch: Launch, boot: int) -> dict[str, str]:
    """A clean one: what a shell or a pyenv put into ours must not change how the application behaves."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    if launch.sandbox is not None:
        kept = sandbox.environment(kept)
    return {
        "LANG": "C.UTF-8",
        **kept,
        "PATH": SYSTEM_PATH,
        "HOME": str(launch.folder / "home"),
        "TMPDIR": str(launch.folder / "tmp"),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CADGATE_LIB": str(launch.folder / "lib"),
        "CADGATE_BOOT": str(boot),
        **launch.plan.environment,
    }


def _prepare_folders(launch: Launch) -> None:
    for name in ("workspace", "home", "tmp", "lib"):
        (launch.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    for root in import_roots(launch.package):
        link = launch.folder / "lib" / os.path.basename(root)
        # Left alone where it is right: another application of this session may be importing through it.
        if not link.is_symlink() or os.readlink(link) != root:
            link.unlink(missing_ok=True)
            link.symlink_to(root)
    launch.log.parent.mkdir(parents=True, exist_ok=True)
    if launch.log.exists() and launch.log.stat().st_size > MAX_LOG:
        launch.log.replace(launch.log.with_suffix(".1.log"))


def _command(launch: Launch) -> list[str]:
    """What to run, in its sandbox where there is one."""
    if launch.sandbox is None:
        return list(launch.plan.argv)
    own = [launch.folder / name for name in ("workspace", "home", "tmp")]
    journal = [] if launch.journal is None else [launch.journal]
    for folder in (*own, *journal, *launch.sandbox.writable):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    roots = [*import_roots(launch.package), str(launch.folder / "lib")]
    return launch.sandbox.command(launch.plan, [*own, *journal], roots, launch.folder / "workspace")


def spawn(launch: Launch, secret: str) -> Spawned:
    """Start the process.

    Raises ApplicationUnavailable when there is no such program, OSError, ValueError.
    """
    _prepare_folders(launch)
    lifeline_read, lifeline_write = os.pipe()
    ready_read, ready_write = os.pipe()
    boot_read, boot_write = os.pipe()
    listener, address = (None, None) if launch.sandbox is None else sandbox.listen()
    boot = {
        "secret": secret,
        "workspace": str(launch.folder / "workspace"),
        "settings": launch.options,
        "journal": None if launch.journal is None else str(launch.journal),
        "restore": launch.restore,
        "crashed": launch.crashed,
        "standby": launch.standby,
        "lifeline": lifeline_read,
        "ready": ready_write,
        "listener": None if listener is None else listener.fileno(),
    }
    theirs = [lifeline_read, ready_write, boot_read]
    try:
        told = json.dumps(boot).encode() + b"\n"
        if len(told) > MAX_BOOT:
            raise ValueError(f"the launcher's options are {len(told)} bytes long; at most {MAX_BOOT} fit")
        os.write(boot_write, told)
        with launch.log.open("ab") as log:
            popen = subprocess.Popen(
                _command(launch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=launch.folder / "workspace",
                env=_environment(launch, boot_read),
                pass_fds=[*theirs, *([] if listener is None else [listener.fileno()])],
                start_new_session=True,
            )
    except BaseException as error:
        for descriptor in (lifeline_write, ready_read, boot_write):
            os.close(descriptor)
        if isinstance(error, (FileNotFoundError, PermissionError, NotADirectoryError)):
            raise ApplicationUnavailable(f"{launch.plan.argv[0]!r} cannot be run: {error.strerror}") from error
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
        if listener is not None:
            listener.close()
    if launch.standby:
        return Spawned(popen, lifeline_write, ready_read, boot_write, address)
    os.close(boot_write)
    return Spawned(popen, lifeline_write, ready_read, None, address)
