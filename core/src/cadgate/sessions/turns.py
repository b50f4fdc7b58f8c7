"""Decides which call is sent to the application next: light calls pass heavy ones, but none starves."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from cadgate.errors import CadgateError, DeadlineExceeded, Interrupted, Overloaded
from cadgate.sessions.costs import Costs, Kind

AHEAD_SECONDS = 0.01
"""How much expected work may be sent ahead. Calls that were sent cannot be passed any more."""
WEIGHT = 20
"""A call passes an earlier one if that came at most this many times the difference of their costs before."""
PATIENCE_SECONDS = 0.25
"""How much work may pass the oldest call: this, or as much as that call costs itself, if that is more."""
SLOW_SECONDS = 0.05
"""After a call that took this long, waiting calls are checked again, because some may be too late now."""


class Turn:
    """One call that waits to be sent, or was sent and is not answered yet."""

    __slots__ = ("came", "cost", "deadline", "granted", "kind", "least", "sent", "stream", "timer", "until")

    def __init__(self, kind: Kind, cost: float, least: float, seconds: float, stream: object | None) -> None:
        self.kind = kind
        self.cost = cost
        self.least = least
        self.came = time.monotonic()
        self.deadline = seconds
        self.until = self.came + seconds
        self.stream = stream
        """Calls of one stream keep their order."""
        self.granted: asyncio.Future[None] | None = None
        """Resolved when the call may be sent, if it has to wait."""
        self.timer: asyncio.TimerHandle | None = None
        self.sent: float | None = None

    @property
    def rank(self) -> float:
        return self.came + WEIGHT * self.cost


class Turns:
    """The calls of one session that are not answered yet.

    :param ready: whether the application accepts calls now.
    :param running: what it is running, for messages: the method, and for how many seconds.
    """

    def __init__(self, name: str, ready: Callable[[], bool], running: Callable[[], tuple[str, float] | None]) -> None:
        self._name = name
        self._ready = ready
        self._running = running
        self.costs = Costs()
        self._waiting: list[Turn] = []
        self._sent: dict[Turn, None] = {}
        self._ahead = 0.0
        self._passed = 0.0
        """How many seconds of work have passed the oldest call."""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    # --- one call ------------------------------------------------------------------------------------------------

    def request_turn(self, kind: Kind, seconds: float, stream: object | None) -> Turn:
        """Return a turn for a call that must be answered within `seconds`: granted now, or after `wait`.

        :raises Overloaded: if it is already known that it could not be done in time.
        """
        turn = Turn(kind, self.costs.expected(kind), self.costs.least(kind), seconds, stream)
        if not self._waiting and self._fits(turn) and self._ready():
            self._send(turn)
            return turn
        ahead = self._seconds_before(turn)
        if not _in_time(turn, ahead):
            raise self._too_late(turn, ahead)
        turn.granted = asyncio.get_running_loop().create_future()
        turn.timer = asyncio.get_running_loop().call_later(seconds, self._expired, turn)
        self._waiting.append(turn)
        self.send_waiting()
        return turn

    async def wait(self, turn: Turn) -> float:
        """Wait until the call may be sent; return how many seconds it then has left.

        :raises DeadlineExceeded: it waited until its deadline, and nothing was done.
        :raises Overloaded: others took longer than expected, so it would be too late.
        :raises CadgateError: the error passed to `fail`.
        """
        if turn.granted is None:
            return turn.deadline
        try:
            await turn.granted
        except asyncio.CancelledError:
            self.finish(turn)
            raise
        return max(0.001, turn.until - time.monotonic())

    def drop(self, turn: Turn) -> None:
        """Withdraw a call that was not sent yet."""
        if turn in self._waiting:
            self._refuse(turn, Interrupted(f"{turn.kind[0]} was interrupted before it started"))

    def finish(self, turn: Turn, seconds: float | None = None) -> None:
        """Remove a call that was answered, after `seconds` of work, or that nobody awaits any more."""
        if turn in self._sent:
            del self._sent[turn]
            self._ahead = sum(each.cost for each in self._sent) if self._sent else 0.0
        elif turn in self._waiting:
            self._leave(turn)
        if seconds is not None:
            self.costs.learn(turn.kind, seconds)
            if seconds >= SLOW_SECONDS:
                self._recheck_waiting()
        self.send_waiting()

    # --- all of them ---------------------------------------------------------------------------------------------

    def send_waiting(self) -> None:
        """Send the waiting calls that may be sent now."""
        while self._waiting and self._ready():
            turn = self._next()
            if not self._fits(turn):
                return
            self._leave(turn)
            self._send(turn)
            if turn.granted is not None and not turn.granted.done():
                turn.granted.set_result(None)

    def fail(self, error: Callable[[], CadgateError]) -> None:
        """Fail every waiting call, because there is no application to wait for."""
        for turn in list(self._waiting):
            self._refuse(turn, error())

    def _fits(self, turn: Turn) -> bool:
        return not self._sent or self._ahead + turn.cost <= AHEAD_SECONDS

    def _send(self, turn: Turn) -> None:
        turn.sent = time.monotonic()
        self._sent[turn] = None
        self._ahead += turn.cost

    def _leave(self, turn: Turn) -> None:
        self._waiting.remove(turn)
        if turn.timer is not None:
            turn.timer.cancel()

    def _heads(self) -> list[Turn]:
        """Return the calls that may be next: the first of each stream, since `_waiting` is in the order of arrival."""
        streams: set[int] = set()
        heads: list[Turn] = []
        for turn in self._waiting:
            if turn.stream is not None:
                if id(turn.stream) in streams:
                    continue
                streams.add(id(turn.stream))
            heads.append(turn)
        return heads

    def _next(self) -> Turn:
        oldest = self._waiting[0]
        if len(self._waiting) == 1:
            self._passed = 0.0
            return oldest
        best = min(self._heads(), key=lambda turn: turn.rank)
        if best is oldest or self._passed + best.cost > max(oldest.cost, PATIENCE_SECONDS):
            if self._fits(oldest):
                self._passed = 0.0
            return oldest
        if self._fits(best):
            self._passed += best.cost
        return best

    # --- being late ----------------------------------------------------------------------------------------------

    def _seconds_before(self, turn: Turn) -> float:
        """Return a lower estimate of the work before this call, in seconds."""
        now = time.monotonic()
        sent = sum(max(0.0, each.least - (now - (each.sent or now))) for each in self._sent)
        return sent + sum(each.least for each in self._waiting if each is not turn and each.rank <= turn.rank)

    def _recheck_waiting(self) -> None:
        now, before = time.monotonic(), 0.0
        for turn in sorted(self._waiting, key=lambda each: each.rank):
            turn.least, turn.cost = self.costs.least(turn.kind), self.costs.expected(turn.kind)
            if _in_time(turn, before + now - turn.came):
                before += turn.least
            else:
                self._refuse(turn, self._too_late(turn, before))

    def _too_late(self, turn: Turn, before: float) -> Overloaded:
        ready = before + turn.least
        waiting = len(self)
        return Overloaded(
            f"{self._name} has about {before:.1f} s of work before this call of {turn.kind[0]}, which could not be "
            f"done by its deadline of {turn.deadline:g} s, so nothing was done. Try again later, or allow more time "
            "(X-Deadline-Ms)",
            details={
                "estimate_ms": round(ready * 1000),
                "deadline_ms": round(turn.deadline * 1000),
                "waiting": waiting,
            },
            retry_after=max(1.0, math.ceil(ready - turn.deadline)),
        )

    def _expired(self, turn: Turn) -> None:
        if turn not in self._waiting:
            return
        running = self._running()
        for_what = ""
        if running is not None:
            method, seconds = running
            for_what = f" for {method}, which has run for {seconds:.1f} s"
        details: dict[str, Any] = {"deadline_ms": round(turn.deadline * 1000), "started": False}
        if running is not None:
            details["waited_for"] = running[0]
        self._refuse(
            turn,
            DeadlineExceeded(
                f"{turn.kind[0]} waited until its deadline of {turn.deadline:g} s{for_what}; it was not started, and "
                "nothing was done",
                details=details,
                retry_after=max(1.0, math.ceil(self._seconds_before(turn))),
            ),
        )

    def _refuse(self, turn: Turn, error: CadgateError) -> None:
        self._leave(turn)
        if turn.granted is not None and not turn.granted.done():
            turn.granted.set_exception(error)


def _in_time(turn: Turn, before: float) -> bool:
    """Whether a call can be done in time after `before` seconds, as far as known. The first in line is always tried."""
    return before <= 0 or before + min(turn.least, turn.deadline / 2) <= turn.deadline
