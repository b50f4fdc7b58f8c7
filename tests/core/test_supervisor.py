"""The supervisor of an application that was never there for anybody: what it has opened is closed in any case."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cadgate.errors import ConnectionFailed
from cadgate.sessions.supervisor import Supervisor

pytestmark = pytest.mark.anyio


class Silent:
    """A source, and its client, whose application accepts connections and answers nothing."""

    def __init__(self) -> None:
        self.report: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.asked = asyncio.Event()
        self.disconnected = 0
        self.killed = 0

    async def open(self, on_notification: object) -> Any:
        return self

    async def closed(self) -> str:
        await asyncio.Event().wait()
        return "ended"

    def kill(self) -> None:
        self.killed += 1

    async def stop(self, seconds: float) -> None:
        """Nothing has been told to it."""

    async def call(self, method: str, params: dict[str, Any]) -> Any:
        self.asked.set()
        await asyncio.Event().wait()

    async def disconnect(self) -> None:
        self.disconnected += 1


async def test_a_stop_during_the_first_ping_leaves_no_connection_open() -> None:
    silent = Silent()
    supervisor = Supervisor("silent", silent, mode="managed", connection_error=ConnectionFailed)
    supervisor.start()
    await silent.asked.wait()
    assert silent.disconnected == 0
    await supervisor.stop(1)
    assert silent.disconnected == 1
