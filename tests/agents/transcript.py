"""Does one task in an empty document of each application, and counts what that took."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import cast

from tests.agents.agent import Agent, agent
from tests.agents.tasks import TASKS
from tests.gateway import Gateway


@dataclass
class Counted:
    """What a task took; `error` says why it failed."""

    name: str
    calls: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    error: str | None = None

    def row(self) -> str:
        """Return a line of the table."""
        end = "done" if self.error is None else f"**{self.error.splitlines()[-1]}**"
        return f"| {self.name} | {self.calls} | {self.sent:,} | {self.received:,} | {self.seconds:.1f} | {end} |"


async def cleared(one: Agent) -> None:
    """Leave nothing of the task before."""
    await one.call("blender", "scene.clear")
    for document in (await one.call("freecad", "documents.list"))["documents"]:
        await one.call("freecad", "documents.delete", name=document["name"])


async def done(gateway: Gateway, name: str) -> Counted:
    """Do a task as a new client."""
    counted = Counted(name)
    try:
        async with agent(gateway.url) as one:
            try:
                await TASKS[name](one)
            finally:
                counted.calls, counted.sent, counted.received = one.calls, one.sent, one.received
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a line of the table
        reason: BaseException = error
        while isinstance(reason, BaseExceptionGroup):
            reason = cast("BaseExceptionGroup[BaseException]", reason).exceptions[0]
        counted.error = "".join(traceback.format_exception(reason))
    return counted
