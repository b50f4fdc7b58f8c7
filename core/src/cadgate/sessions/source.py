"""Sources of applications: a local process that the gateway starts, or an address where one is already running.

The session knows only this interface; another kind of placement is another `Source`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import anyio.to_thread

from cadgate.clients.base_client import BaseSocketClient, Notification
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.spawn import Launch
from cadgate.sessions.standby import Standby


class Source(Protocol):
    """Opens one application at a time. `report` has what the last opening restored: `replayed`, `damages`."""

    report: dict[str, Any]

    async def open(self, on_notification: Notification) -> BaseSocketClient:
        """Start and connect. Raises StartFailed, ApplicationUnavailable, ConnectionFailed."""
        ...

    async def closed(self) -> str:
        """Wait until the application is gone; return how it ended, as the end of a sentence."""
        ...

    def kill(self) -> None:
        """Kill the application, if that is possible."""
        ...

    async def stop(self, seconds: float) -> None:
        """Stop the application gracefully, within about `seconds`."""
        ...


class ManagedSource:
    """A process that the gateway starts. `prepare` creates the launch anew each time, in a thread.

    While one serves, `spares` others are on standby, so that the next one after a crash has already started.
    """

    def __init__(self, prepare: Callable[[], Launch], spares: int = 0) -> None:
        self.prepare = prepare
        self._standby = Standby(prepare, spares)
        self._process: ApplicationProcess | None = None
        self._stopped = False
        self._crashed = False
        self.report: dict[str, Any] = {}

    async def open(self, on_notification: Notification) -> BaseSocketClient:
        try:
            process = await self.come_up(on_notification, crashed=self._crashed)
        except StartFailed as error:
            self._crashed = error.crashed
            raise
        self._crashed = False
        if self._stopped:
            process.kill()
        self._process = process
        self.report = process.about.get("report", {})
        self._standby.fill()
        return process.client

    async def come_up(self, on_notification: Notification, *, crashed: bool) -> ApplicationProcess:
        """Return a started application: one on standby, or a new one. Raises StartFailed."""
        spare = self._standby.take()
        if spare is not None:
            await spare.take_over(on_notification, crashed=crashed)
            return spare
        launch = await anyio.to_thread.run_sync(self.prepare)
        return await ApplicationProcess.launch(replace(launch, crashed=crashed), on_notification)

    async def closed(self) -> str:
        assert self._process is not None
        code = await asyncio.shield(self._process.exited)
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    async def stop(self, seconds: float) -> None:
        self._stopped = True
        await self._standby.close()
        if self._process is not None:
            await self._process.stop(seconds)


class ExternalSource:
    """An application that was started by somebody else, with the in-application server loaded."""

    def __init__(self, make_client: Callable[[Notification], BaseSocketClient]) -> None:
        self._make_client = make_client
        self._client: BaseSocketClient | None = None
        self.report: dict[str, Any] = {}

    async def open(self, on_notification: Notification) -> BaseSocketClient:
        client = self._make_client(on_notification)
        await client.connect()
        self._client = client
        return client

    async def closed(self) -> str:
        assert self._client is not None
        await self._client.wait_lost()
        return "closed the connection"

    def kill(self) -> None:
        """Do nothing, because the gateway did not start the application."""

    async def stop(self, seconds: float) -> None:
        if self._client is not None:
            await self._client.disconnect()
