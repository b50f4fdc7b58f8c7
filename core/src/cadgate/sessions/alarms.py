"""Timers that are nearly always cancelled long before they are due: one timer of the event loop serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PRECISION = 0.001
"""How much too early the loop's timer may ring, in seconds."""


class Alarm:
    """One timer. Create it by `Alarms.after`."""

    __slots__ = ("_alarms", "action", "at")

    def __init__(self, alarms: Alarms, at: float, action: Callable[[], None]) -> None:
        self._alarms = alarms
        self.at = at
        self.action = action

    def cancel(self) -> None:
        """Do not call `action` any more."""
        self._alarms.pending.pop(self, None)


class Alarms:
    """The timers of one session. The loop's timer is set anew only if a new one is due before it, and when it rings."""

    def __init__(self) -> None:
        self.pending: dict[Alarm, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def after(self, seconds: float, action: Callable[[], None]) -> Alarm:
        """Call `action` after `seconds`, unless it is cancelled. Must be called in the event loop."""
        loop = asyncio.get_running_loop()
        alarm = Alarm(self, loop.time() + seconds, action)
        self.pending[alarm] = None
        if self._timer is None or alarm.at < self._timer.when():
            self._set(loop, alarm.at)
        return alarm

    def _set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(at, self._ring)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time() + _PRECISION
        try:
            for alarm in sorted((each for each in self.pending if each.at <= now), key=_at):
                # An action may cancel others.
                if alarm in self.pending:
                    del self.pending[alarm]
                    alarm.action()
        finally:
            if self.pending:
                self._set(loop, min(map(_at, self.pending)))


def _at(alarm: Alarm) -> float:
    return alarm.at
