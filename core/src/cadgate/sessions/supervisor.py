"""Supervises a session's application: starts it, watches it, and restarts it after a crash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from cadgate.clients.base_client import BaseSocketClient
from cadgate.errors import ApplicationUnavailable, ConnectionFailed
from cadgate.sessions.absence import absence, log_tail, remedy
from cadgate.sessions.keeping import TOPIC, PersistenceProblems
from cadgate.sessions.process import StartFailed
from cadgate.sessions.source import Source
from cadgate.sessions.status import PING, Status

MAX_FAILED_STARTS = 5
RETRY_UNAVAILABLE = 15.0
NOTICE_SECONDS = 0.5
FIRST_PING_SECONDS = 10.0

NOTHING_WRONG: dict[str, None] = {"reason": None, "remedy": None, "log_tail": None}

Listener = Callable[[str, dict[str, Any]], None]
log = structlog.stdlib.get_logger("cadgate.session")


def _nothing() -> None:
    """Do nothing."""


class Supervisor:
    """Supervises the application that `source` connects to.

    It is restarted at once if it dies after it answered a ping. After five failed starts in a row it is `down` until
    `request_start`.
    """

    def __init__(self, name: str, source: Source, *, mode: str, connection_error: type[ConnectionFailed]) -> None:
        self.name = name
        self.connection_error = connection_error
        self.status = Status("starting", mode)
        """The state of the application, without the calls to it."""
        self.client: BaseSocketClient | None = None
        """The client of the application; None while it does not run."""
        self.ready = asyncio.Event()
        self.problems = PersistenceProblems()
        self.listeners: list[Listener] = []
        self.on_up: Callable[[], None] = _nothing
        """Called when the application can accept calls again."""
        self.on_end: Callable[[], None] = _nothing
        """Called when the application has ended, before its connections are closed."""
        self.on_absence: Callable[[], None] = _nothing
        """Called when the application is down or unavailable, so that no call waits for it."""
        self._source = source
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._over = asyncio.Event()
        self._ended_because: str | None = None

    def start(self) -> None:
        """Start to supervise, in a task of the running loop."""
        self._task = asyncio.create_task(self._supervise(), name=f"session-{self.name}")

    async def stop(self, seconds: float) -> None:
        """Stop the application, gracefully for `seconds`, and the supervision."""
        self._stopping = True
        self._wanted.set()
        self._set(state="down", reason="the gateway is stopping")
        try:
            await self._source.stop(seconds)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    async def suspend(self, seconds: float) -> None:
        """End the application, gracefully for `seconds`, and keep everything else. No call may be in flight."""
        self.client = None  # at once, so that no call is sent to what is about to end
        self.ready.clear()
        await self.stop(seconds)
        self._set(state="suspended", reason=None, pid=None)

    def resume(self, source: Source) -> None:
        """Supervise again after `suspend`, with the application of `source`."""
        self._source = source
        self._stopping, self._ended_because = False, None
        self._set(state="starting", **NOTHING_WRONG)
        self.start()

    def request_start(self) -> None:
        """Try to start again now, after `down` or `unavailable`."""
        self._wanted.set()

    def restart(self, reason: str) -> None:
        """Kill the application; it is restarted, and its document restored."""
        log.warning("application killed by the gateway", adapter=self.name, reason=reason)
        if self.client is not None:
            self._ended_because = reason
        self._source.kill()

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                await self._run_application()
                failures = 0
            except ApplicationUnavailable as error:
                self._set(state="unavailable", reason=error.message, remedy=error.details.get("remedy"))
                await self._wait_for_request(RETRY_UNAVAILABLE)
            except (StartFailed, ConnectionFailed, OSError) as error:
                failures += 1
                log.warning("application did not start", adapter=self.name, attempt=failures, error=str(error))
                if failures >= MAX_FAILED_STARTS and self.status.mode == "managed":
                    reason = f"it failed to start {failures} times in a row; the last time: {error}"
                    self._set(state="down", reason=reason, remedy=remedy(self.name), log_tail=log_tail(error))
                    await self._wait_for_request(None)
                    self._set(state="starting", **NOTHING_WRONG)
                    failures = 0
                else:
                    self._set(state="starting", reason=f"the last start failed: {error}", log_tail=log_tail(error))
                    await self._wait_for_request(min(5.0, 0.2 * 2**failures))
            except Exception as error:  # an adapter's launcher may raise anything; the others must go on
                log.exception("adapter failed to start its application", adapter=self.name)
                reason = f"the adapter failed: {type(error).__name__}: {error}"
                self._set(state="down", reason=reason, remedy=remedy(self.name))
                await self._wait_for_request(None)
                self._set(state="starting", **NOTHING_WRONG)

    async def _run_application(self) -> None:
        """Run the application once, from its start to its end."""
        client = await self._source.open(self._notified)
        try:
            await self._first_ping(client)
            self._came_up(client)
            ended = await self._source.closed()
            if self._ended_because is not None:
                ended, self._ended_because = f"was killed by the gateway: {self._ended_because}", None
            self.on_end()
        finally:
            self.ready.clear()
            self.client = None
            await client.disconnect()
        if not self._stopping:
            log.warning("application ended", adapter=self.name, how=ended)
            self._set(state="starting", pid=None, restarts=self.status.restarts + 1, reason=f"it {ended}")
            self.announce("down")
        self._over.set()

    def _came_up(self, client: BaseSocketClient) -> None:
        self._over.clear()
        self.client = client
        about = client.about
        self._set(state="up", application=about.get("application"), pid=about.get("pid"), **NOTHING_WRONG)
        self._set(lacking=about.get("lacking") or {})
        log.info("application up", adapter=self.name, application=about.get("application"), pid=about.get("pid"))
        for damage in self.problems.restored(self._source.report):
            log.error("a part of the session could not be restored", adapter=self.name, **damage)
        self.ready.set()
        self.on_up()
        self.announce("up" if self.status.restarts == 0 else "restarted")

    async def _first_ping(self, client: BaseSocketClient) -> None:
        """Ping the application. Raises StartFailed if it does not answer, after killing it."""
        ping, end = asyncio.ensure_future(client.call(PING, {})), asyncio.ensure_future(self._source.closed())
        try:
            await asyncio.wait({ping, end}, timeout=FIRST_PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ping.done() and ping.exception() is None:
                return
            self._source.kill()
            raise StartFailed(f"it did not answer its first ping, and {await end}")
        finally:
            ping.cancel()
            end.cancel()
            await asyncio.gather(ping, end, return_exceptions=True)

    async def _wait_for_request(self, seconds: float | None) -> None:
        self._wanted.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            pass

    def _set(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        if self.status.state in ("down", "unavailable"):
            self.on_absence()

    def publish(self, topic: str, data: Any) -> None:
        """Publish an event to the listeners that the application did not emit itself."""
        self._notified("event", {"topic": topic, "data": data})

    def announce(self, state: str, **more: Any) -> None:
        """Publish the state of the application."""
        status = self.status
        about = {"application": status.application, "pid": status.pid, "reason": status.reason}
        self.publish("status", {"status": state, "state": state, **about, **more})

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if params.get("topic") == TOPIC:
            self.problems.update(params["data"])
            return
        for listener in list(self.listeners):
            try:
                listener(method, params)
            except Exception:  # a listener's error must not end the session
                log.exception("a listener failed", adapter=self.name, method=method)

    async def until_noticed(self) -> None:
        """Wait briefly until the end of the process is noticed, whose connections are lost a moment before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_SECONDS):
                await self._over.wait()

    def absence(self, *, to_operator: bool = False) -> ConnectionFailed:
        """Return the error that says why the application cannot be called."""
        return absence(self.name, self.status, self.connection_error, to_operator=to_operator)
