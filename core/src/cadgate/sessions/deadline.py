"""What happens to a call that is not answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from cadgate.clients.base_client import Ticket
from cadgate.clients.connection import Reply
from cadgate.errors import ApplicationRestarted, DeadlineExceeded, Interrupted
from cadgate.sessions.status import InFlight

ANSWER_SECONDS = 0.25
"""How long after its deadline a call may take to say itself how it ended."""

WITHDRAWAL_GRACE = 0.4
"""Seconds that code may take to stop when the key of whoever sent it was revoked."""


class Watched(Protocol):
    """What a deadline needs of a session."""

    @property
    def grace_seconds(self) -> float: ...

    @property
    def overrun_seconds(self) -> float: ...

    def is_running(self, flight: InFlight) -> bool: ...

    def restart(self, reason: str) -> None: ...


class Deadline:
    """Watches one call by timers alone: at its deadline the call is interrupted, and its client answered.

    A call that cannot be interrupted then may go on for the session's `overrun_seconds`; only after that it takes its
    application with it, and `blame` is called.
    """

    def __init__(
        self, session: Watched, flight: InFlight, seconds: float, blame: Callable[[], None] | None = None
    ) -> None:
        self._session = session
        self._flight = flight
        self._seconds = seconds
        self._blame = blame
        self.overruns = False
        """Whether its client was answered although it still runs."""
        self._abandoned = False
        self._ticket: Ticket | None = None
        self._wanted = True
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._passed)

    def sent(self, ticket: Ticket) -> None:
        """The call is on its way under this ticket."""
        self._ticket = ticket
        if not self._wanted:
            self.interrupt()

    def met(self) -> None:
        """The call is over, in time or not."""
        self._timer.cancel()

    def abandon(self, done: Callable[[Reply | None], None], *, stop: bool) -> bool:
        """Nobody waits any more: watch the call all the same until it is over, and say `done` then.

        With `stop` it is asked to end. False when there is nothing to watch.
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
        """The client wants the call stopped now. One that does not stop takes its application with it."""
        self._wanted = False
        if self._ticket is None:
            return
        connection, number = self._ticket
        connection.cancel(number)
        if not self._session.is_running(self._flight):
            connection.fail(number, Interrupted(f"{self._flight.method} was interrupted before it was started"))
            return
        self._timer.cancel()
        self._timer = self._loop.call_later(self._session.grace_seconds, self._not_stopped)

    def withdraw(self, *, by_force: bool) -> None:
        """Whoever asked for the call may not have it any more: it is not started, or asked to end.

        `by_force`, one that does not end takes its application with it: code, which may do anything meanwhile. Other
        work was allowed when it began, and ends by itself or at its deadline, whole or not at all.
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
            self._timer = self._loop.call_later(min(WITHDRAWAL_GRACE, self._session.grace_seconds), self._not_stopped)

    def _not_stopped(self) -> None:
        grace = self._session.grace_seconds
        self._session.restart(f"{self._flight.method} did not stop in time after it was interrupted")
        if self._ticket is not None:
            error = ApplicationRestarted(
                f"{self._flight.method} did not stop within {grace:g} s after it was interrupted, so the application "
                "was ended; it is being started again with its documents as they were before",
                details={"interrupted": True},
            )
            self._ticket[0].fail(self._ticket[1], error)

    def _passed(self) -> None:
        if self._ticket is not None:
            # Also where it seems to wait: what came over two connections may be worked on in another order.
            self._ticket[0].cancel(self._ticket[1], deadline=True)
        self._timer = self._loop.call_later(ANSWER_SECONDS, self._given_up)

    def _given_up(self) -> None:
        """It has not said how it ended: its client gets an answer all the same."""
        running = self._session.is_running(self._flight)
        text = f"{self._flight.method} had no answer within {self._seconds:g} s"
        details: dict[str, Any] = {"deadline_ms": round(self._seconds * 1000), "started": running}
        if running:
            self.overruns = True
            limit = self._session.overrun_seconds
            self._timer = self._loop.call_later(max(0.0, limit - ANSWER_SECONDS), self._overrun)
            text += (
                f". It was interrupted and has not stopped yet: it may still be done within the next {limit:g} s, "
                "after which the application is ended. The same Idempotency-Key, sent again, tells what became of it"
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
