"""Handles calls that are not answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from cadgate.clients.base_client import Ticket
from cadgate.clients.connection import Reply
from cadgate.errors import ApplicationRestarted, DeadlineExceeded, Interrupted
from cadgate.sessions.alarms import Alarms
from cadgate.sessions.status import InFlight

ANSWER_SECONDS = 0.25
"""How long after its deadline a call may take to report its end itself."""

WITHDRAWAL_GRACE = 0.4
"""How many seconds code may take to stop after the key that sent it was revoked."""


class Watched(Protocol):
    """What a deadline needs from the session."""

    @property
    def grace_seconds(self) -> float: ...

    @property
    def overrun_seconds(self) -> float: ...

    @property
    def alarms(self) -> Alarms: ...

    def is_running(self, flight: InFlight) -> bool: ...

    def restart(self, reason: str) -> None: ...


class Deadline:
    """Watches one call, by timers alone: at its deadline the call is interrupted, and its client answered.

    A call that cannot be interrupted may continue for the session's `overrun_seconds`; only then the application is
    killed, and `blame` is called.
    """

    def __init__(
        self, session: Watched, flight: InFlight, seconds: float, blame: Callable[[], None] | None = None
    ) -> None:
        self._session = session
        self._flight = flight
        self._seconds = seconds
        self._blame = blame
        self.overruns = False
        """Whether the client was answered although the call still runs."""
        self._abandoned = False
        self._ticket: Ticket | None = None
        self._wanted = True
        self._alarms = session.alarms
        self._timer = self._alarms.after(seconds, self._passed)

    def sent(self, ticket: Ticket) -> None:
        """Remember the ticket under which the call was sent."""
        self._ticket = ticket
        if not self._wanted:
            self.interrupt()

    def met(self) -> None:
        """Stop watching, because the call is over, in time or not."""
        self._timer.cancel()

    def abandon(self, done: Callable[[Reply | None], None], *, stop: bool) -> bool:
        """Keep watching a call that nobody awaits any more, and call `done` when it is over.

        With `stop` the call is cancelled. Returns False if there is nothing to watch.
        """
        answer = None if self._ticket is None else self._ticket[0].watch(self._ticket[1])
        if self._ticket is None or answer is None:
            return False

        def landed(future: asyncio.Future[Reply]) -> None:
            reply = None if future.cancelled() or future.exception() is not None else future.result()
            self.met()
            done(reply)

        self._abandoned = True
        answer.add_done_callback(landed)
        if stop:
            self._ticket[0].cancel(self._ticket[1])
        return True

    def interrupt(self) -> None:
        """Interrupt the call because the client asked for it. If it does not stop, the application is killed."""
        self._wanted = False
        if self._ticket is None:
            return
        connection, number = self._ticket
        connection.cancel(number)
        if not self._session.is_running(self._flight):
            connection.fail(number, Interrupted(f"{self._flight.method} was interrupted before it started"))
            return
        self._timer.cancel()
        self._timer = self._alarms.after(self._session.grace_seconds, self._not_stopped)

    def withdraw(self, *, by_force: bool) -> None:
        """Interrupt the call, or do not start it, because the caller's authority was withdrawn.

        With `by_force`, the application is killed if the call does not stop: for code, which could do anything. Other
        calls were allowed when they started; they end by themselves or at their deadline, completely or not at all.
        """
        self._wanted = False
        if self._ticket is None:
            return
        connection, number = self._ticket
        connection.cancel(number)
        if not self._session.is_running(self._flight):
            connection.fail(number, Interrupted(f"{self._flight.method} was not started"))
        elif by_force:
            self._timer.cancel()
            self._timer = self._alarms.after(min(WITHDRAWAL_GRACE, self._session.grace_seconds), self._not_stopped)

    def _not_stopped(self) -> None:
        grace = self._session.grace_seconds
        self._session.restart(f"{self._flight.method} did not stop in time after it was interrupted")
        if self._ticket is not None:
            error = ApplicationRestarted(
                f"{self._flight.method} did not stop within {grace:g} s after it was interrupted, so the application "
                "was killed; it is being restarted with its documents as they were before",
                details={"interrupted": True},
            )
            self._ticket[0].fail(self._ticket[1], error)

    def _passed(self) -> None:
        if self._ticket is not None:
            # Even if it seems to be waiting: calls from two connections may run in a different order.
            self._ticket[0].cancel(self._ticket[1], deadline=True)
        self._timer = self._alarms.after(ANSWER_SECONDS, self._answer_client)

    def _answer_client(self) -> None:
        """Answer the client although the call has not reported its end."""
        running = self._session.is_running(self._flight)
        text = f"{self._flight.method} had no answer within {self._seconds:g} s"
        details: dict[str, Any] = {"deadline_ms": round(self._seconds * 1000), "started": running}
        if running:
            self.overruns = True
            limit = self._session.overrun_seconds
            self._timer = self._alarms.after(max(0.0, limit - ANSWER_SECONDS), self._overrun)
            text += (
                f". It was interrupted but has not stopped yet: it may still finish within the next {limit:g} s, "
                "after which the application is killed. Send it again with the same Idempotency-Key for the outcome"
            )
        if self._ticket is not None and not self._abandoned:
            error = DeadlineExceeded(text, details=details, retry_after=1.0)
            self._ticket[0].fail(self._ticket[1], error)

    def _overrun(self) -> None:
        if not self._session.is_running(self._flight):
            return
        if self._blame is not None:
            self._blame()
        limit = self._session.overrun_seconds
        self._session.restart(f"{self._flight.method} did not stop within {limit:g} s after its deadline")
