"""One application process: in a group of its own, with a lifeline, watched without polling."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from cadgate.clients.base_client import BaseSocketClient, Notification
from cadgate.errors import ApplicationUnavailable
from cadgate.sessions.spawn import Launch, Spawned, spawn
from cadgate.sessions.start_hints import hint, is_unread, missing_library

TAIL = 4096
MAX_QUOTED = 300
MAX_READY = 1024 * 1024
KILL_SECONDS = 5.0
"""How long to wait for the end of a killed process."""
IN_SANDBOX = (
    " in its sandbox, where it sees only the system's files and its own: list what else it needs in sandbox_readable, "
    'or set sandbox = "none"'
)

_STARTERS = ThreadPoolExecutor(thread_name_prefix="cadgate-start")
"""A sandbox dies with the thread that started it (`--die-with-parent`); these threads live as long as the gateway."""

log = structlog.stdlib.get_logger("cadgate.process")


def _discard(late: Future[Spawned]) -> None:
    """Kill an application that nobody awaits any more. Runs on the thread that started it."""
    if late.cancelled() or late.exception() is not None:
        return
    spawned = late.result()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(spawned.popen.pid, signal.SIGKILL)
    for descriptor in (spawned.lifeline, spawned.ready, spawned.boot):
        os.close(descriptor)
    spawned.popen.wait()


class StartFailed(Exception):
    """The application did not start; the text says why. `log_tail` is the end of its output.

    `crashed` says that it ended by itself, without reporting an error.
    """

    def __init__(self, reason: str, log_tail: str | None = None, *, crashed: bool = False) -> None:
        super().__init__(reason)
        self.log_tail = log_tail
        self.crashed = crashed


class ApplicationProcess:
    """A running application and the client that is connected to it. Created by `launch` or `stand_by`."""

    def __init__(self, spawned: Spawned, launch: Launch, secret: str) -> None:
        self._popen = spawned.popen
        self._lifeline = spawned.lifeline
        self._ready_end: int | None = spawned.ready
        self._boot_end: int | None = spawned.boot
        self._address = spawned.address
        self._launch = launch
        self._secret = secret
        self._log = launch.log
        self._log_start = spawned.log_start
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
        """Start the application and wait until it accepts calls.

        Raises StartFailed if it ends first or takes too long, ApplicationUnavailable if it cannot be run at all, or
        reports that it cannot serve, as one that is too old does.
        """
        process = await cls._spawned(launch)
        await process._come_up(on_notification)
        return process

    @classmethod
    async def stand_by(cls, launch: Launch) -> ApplicationProcess:
        """Start the application on standby, while another one has the journal. It serves only after `take_over`.

        Raises ApplicationUnavailable if it cannot be run at all.
        """
        return await cls._spawned(replace(launch, standby=True))

    async def take_over(self, on_notification: Notification, *, crashed: bool, folder: Path | None = None) -> None:
        """Make the standby application serve the session: restore it from the journal, and accept calls.

        No other application may have the journal any more. `crashed` is as in `Launch`. With `folder` it serves the
        session in that folder instead of its own. Raises StartFailed, ApplicationUnavailable.
        """
        if self._boot_end is None or not self._launch.standby:
            raise RuntimeError("this application is not on standby")
        boot, self._boot_end = self._boot_end, None
        try:
            with os.fdopen(boot, "wb", buffering=0) as file:
                file.write(json.dumps({"restore": True, "crashed": crashed, **_places(folder)}).encode() + b"\n")
        except OSError as error:
            self.kill()
            raise StartFailed(f"it ended while it was on standby ({error.strerror})", self.log_tail()) from error
        await self._come_up(on_notification)

    @classmethod
    async def _spawned(cls, launch: Launch) -> ApplicationProcess:
        secret = secrets.token_urlsafe(32)
        spawning = _STARTERS.submit(spawn, launch, secret)
        try:
            spawned = await asyncio.shield(asyncio.wrap_future(spawning))
        except asyncio.CancelledError:
            # The thread cannot be stopped: kill the application once it has started, even without the loop.
            spawning.add_done_callback(_discard)
            raise
        return cls(spawned, launch, secret)

    async def _come_up(self, on_notification: Notification) -> None:
        launch = self._launch
        client: BaseSocketClient | None = None
        try:
            self.about = about = await self._ready(launch.start_seconds)
            self.client = client = launch.client(
                self._address or "127.0.0.1",
                about["port"],
                self._secret,
                pool_size=launch.pool_size,
                on_notification=on_notification,
            )
            client.halves = launch.halves
            await client.connect()
            if launch.sandbox is not None:
                # Its own pid is valid in the sandbox only; this is the pid of the sandbox, which ends with it.
                client.about = {**client.about, "pid": self.pid}
        except BaseException:
            self.kill()
            if client is not None:
                await client.disconnect()
            # Two applications must never write to one journal.
            await asyncio.wait([self.exited], timeout=KILL_SECONDS)
            raise

    async def _ready(self, seconds: float) -> dict[str, Any]:
        """Return what the application reports when it is ready: a line of JSON on a pipe."""
        descriptor, self._ready_end = self._ready_end, None
        boot, self._boot_end = self._boot_end, None
        if descriptor is None:
            raise StartFailed("it ended before it was needed", self.log_tail())
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport: asyncio.BaseTransport | None = None
        try:
            transport, line = await self._loop.connect_read_pipe(_Line, pipe)
            async with asyncio.timeout(seconds):
                data = await line.complete
        except TimeoutError:
            raise StartFailed(f"it was not ready within {seconds:g} s", self.log_tail()) from None
        finally:
            # A session may be ended during any of these waits.
            (pipe if transport is None else transport).close()
            never_ran = is_unread(boot)
            if boot is not None:
                os.close(boot)
        if not data:
            raise StartFailed(self._why_it_ended(never_ran), self.log_tail(), crashed=True)
        try:
            about: dict[str, Any] = json.loads(data)
            if about.get("unavailable"):
                raise ApplicationUnavailable(_sentence(str(about["error"])), details={"remedy": about.get("remedy")})
            if "error" in about:
                raise StartFailed(str(about["error"]), self.log_tail())
            about["port"] = int(about["port"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StartFailed("its report when it was ready is invalid", self.log_tail()) from error
        return about

    def _why_it_ended(self, never_ran: bool) -> str:
        printed, sandboxed = self._printed(self._log_start), self._launch.sandbox is not None
        last = printed.rpartition("\n")[2].strip()[:MAX_QUOTED]
        said = f": the last line of its output is {last!r}" if last else ""
        why = missing_library(printed) or hint(self._launch.plan, never_ran=never_ran, sandboxed=sandboxed)
        where = IN_SANDBOX if sandboxed and why is None else ""
        return f"it ended while it started{where}{said}{f'; {why}' if why else ''}"

    def log_tail(self) -> str:
        """Return the end of the output since this start; if there is none, the end of earlier output."""
        return self._printed(self._log_start) or self._printed(0)

    def _printed(self, start: int) -> str:
        try:
            with self._log.open("rb") as file:
                file.seek(max(start, self._log.stat().st_size - TAIL))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _reap(self) -> None:
        """Wait for the end, then kill the rest of the group before the pid can be reused."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._kill_group()
            code = self._popen.wait()
            self._reaped = True
        os.close(self._lifeline)
        try:
            self._loop.call_soon_threadsafe(self._ended, code)
        except RuntimeError:  # the loop is closed, and nobody waits any more
            self._close_pipes()

    def _ended(self, code: int) -> None:
        self._close_pipes()
        if not self.exited.done():
            self.exited.set_result(code)

    def _close_pipes(self) -> None:
        """Close the pipes that are not in use."""
        for descriptor in (self._ready_end, self._boot_end):
            if descriptor is not None:
                os.close(descriptor)
        self._ready_end = self._boot_end = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill the process and everything in its group."""
        with self._reaping:
            if not self._reaped:
                self._kill_group()

    async def stop(self, seconds: float) -> None:
        """Ask the process to end (it may write a snapshot), and kill it if it has not after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self.client.send_command("session.shutdown", {}, deadline_ms=seconds * 1000)
                await asyncio.shield(self.exited)
        except Exception as error:  # noqa: BLE001 - it is killed in any case
            log.info("an application did not end by itself, so it is killed", pid=self.pid, why=repr(error))
        finally:
            self.kill()
            await self.client.disconnect()
        await asyncio.wait([self.exited], timeout=KILL_SECONDS)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _places(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    return {"workspace": str(folder / "workspace"), "journal": str(folder / "journal")}


class _Line(asyncio.Protocol):
    """Collects one line. It ends at its newline, because a wrapper of the application may never close the pipe."""

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
