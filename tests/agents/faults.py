"""`python -m tests.agents.faults [CALLS]`: agents make parts with keys while applications and gateway are killed.

An agent that gets no answer, or one that says so, sends the same call with the same key. Afterwards every part that was
acknowledged is there once.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp.shared.exceptions import MCPError

from tests.agents.agent import agent
from tests.gateway import Gateway, eventually

FREECAD_ONLY = {"CADGATE_BLENDER_ENABLED": "false"}
AGENTS = 4
LOST = (httpx2.HTTPError, MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError)
"""What a client sees of a gateway that dies."""


@dataclass
class Outcome:
    """What became of a run."""

    acknowledged: list[str] = field(default_factory=list[str])
    there: list[str] = field(default_factory=list[str])
    sent_again: int = 0
    kills: int = 0
    gateway_kills: int = 0

    @property
    def lost(self) -> set[str]:
        return set(self.acknowledged) - set(self.there)

    @property
    def doubled(self) -> int:
        return len(self.there) - len(set(self.there)) + len(set(self.there) - set(self.acknowledged))


async def run(gateway: Gateway, calls: int, kills: int, gateway_kills: int, seed: int = 0) -> Outcome:
    """Make `calls` parts by several agents, each in a mode of its own, while both are killed so many times."""
    outcome, chance = Outcome(), random.Random(seed)
    waiting = iter(range(calls))
    moments = sorted(chance.sample(range(2, calls), kills + gateway_kills))
    whom = ["gateway"] * gateway_kills + ["application"] * kills
    chance.shuffle(whom)
    plan = dict(zip(moments, whom, strict=True))
    killing = asyncio.Lock()

    async def work(mode: str) -> None:
        for number in waiting:
            whom = plan.get(number)
            sending = asyncio.create_task(_acknowledged(gateway, mode, number, outcome))
            if whom is not None:
                async with killing:
                    await asyncio.to_thread(_kill, gateway, whom, outcome)
            outcome.acknowledged.append(await sending)

    await asyncio.gather(*(work(("auto", "legacy")[number % 2]) for number in range(AGENTS)))
    async with agent(gateway.url) as one:
        listed: list[dict[str, Any]] = []
        while not listed or len(listed) % 10_000 == 0:
            page = await one.call("freecad", "objects.list", limit=10_000, offset=len(listed), fields="name,label")
            listed += page["objects"]
            if len(listed) >= page["total"]:
                break
        outcome.there = [each["label"] for each in listed]
    return outcome


async def _acknowledged(gateway: Gateway, mode: str, number: int, outcome: Outcome) -> str:
    """Send one call until it is answered; the label of the part."""
    label = f"Part {number}"
    arguments = {
        "application": "freecad",
        "method": "primitives.box",
        "params": {"label": label, "length": 1 + number},
        "idempotency_key": f"fault-{number}",
    }
    while True:
        error: Any = None
        with suppress(*LOST):
            try:
                async with agent(gateway.url, mode=mode) as one:
                    result = await one.use("call", **arguments)
                if not result.is_error:
                    made = result.structured_content["result"]
                    assert made["volume"] == 100 * (1 + number)
                    return label
                error = result.structured_content["error"]
            except* LOST:
                pass
        assert error is None or error["retryable"], error
        outcome.sent_again += 1
        await asyncio.to_thread(eventually, lambda: _answers(gateway), seconds=60, what="the gateway and FreeCAD")


def _answers(gateway: Gateway) -> bool:
    try:
        return gateway.health("freecad")["status"] == "success"
    except (OSError, HTTPException):
        return False


def _kill(gateway: Gateway, whom: str, outcome: Outcome) -> None:
    if whom == "gateway":
        gateway.signal(signal.SIGKILL)
        gateway.wait()
        gateway.start(ready=False)
        outcome.gateway_kills += 1
        return
    pid = eventually(lambda: gateway.health("freecad").get("result", {}).get("pid"), what="FreeCAD up")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        outcome.kills += 1


def main(calls: int) -> int:
    """Run once and print what became of it; 1 if anything was lost or doubled."""
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder) / "state", environment=FREECAD_ONLY).start()
        try:
            outcome = asyncio.run(run(gateway, calls, max(1, calls // 20), max(1, calls // 100)))
        finally:
            gateway.stop()
    print(
        f"{len(outcome.acknowledged)} calls acknowledged, {outcome.sent_again} sent again, {outcome.kills} kills of "
        f"the application, {outcome.gateway_kills} of the gateway: {len(outcome.lost)} lost, {outcome.doubled} doubled"
    )
    return 1 if outcome.lost or outcome.doubled else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
