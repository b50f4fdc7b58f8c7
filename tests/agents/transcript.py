"""Does one task in an empty document of each application, and counts what that took."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from tests.agents.agent import Agent, agent
from tests.agents.tasks import CHECKED, TASKS
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
        end = CHECKED[self.name] if self.error is None else f"**{self.error.splitlines()[-1]}**"
        request = (TASKS[self.name].__doc__ or self.name).rstrip(".")
        return f"| `{self.name}` | {request} | {self.calls} | {self.sent:,} | {self.received:,} | {end} |"


def table(counted: Sequence[Counted], listed: int) -> str:
    """Return a line for each task, their sums, and the bytes of the list of tools, which a client reads once."""
    good = sum(each.error is None for each in counted)
    calls, sent, received = (sum(getattr(each, what) for each in counted) for what in ("calls", "sent", "received"))
    return "\n".join(
        [
            "| task | as a person would ask | calls | bytes sent | bytes received | checked |",
            "| --- | --- | ---: | ---: | ---: | --- |",
            *(each.row() for each in counted),
            f"| **all** | {good} of {len(counted)} done | {calls} | {sent:,} | {received:,} | |",
            f"| `tools/list` | read once | | | {listed:,} | |",
        ]
    )


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
        counted.error = "".join(traceback.format_exception(innermost(error)))
    return counted


def innermost(error: BaseException) -> BaseException:
    """Return the first error of a group, which has none of its own."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
