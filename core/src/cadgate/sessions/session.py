"""A session: one supervised application. It is started, watched, restarted after a death, and asked for work."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from cadgate.application import Stop
from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.connection import Reply
from cadgate.errors import (
    ApplicationRestarted,
    ApplicationUnavailable,
    CadgateError,
    ConnectionFailed,
    DeadlineExceeded,
    Overloaded,
)
from cadgate.methods import Scope
from cadgate.security.authority import LOCAL, Authority
from cadgate.sessions.absence import absence, log_tail, remedy
from cadgate.sessions.deadline import Deadline
from cadgate.sessions.keeping import TOPIC, Keeping
from cadgate.sessions.process import StartFailed
from cadgate.sessions.source import Source
from cadgate.sessions.status import BUSY_AFTER, FlightTable, InFlight, Status

MAX_FAILED_STARTS = 5
RETRY_UNAVAILABLE = 15.0
NOTICE_SECONDS = 0.5
FIRST_PING_SECONDS = 10.0
PING = "session.ping"
PING_SECONDS = 0.8
"""With the grace of a queued call: an application that has not answered after about a second is busy."""

NOTHING_WRONG: dict[str, None] = {"reason": None, "remedy": None, "log_tail": None}

Listener = Callable[[str, dict[str, Any]], None]
log = structlog.stdlib.get_logger("cadgate.session")


class Session:
    """Supervises what `source` connects to.

    A death after the first answered ping restarts at once. Five failed starts in a row make it `down` until
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
        connection_error: type[ConnectionFailed],
    ) -> None:
        self.name = name
        self._source = source
        self._max_queue = max_queue
        self._grace = grace_seconds
        self._connection_error = connection_error
        self._status = Status("starting", mode)
        self._flights = FlightTable()
        self._keeping = Keeping()
        self._client: BaseSocketClient | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.ready = asyncio.Event()
        self._over = asyncio.Event()
        self._busy_timer: asyncio.TimerHandle | None = None
        self._told_busy: InFlight | None = None
        self._ended_because: str | None = None
        self._died_of: InFlight | None = None
        """The call that ran when the application ended last."""
        self.listeners: list[Listener] = []

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to supervise, in a task of the running loop."""
        self._task = asyncio.create_task(self._supervise(), name=f"session-{self.name}")

    async def stop(self, seconds: float) -> None:
        """End the application, gently for `seconds`, and the supervision."""
        self._stopping = True
        self._wanted.set()
        if self._busy_timer is not None:
            self._busy_timer.cancel()
        self._set(state="down", reason="the gateway is stopping")
        try:
            await self._source.stop(seconds)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    def request_start(self) -> None:
        """Try again now, after `down` or `unavailable`."""
        self._wanted.set()

    def restart(self, reason: str) -> None:
        """End the application at once; it is started again and its document restored."""
        log.warning("application ended by the gateway", adapter=self.name, reason=reason)
        if self._client is not None:
            self._ended_because = reason
        self._source.kill()

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                await self._live_once()
                failures = 0
            except ApplicationUnavailable as error:
                self._set(state="unavailable", reason=error.message, remedy=error.details.get("remedy"))
                await self._wait_for_wish(RETRY_UNAVAILABLE)
            except (StartFailed, ConnectionFailed, OSError) as error:
                failures += 1
                log.warning("application did not start", adapter=self.name, attempt=failures, error=str(error))
                if failures >= MAX_FAILED_STARTS and self._status.mode == "managed":
                    reason = f"it failed to start {failures} times in a row; the last time {error}"
                    self._set(state="down", reason=reason, remedy=remedy(self.name), log_tail=log_tail(error))
                    await self._wait_for_wish(None)
                    self._set(state="starting", **NOTHING_WRONG)
                    failures = 0
                else:
                    self._set(state="starting", reason=f"the last start failed: {error}", log_tail=log_tail(error))
                    await self._wait_for_wish(min(5.0, 0.2 * 2**failures))
            except Exception as error:  # an adapter's launcher may raise anything; the host and its neighbours go on
                log.exception("adapter failed to start its application", adapter=self.name)
                reason = f"the adapter failed: {type(error).__name__}: {error}"
                self._set(state="down", reason=reason, remedy=remedy(self.name))
                await self._wait_for_wish(None)
                self._set(state="starting", **NOTHING_WRONG)

    async def _live_once(self) -> None:
        """One life of the application, from its start to its end."""
        client = await self._source.open(self._notified)
        await self._first_ping(client)
        self._over.clear()
        self._client = client
        about = client.about
        self._set(state="up", application=about.get("application"), pid=about.get("pid"), **NOTHING_WRONG)
        log.info("application up", adapter=self.name, application=about.get("application"), pid=about.get("pid"))
        for damage in self._keeping.restored(self._source.report):
            log.error("a part of the session could not be restored", adapter=self.name, **damage)
        self.ready.set()
        self._announce("up" if self._status.restarts == 0 else "restarted")
        try:
            ended = await self._source.closed()
            if self._ended_because is not None:
                ended, self._ended_because = f"was ended by the gateway: {self._ended_because}", None
            self._died_of = self._flights.running()
        finally:
            self.ready.clear()
            self._client = None
            await client.disconnect()
        if not self._stopping:
            log.warning("application ended", adapter=self.name, how=ended)
            self._set(state="starting", pid=None, restarts=self._status.restarts + 1, reason=f"it {ended}")
            self._announce("down")
        self._over.set()

    async def _first_ping(self, client: BaseSocketClient) -> None:
        """Raises StartFailed when no answer comes; the application is gone then."""
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

    async def _wait_for_wish(self, seconds: float | None) -> None:
        self._wanted.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            pass

    def _set(self, **changes: Any) -> None:
        self._status = replace(self._status, **changes)

    def publish(self, topic: str, data: Any) -> None:
        """Tell the listeners of an event that the application did not report itself."""
        self._notified("event", {"topic": topic, "data": data})

    def _announce(self, state: str, **more: Any) -> None:
        status = self._status
        about = {"application": status.application, "pid": status.pid, "reason": status.reason}
        self.publish("status", {"status": state, "state": state, **about, **more})

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if params.get("topic") == TOPIC:
            self._keeping.noticed(params["data"])
            return
        for listener in list(self.listeners):
            try:
                listener(method, params)
            except Exception:  # who listens is no part of the session
                log.exception("a listener failed", adapter=self.name, method=method)

    # --- work ----------------------------------------------------------------------------------------------------

    async def exchange(
        self,
        method: str,
        params: dict[str, Any],
        seconds: float,
        *,
        stop: Stop | None = None,
        ordered: bool = False,
        authority: Authority = LOCAL,
        scope: Scope = "read",
        **meta: Any,
    ) -> Reply:
        """Send one call and wait for its answer message, at most `seconds`.

        Raises Overloaded, ApplicationStarting, ApplicationUnavailable, ApplicationRestarted, DeadlineExceeded. A call
        that still runs at its deadline, or when `stop` is asked for, is interrupted; if it does not stop, the
        application is restarted. Calls that are `ordered` are worked on in the order in which they were made. One for
        whose `scope` the `authority` is withdrawn meanwhile is not started, or asked to end: see `Deadline.withdraw`.
        """
        client = self._client
        if client is None:
            raise self._absence()
        if len(self._flights) >= self._max_queue and method != PING:
            raise Overloaded(
                f"{self.name} has {len(self._flights)} calls waiting; try again shortly",
                details={"limit": "max_queue", "maximum": self._max_queue},
            )
        watched = False
        flight = self._flights.add(method)
        deadline = Deadline(self, flight, seconds)
        if stop is not None:
            stop.attach(deadline.interrupt)
        if self._busy_timer is None:
            self._look_for_busy(BUSY_AFTER)
        by_force = scope == "execute"
        forget = authority.watch((scope,), lambda _: deadline.withdraw(by_force=by_force), checked=True)
        try:
            return await client.exchange(
                method, params, on_sent=deadline.sent, ordered=ordered, deadline_ms=seconds * 1000, **meta
            )
        except asyncio.CancelledError:
            # The application goes on with it: it stays the call that runs, and its deadline holds.
            landed = self._landing(client, flight)
            watched = method != PING and deadline.abandon(landed, stop=not meta.get("mutates"))
            raise
        except ApplicationRestarted:
            raise
        except ConnectionFailed as error:
            deadline.met()
            if client is not self._client or not client.connected:
                await self._until_noticed()
                running = flight is self._died_of
                text = f"{self.name} ended while it worked on {method}" if running else f"{self.name} ended"
                raise ApplicationRestarted(
                    f"{text}; it is being started again. A mutation with an Idempotency-Key may be sent again safely",
                    details={"running": running},
                ) from error
            raise
        finally:
            forget()
            if not watched:
                deadline.met()
                self._landing(client, flight)()

    def _landing(self, client: BaseSocketClient, flight: InFlight) -> Callable[[], None]:
        """What to do when a call is over."""

        def landed() -> None:
            self._flights.remove(flight)
            if self._told_busy is flight:
                self._told_busy = None
                if self._client is client:
                    self._announce("up")

        return landed

    def _look_for_busy(self, seconds: float) -> None:
        self._busy_timer = asyncio.get_running_loop().call_later(seconds, self._say_busy)

    def _say_busy(self) -> None:
        """Announce `busy` when the call that runs has done so for a while; one timer serves all calls."""
        self._busy_timer = None
        running = self._flights.running()
        if running is None:
            return
        if running.age < BUSY_AFTER - 0.01:
            self._look_for_busy(BUSY_AFTER - running.age)
            return
        if self._told_busy is not running:
            self._told_busy = running
            self._announce("busy", method=running.method)
        self._look_for_busy(BUSY_AFTER)

    def is_running(self, flight: InFlight) -> bool:
        """Whether the application works on that call, and not on one before it."""
        return self._flights.is_first(flight)

    @property
    def grace_seconds(self) -> float:
        return self._grace

    async def _until_noticed(self) -> None:
        """Connections of a process that died are lost a moment before its end is known: wait for that, shortly."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_SECONDS):
                await self._over.wait()

    def _absence(self, *, to_operator: bool = False) -> CadgateError:
        return absence(self.name, self._status, self._connection_error, to_operator=to_operator)

    # --- health --------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """What is known now, without asking the application."""
        running = self._flights.running()
        status = replace(self._status, queue_depth=len(self._flights))
        if status.state == "up" and running is not None and running.age >= BUSY_AFTER:
            return replace(status, state="busy", busy_ms=running.age * 1000, method=running.method)
        return status

    async def health(self) -> dict[str, Any]:
        """A ping through the application's main thread: `up`, or `busy` when it is at work. Takes at most 2 s.

        Raises the adapter's ConnectionFailed when the application is not there, or is silent without being at work.
        """
        if self._client is None:
            raise self._absence(to_operator=True)
        began = time.monotonic()
        try:
            await self.exchange(PING, {}, PING_SECONDS)
        except ApplicationRestarted:
            raise self._absence(to_operator=True) from None
        except DeadlineExceeded as error:
            running = self._flights.running()
            if running is None:
                raise self._connection_error(f"{self.name} runs but does not answer") from error
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
            **self._keeping.told(),
            **more,
        }
