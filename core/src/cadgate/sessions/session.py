"""A session: one supervised application and the calls to it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from cadgate.errors import ApplicationRestarted, ConnectionFailed, DeadlineExceeded
from cadgate.sessions.calls import SessionCalls
from cadgate.sessions.source import Source
from cadgate.sessions.status import BUSY_AFTER, PING, Status
from cadgate.sessions.supervisor import Listener, Supervisor

PING_SECONDS = 0.8
"""Together with a call's grace, about a second, after which an application that has not answered is busy."""


class Session:
    """A `Supervisor` of the application, and the `SessionCalls` that are sent to it."""

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
        self._supervisor = Supervisor(name, source, mode=mode, connection_error=connection_error)
        self.calls = SessionCalls(
            self._supervisor, max_queue=max_queue, grace_seconds=grace_seconds, overrun_seconds=overrun_seconds
        )
        self._supervisor.on_up = self.calls.send_waiting
        self._supervisor.on_end = self.calls.application_ended
        self._supervisor.on_absence = lambda: self.calls.fail(self._supervisor.absence)

    @property
    def ready(self) -> asyncio.Event:
        """Set while the application can be called."""
        return self._supervisor.ready

    @property
    def listeners(self) -> list[Listener]:
        """The listeners for notifications of the application and its session."""
        return self._supervisor.listeners

    def start(self) -> None:
        """Start to supervise, in a task of the running loop."""
        self._supervisor.start()

    async def stop(self, seconds: float) -> None:
        """Stop the application, gracefully for `seconds`, and the supervision."""
        self.calls.stop()
        await self._supervisor.stop(seconds)

    async def suspend(self, seconds: float) -> None:
        """End the application, gracefully for `seconds`, until `resume`. No call may be in flight."""
        self.calls.stop()
        await self._supervisor.suspend(seconds)

    def resume(self, source: Source) -> None:
        """Start again after `suspend`, with the application of `source`."""
        self._supervisor.resume(source)

    @property
    def damages(self) -> list[dict[str, str]]:
        """What could not be restored since the gateway started, newest last."""
        return self._supervisor.problems.for_health().get("damages", [])

    def announce(self, state: str) -> None:
        """Publish a state of the session that is not one of its application."""
        self._supervisor.announce(state)

    def absence(self) -> ConnectionFailed:
        """Return the error that says why the application cannot be called."""
        return self._supervisor.absence()

    def request_start(self) -> None:
        """Try to start again now, after `down` or `unavailable`."""
        self._supervisor.request_start()

    def restart(self, reason: str) -> None:
        """Kill the application; it is restarted, and its document restored."""
        self._supervisor.restart(reason)

    def kill(self) -> None:
        """Kill the application, because the session has ended."""
        self._supervisor.restart("the session has ended")

    def publish(self, topic: str, data: Any) -> None:
        """Publish an event to the listeners that the application did not emit itself."""
        self._supervisor.publish(topic, data)

    # --- health --------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Return what is known now, without calling the application."""
        running = self.calls.running()
        status = replace(self._supervisor.status, queue_depth=len(self.calls))
        if status.state == "up" and running is not None and running.age >= BUSY_AFTER:
            return replace(status, state="busy", busy_ms=running.age * 1000, method=running.method)
        return status

    async def health(self) -> dict[str, Any]:
        """Ping the application's main thread; return `up`, or `busy` if it is running a call. Takes at most 2 s.

        Raises the adapter's ConnectionFailed if the application is not running, or does not answer although it is idle.
        """
        if self._supervisor.client is None:
            raise self._supervisor.absence(to_operator=True)
        began = time.monotonic()
        try:
            await self.calls.exchange(PING, {}, PING_SECONDS)
        except ApplicationRestarted:
            raise self._supervisor.absence(to_operator=True) from None
        except DeadlineExceeded as error:
            running = self.calls.running()
            if running is None:
                raise self._supervisor.connection_error(f"{self.name} is running but does not answer") from error
            return self._report("busy", busy_ms=round(running.age * 1000), method=running.method)
        return self._report("up", latency_ms=round((time.monotonic() - began) * 1000, 3))

    def _report(self, state: str, **more: Any) -> dict[str, Any]:
        status = self._supervisor.status
        return {
            "status": state,
            "application": status.application,
            "pid": status.pid,
            "mode": status.mode,
            "queue_depth": len(self.calls),
            **self._supervisor.problems.for_health(),
            **more,
        }
