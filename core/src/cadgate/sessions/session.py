"""A session: one supervised application. It is started, watched, restarted after a crash, and called."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.connection import Reply
from cadgate.errors import (
    ApplicationRestarted,
    ApplicationUnavailable,
    CadgateError,
    ConnectionFailed,
    DeadlineExceeded,
)
from cadgate.sessions.absence import absence, log_tail, remedy
from cadgate.sessions.calls import PING, SessionCalls
from cadgate.sessions.keeping import TOPIC, PersistenceProblems
from cadgate.sessions.process import StartFailed
from cadgate.sessions.source import Source
from cadgate.sessions.status import BUSY_AFTER, InFlight, Status

MAX_FAILED_STARTS = 5
RETRY_UNAVAILABLE = 15.0
NOTICE_SECONDS = 0.5
FIRST_PING_SECONDS = 10.0
PING_SECONDS = 0.8
"""Together with a call's grace, about a second, after which an application that has not answered is busy."""

NOTHING_WRONG: dict[str, None] = {"reason": None, "remedy": None, "log_tail": None}

Listener = Callable[[str, dict[str, Any]], None]
log = structlog.stdlib.get_logger("cadgate.session")


class Session:
    """Supervises the application that `source` connects to.

    It is restarted at once if it dies after it answered a ping. After five failed starts in a row it is `down` until
    `request_start`.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        mode: str,
        max_queue: int,
        grace_seconds: float,
        overrun_seconds: float,
        connection_error: type[ConnectionFailed],
    ) -> None:
        self.name = name
        self._source = source
        self._connection_error = connection_error
        self._status = Status("starting", mode)
        self._calls = SessionCalls(
            self, max_queue=max_queue, grace_seconds=grace_seconds, overrun_seconds=overrun_seconds
        )
        self._problems = PersistenceProblems()
        self._client: BaseSocketClient | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.ready = asyncio.Event()
        self._over = asyncio.Event()
        self._ended_because: str | None = None
        self._died_of: InFlight | None = None
        """The call that was running when the application last ended."""
        self.listeners: list[Listener] = []

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start to supervise, in a task of the running loop."""
        self._task = asyncio.create_task(self._supervise(), name=f"session-{self.name}")

    async def stop(self, seconds: float) -> None:
        """Stop the application, gracefully for `seconds`, and the supervision."""
        self._stopping = True
        self._wanted.set()
        self._calls.stop()
        self._set(state="down", reason="the gateway is stopping")
        try:
            await self._source.stop(seconds)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    def request_start(self) -> None:
        """Try to start again now, after `down` or `unavailable`."""
        self._wanted.set()

    def restart(self, reason: str) -> None:
        """Kill the application; it is restarted, and its document restored."""
        log.warning("application killed by the gateway", adapter=self.name, reason=reason)
        if self._client is not None:
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
                if failures >= MAX_FAILED_STARTS and self._status.mode == "managed":
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
        await self._first_ping(client)
        self._over.clear()
        self._client = client
        about = client.about
        self._set(state="up", application=about.get("application"), pid=about.get("pid"), **NOTHING_WRONG)
        log.info("application up", adapter=self.name, application=about.get("application"), pid=about.get("pid"))
        for damage in self._problems.restored(self._source.report):
            log.error("a part of the session could not be restored", adapter=self.name, **damage)
        self.ready.set()
        self._calls.send_waiting()
        self.announce("up" if self._status.restarts == 0 else "restarted")
        try:
            ended = await self._source.closed()
            if self._ended_because is not None:
                ended, self._ended_because = f"was killed by the gateway: {self._ended_because}", None
            self._died_of = self._calls.running()
        finally:
            self.ready.clear()
            self._client = None
            await client.disconnect()
        if not self._stopping:
            log.warning("application ended", adapter=self.name, how=ended)
            self._set(state="starting", pid=None, restarts=self._status.restarts + 1, reason=f"it {ended}")
            self.announce("down")
        self._over.set()

    async def _first_ping(self, client: BaseSocketClient) -> None:
        """Ping the application. Raises StartFailed if it does not answer, after killing it."""
        ping, end = asyncio.ensure_future(client.call(PING, {})), asyncio.ensure_future(self._source.closed())
        try:
            await asyncio.wait({ping, end}, timeout=FIRST_PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ping.done() and ping.exception() is None:
                return
            self._source.kill()
            await client.disconnect()
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
        self._status = replace(self._status, **changes)
        if self._status.state in ("down", "unavailable"):
            self._calls.fail(self.absence)

    def publish(self, topic: str, data: Any) -> None:
        """Publish an event to the listeners that the application did not emit itself."""
        self._notified("event", {"topic": topic, "data": data})

    def announce(self, state: str, **more: Any) -> None:
        """Publish the state of the application."""
        status = self._status
        about = {"application": status.application, "pid": status.pid, "reason": status.reason}
        self.publish("status", {"status": state, "state": state, **about, **more})

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if params.get("topic") == TOPIC:
            self._problems.update(params["data"])
            return
        for listener in list(self.listeners):
            try:
                listener(method, params)
            except Exception:  # a listener's error must not end the session
                log.exception("a listener failed", adapter=self.name, method=method)

    # --- work ----------------------------------------------------------------------------------------------------

    async def exchange(self, method: str, params: dict[str, Any], seconds: float, **how: Any) -> Reply:
        """Send one call when it is its turn, and return its answer message. See `SessionCalls.exchange`."""
        return await self._calls.exchange(method, params, seconds, **how)

    @property
    def client(self) -> BaseSocketClient | None:
        """The client of the application; None while it does not run."""
        return self._client

    @property
    def died_of(self) -> InFlight | None:
        """The call that was running when the application last ended."""
        return self._died_of

    async def until_noticed(self) -> None:
        """Wait briefly until the end of the process is noticed, whose connections are lost a moment before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_SECONDS):
                await self._over.wait()

    def absence(self, *, to_operator: bool = False) -> CadgateError:
        """Return the error that says why the application cannot be called."""
        return absence(self.name, self._status, self._connection_error, to_operator=to_operator)

    # --- health --------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Return what is known now, without calling the application."""
        running = self._calls.running()
        status = replace(self._status, queue_depth=len(self._calls))
        if status.state == "up" and running is not None and running.age >= BUSY_AFTER:
            return replace(status, state="busy", busy_ms=running.age * 1000, method=running.method)
        return status

    async def health(self) -> dict[str, Any]:
        """Ping the application's main thread; return `up`, or `busy` if it is running a call. Takes at most 2 s.

        Raises the adapter's ConnectionFailed if the application is not running, or does not answer although it is idle.
        """
        if self._client is None:
            raise self.absence(to_operator=True)
        began = time.monotonic()
        try:
            await self.exchange(PING, {}, PING_SECONDS)
        except ApplicationRestarted:
            raise self.absence(to_operator=True) from None
        except DeadlineExceeded as error:
            running = self._calls.running()
            if running is None:
                raise self._connection_error(f"{self.name} is running but does not answer") from error
            return self._report("busy", busy_ms=round(running.age * 1000), method=running.method)
        return self._report("up", latency_ms=round((time.monotonic() - began) * 1000, 3))

    def _report(self, state: str, **more: Any) -> dict[str, Any]:
        status = self.status()
        return {
            "status": state,
            "application": status.application,
            "pid": status.pid,
            "mode": status.mode,
            "queue_depth": status.queue_depth,
            **self._problems.for_health(),
            **more,
        }
