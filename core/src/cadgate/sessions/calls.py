"""The calls of a session: each waits for its turn, is sent, watched at its deadline, and answered once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

from cadgate.appserver.meta import CallMeta
from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.connection import Reply
from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.methods import Scope
from cadgate.errors import ApplicationRestarted, CadgateError, ConnectionFailed, DeadlineExceeded, Overloaded
from cadgate.sessions.costs import Kind, kind_of
from cadgate.sessions.deadline import Deadline
from cadgate.sessions.status import BUSY_AFTER, PING, FlightTable, InFlight
from cadgate.sessions.supervisor import Supervisor
from cadgate.sessions.turns import Turn, Turns

LOST_SECONDS = 0.2
"""How long after the loss of all connections nothing is sent, since it may be the end of the application."""


@dataclass(frozen=True, slots=True)
class _Asked:
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
    """All calls that are not answered yet: those that wait for their turn and those that were sent."""

    def __init__(self, supervisor: Supervisor, *, max_queue: int, grace_seconds: float, overrun_seconds: float) -> None:
        self._supervisor = supervisor
        self._max_queue = max_queue
        self.grace_seconds = grace_seconds
        self.overrun_seconds = overrun_seconds
        self._flights = FlightTable()
        self._turns = Turns(supervisor.name, self._can_send, self._at_work)
        self._busy_timer: asyncio.TimerHandle | None = None
        self._told_busy: InFlight | None = None
        self._lost_at: float | None = None
        self._died_of: InFlight | None = None
        """The call that ran when the application ended last."""

    def __len__(self) -> int:
        return len(self._turns)

    def running(self) -> InFlight | None:
        """The call that the application works on; pings do not count."""
        return self._flights.running()

    def go_on(self) -> None:
        """The application can be sent something again."""
        self._turns.go_on()

    def application_ended(self) -> None:
        """The application ended: the call that ran is the one at which it did."""
        self._died_of = self._flights.running()

    def fail(self, error: Callable[[], CadgateError]) -> None:
        """Give up every call that waits."""
        self._turns.fail(error)

    def stop(self) -> None:
        """Look for busy applications no more."""
        if self._busy_timer is not None:
            self._busy_timer.cancel()

    def restart(self, reason: str) -> None:
        """End the application: a call does not stop."""
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
        """Send one call when it is its turn, and wait for its answer message, at most `seconds` in all.

        Raises Overloaded, ApplicationStarting, ApplicationUnavailable, ApplicationRestarted, DeadlineExceeded. A call
        that still runs at its deadline, or when `cancel_token` is cancelled, is interrupted; if it does not stop, the
        application is restarted in the end, and `blame` called. Calls of one `stream` are worked on in the order in
        which they were made. One for whose `scope` the `authority` is withdrawn meanwhile is not started, or asked to
        end: see `Deadline.withdraw`.
        """
        asked = _Asked(method, params, cancel_token, stream, blame, authority, scope, meta)
        if method == PING:
            return await self._sent(asked, seconds, None)
        if self._supervisor.client is None:
            raise self._supervisor.absence()
        if len(self._turns) >= self._max_queue:
            raise Overloaded(
                f"{self._supervisor.name} has {len(self._turns)} calls waiting; try again shortly",
                details={"limit": "max_queue", "maximum": self._max_queue},
            )
        kind, began = kind_of(method, params), time.monotonic()
        try:
            return await self._in_turn(kind, asked, seconds)
        except ApplicationRestarted as error:
            left = seconds - (time.monotonic() - began)
            if error.details.get("running") or left <= 0 or (meta.get("mutates") and meta.get("key") is None):
                raise
            # It had been sent ahead behind a call at which the application ended; by its id it is done once.
            return await self._in_turn(kind, asked, left)

    async def _in_turn(self, kind: Kind, asked: _Asked, seconds: float) -> Reply:
        turn = self._turns.ask(kind, seconds, asked.stream)
        if turn.granted is None:
            return await self._sent(asked, seconds, turn)
        if asked.cancel_token is not None:
            asked.cancel_token.on_cancel(lambda: self._turns.drop(turn))
        forget = asked.authority.watch((asked.scope,), lambda _: self._turns.drop(turn))
        try:
            left = await self._turns.wait(turn)
        finally:
            forget()
        reply = await self._sent(asked, left, turn)
        times = reply.get("meta")
        if times is not None:
            times["queue_ms"] = times.get("queue_ms", 0.0) + (seconds - left) * 1000
        return reply

    async def _sent(self, asked: _Asked, seconds: float, turn: Turn | None) -> Reply:
        """Send one call and wait for its answer message."""
        client = self._supervisor.client
        if client is None:
            self._returned(turn, None)
            raise self._supervisor.absence()
        watched = False
        method, meta = asked.method, asked.meta
        meta["deadline_ms"] = seconds * 1000
        reply: Reply | None = None
        flight = self._flights.add(method)
        landed = self._landing(client, flight, turn)
        deadline = Deadline(self, flight, seconds, asked.blame)
        if asked.cancel_token is not None:
            asked.cancel_token.on_cancel(deadline.interrupt)
        if self._busy_timer is None:
            self._look_for_busy(BUSY_AFTER)
        ordered, by_force = asked.stream is not None, asked.scope == "execute"
        forget = asked.authority.watch((asked.scope,), lambda _: deadline.withdraw(by_force=by_force))
        try:
            reply = await client.exchange(method, asked.params, on_sent=deadline.sent, ordered=ordered, **meta)
            return reply
        except asyncio.CancelledError:
            # The application goes on with it: it stays the call that runs, and its deadline holds.
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
                text = f"{self._supervisor.name} ended{f' while it worked on {method}' if running else ''}"
                raise ApplicationRestarted(
                    f"{text}; it is being started again. A mutation with an Idempotency-Key may be sent again safely",
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
        # The application ended, which is noticed in a moment; or only its connections did, which sending opens again.
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            asyncio.get_running_loop().call_later(LOST_SECONDS, self.go_on)
        return time.monotonic() - self._lost_at >= LOST_SECONDS

    def _at_work(self) -> tuple[str, float] | None:
        running = self._flights.running()
        return None if running is None else (running.method, running.age)

    def _returned(self, turn: Turn | None, reply: Reply | None) -> None:
        if turn is not None:
            milliseconds = None if reply is None else reply.get("meta", {}).get("app_ms")
            self._turns.over(turn, None if milliseconds is None else milliseconds / 1000)

    def _landing(self, client: BaseSocketClient, flight: InFlight, turn: Turn | None) -> Callable[[Reply | None], None]:
        """What to do when a call is over, with its answer where there is one."""

        def landed(reply: Reply | None) -> None:
            self._flights.remove(flight)
            self._returned(turn, reply)
            if self._told_busy is flight:
                self._told_busy = None
                if self._supervisor.client is client:
                    self._supervisor.announce("up")

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
            self._supervisor.announce("busy", method=running.method)
        self._look_for_busy(BUSY_AFTER)

    def is_running(self, flight: InFlight) -> bool:
        """Whether the application works on that call, and not on one before it."""
        return self._flights.is_first(flight)
