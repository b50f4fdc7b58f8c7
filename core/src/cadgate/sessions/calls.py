"""The calls of a session: each waits for its turn, is sent, watched until its deadline, and answered once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Unpack

from cadgate.appserver.meta import CallMeta
from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.connection import Reply
from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.methods import Scope
from cadgate.errors import ApplicationRestarted, CadgateError, ConnectionFailed, DeadlineExceeded, Overloaded
from cadgate.sessions.alarms import Alarms
from cadgate.sessions.costs import Kind, kind_of
from cadgate.sessions.deadline import Deadline
from cadgate.sessions.status import BUSY_AFTER, PING, FlightTable, InFlight
from cadgate.sessions.supervisor import Supervisor
from cadgate.sessions.turns import Turn, Turns

LOST_SECONDS = 0.2
"""How long nothing is sent after all connections were lost, because the application may have ended."""


class _Request(NamedTuple):
    """One call as its caller made it."""

    method: str
    params: dict[str, Any]
    cancel_token: CancelToken | None
    stream: object | None
    blame: Callable[[], None] | None
    authority: Authority
    scope: Scope
    meta: CallMeta


class SessionCalls:
    """All calls that are not answered yet, whether they wait for their turn or were sent."""

    def __init__(self, supervisor: Supervisor, *, max_queue: int, grace_seconds: float, overrun_seconds: float) -> None:
        self._supervisor = supervisor
        self._max_queue = max_queue
        self.grace_seconds = grace_seconds
        self.overrun_seconds = overrun_seconds
        self.alarms = Alarms()
        """The timers of the calls' deadlines."""
        self._flights = FlightTable()
        self._turns = Turns(supervisor.name, self._can_send, self._running_call)
        self.admit: Callable[[str, CallMeta], None] | None = None
        """Called before each call but pings; raises for one that is refused."""
        self.wake: Callable[[float], Awaitable[None]] | None = None
        """Brings back an application that was suspended, within so many seconds; raises if that is impossible."""
        self.held = False
        """Whether calls wait for `wake` although the application runs."""
        self.cause: Callable[[ApplicationRestarted], CadgateError | None] | None = None
        """Returns the error for a call whose application the gateway ended, if there is a better one."""
        self._busy_timer: asyncio.TimerHandle | None = None
        self._announced_busy: InFlight | None = None
        self._lost_at: float | None = None
        self._died_of: InFlight | None = None
        """The call that ran when the application ended last."""

    def __len__(self) -> int:
        return len(self._turns)

    def running(self) -> InFlight | None:
        """Return the call that the application is running; pings do not count."""
        return self._flights.running()

    def send_waiting(self) -> None:
        """Send waiting calls, because the application can accept calls again."""
        self._turns.send_waiting()

    def application_ended(self) -> None:
        """Remember the running call, because the application has ended while it ran."""
        self._died_of = self._flights.running()

    def fail(self, error: Callable[[], CadgateError]) -> None:
        """Fail every call that waits."""
        self._turns.fail(error)

    @property
    def idle(self) -> bool:
        """Whether no call waits or runs."""
        return len(self._turns) == 0

    def stop(self) -> None:
        """Stop checking whether the application is busy."""
        if self._busy_timer is not None:
            self._busy_timer.cancel()
            self._busy_timer = None

    def restart(self, reason: str) -> None:
        """Kill the application, because a call does not stop."""
        self._supervisor.restart(reason)

    async def exchange(
        self,
        method: str,
        params: dict[str, Any],
        seconds: float,
        *,
        cancel_token: CancelToken | None = None,
        stream: object | None = None,
        blame: Callable[[], None] | None = None,
        authority: Authority = LOCAL,
        scope: Scope = "read",
        **meta: Unpack[CallMeta],
    ) -> Reply:
        """Send one call when it is its turn, and return its answer message, after `seconds` in all at most.

        Raises Overloaded, ApplicationStarting, ApplicationUnavailable, ApplicationRestarted, DeadlineExceeded. A call
        that still runs at its deadline, or when `cancel_token` is cancelled, is interrupted; if it does not stop, the
        application is finally restarted, and `blame` is called. Calls of one `stream` run in the order in which they
        were made. If the `authority` loses the `scope` meanwhile, the call is not started, or is interrupted: see
        `Deadline.withdraw`.
        """
        request = _Request(method, params, cancel_token, stream, blame, authority, scope, meta)
        if method == PING:
            return await self._sent(request, seconds, None)
        if self.admit is not None:
            self.admit(method, meta)
        if self._supervisor.client is None or self.held:
            seconds = await self._woken(seconds)
        if len(self._turns) >= self._max_queue:
            raise Overloaded(
                f"{self._supervisor.name} has {len(self._turns)} calls waiting; try again shortly",
                details={"limit": "max_queue", "maximum": self._max_queue},
            )
        kind, began = kind_of(method, params), time.monotonic()
        try:
            return await self._in_turn(kind, request, seconds)
        except ApplicationRestarted as error:
            cause = None if self.cause is None else self.cause(error)
            if cause is not None:
                raise cause from error
            left = seconds - (time.monotonic() - began)
            if error.details.get("running") or left <= 0 or (meta.get("mutates") and meta.get("key") is None):
                raise
            # It was waiting in the application when that ended, so it did not run; its id makes sending it again safe.
            return await self._in_turn(kind, request, left)

    async def _woken(self, seconds: float) -> float:
        """Wait until a suspended application is back; return how many seconds are left."""
        if self.wake is None:
            raise self._supervisor.absence()
        began = time.monotonic()
        await self.wake(seconds)
        return max(0.001, seconds - (time.monotonic() - began))

    async def _in_turn(self, kind: Kind, request: _Request, seconds: float) -> Reply:
        turn = self._turns.request_turn(kind, seconds, request.stream)
        if turn.granted is None:
            return await self._sent(request, seconds, turn)
        if request.cancel_token is not None:
            request.cancel_token.on_cancel(lambda: self._turns.drop(turn))
        forget = request.authority.watch((request.scope,), lambda _: self._turns.drop(turn))
        try:
            left = await self._turns.wait(turn)
        finally:
            forget()
        reply = await self._sent(request, left, turn)
        times = reply.get("meta")
        if times is not None:
            times["queue_ms"] = times.get("queue_ms", 0.0) + (seconds - left) * 1000
        return reply

    async def _sent(self, request: _Request, seconds: float, turn: Turn | None) -> Reply:
        """Send one call and return its answer message."""
        client = self._supervisor.client
        if client is None:
            self._returned(turn, None)
            raise self._supervisor.absence()
        watched = False
        method, meta = request.method, request.meta
        meta["deadline_ms"] = seconds * 1000
        reply: Reply | None = None
        ordered, by_force = request.stream is not None, request.scope == "execute"
        try:
            # The application works on it while the rest is done here.
            sent = client.send_at_once(method, request.params, meta, ordered=ordered)
        except BaseException:
            self._returned(turn, None)
            raise
        flight = self._flights.add(method)
        landed = self._landing(client, flight, turn)
        deadline = Deadline(self, flight, seconds, request.blame)
        if request.cancel_token is not None:
            request.cancel_token.on_cancel(deadline.interrupt)
        if self._busy_timer is None:
            self._schedule_busy_check(BUSY_AFTER)
        forget = request.authority.watch((request.scope,), lambda _: deadline.withdraw(by_force=by_force))
        try:
            reply = await client.exchange(
                method, request.params, on_sent=deadline.sent, ordered=ordered, sent=sent, **meta
            )
            return reply
        except asyncio.CancelledError:
            # The application continues: it stays the running call, and its deadline remains in force.
            watched = method != PING and deadline.abandon(landed, stop=not meta.get("mutates"))
            raise
        except DeadlineExceeded:
            watched = deadline.overruns and deadline.abandon(landed, stop=False)
            raise
        except ApplicationRestarted:
            raise
        except ConnectionFailed as error:
            deadline.met()
            if client is not self._supervisor.client or not client.connected:
                await self._supervisor.until_noticed()
                running = flight is self._died_of
                text = f"{self._supervisor.name} ended{f' while it was running {method}' if running else ''}"
                raise ApplicationRestarted(
                    f"{text}; it is being restarted. A mutation with an Idempotency-Key can be sent again safely",
                    details={"running": running},
                ) from error
            raise
        finally:
            forget()
            if not watched:
                deadline.met()
                landed(reply)

    def _can_send(self) -> bool:
        client = self._supervisor.client
        if client is None or client.connected:
            self._lost_at = None
            return client is not None
        # Either the application ended, which is about to be noticed, or only its connections, which sending reopens.
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            asyncio.get_running_loop().call_later(LOST_SECONDS, self.send_waiting)
        return time.monotonic() - self._lost_at >= LOST_SECONDS

    def _running_call(self) -> tuple[str, float] | None:
        running = self._flights.running()
        return None if running is None else (running.method, running.age)

    def _returned(self, turn: Turn | None, reply: Reply | None) -> None:
        if turn is not None:
            milliseconds = None if reply is None else reply.get("meta", {}).get("app_ms")
            self._turns.finish(turn, None if milliseconds is None else milliseconds / 1000)

    def _landing(self, client: BaseSocketClient, flight: InFlight, turn: Turn | None) -> Callable[[Reply | None], None]:
        """Return what to call when a call is over, with its answer if there is one."""

        def landed(reply: Reply | None) -> None:
            self._flights.remove(flight)
            self._returned(turn, reply)
            if self._announced_busy is flight:
                self._announced_busy = None
                if self._supervisor.client is client:
                    self._supervisor.announce("up")

        return landed

    def _schedule_busy_check(self, seconds: float) -> None:
        self._busy_timer = asyncio.get_running_loop().call_later(seconds, self._announce_busy)

    def _announce_busy(self) -> None:
        """Announce `busy` if the running call has been running for a while; one timer serves all calls."""
        self._busy_timer = None
        running = self._flights.running()
        if running is None:
            return
        if running.age < BUSY_AFTER - 0.01:
            self._schedule_busy_check(BUSY_AFTER - running.age)
            return
        if self._announced_busy is not running:
            self._announced_busy = running
            self._supervisor.announce("busy", method=running.method)
        self._schedule_busy_check(BUSY_AFTER)

    def is_running(self, flight: InFlight) -> bool:
        """Whether the application is running this call, rather than one before it."""
        return self._flights.is_first(flight)
