"""`cadgate mcp`: agents on standard input and output, in front of a gateway that it starts, and that may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from mcp import Client, StdioServerParameters

from cadgate.cli.lock import holder_of
from tests.agents.agent import Agent
from tests.agents.sketchpad import ALONE, install
from tests.gateway import eventually, free_port

pytestmark = pytest.mark.anyio


class Machine:
    """A state folder without a gateway, and the command for it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        (folder / "plugins.toml").write_text(ALONE)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")} | {
            "CADGATE_STATE_DIR": str(self.state),
            "CADGATE_PORT": str(free_port()),
            "CADGATE_PLUGINS": str(folder / "plugins.toml"),
            "PYTHONPATH": str(install(folder)),
        }
        self.server = StdioServerParameters(
            command=sys.executable, args=["-P", "-m", "cadgate", "mcp"], env=self.environment
        )

    def kill(self) -> None:
        """Kill the gateway, as a crash does."""
        holder = holder_of(self.state)
        assert holder is not None
        os.kill(holder.pid, signal.SIGKILL)
        eventually(lambda: holder_of(self.state) is None, what="the gateway's end")

    def running(self) -> str | None:
        """The method that the application has been running for a while."""
        url = f"http://127.0.0.1:{self.environment['CADGATE_PORT']}/health/sketchpad"
        return httpx.get(url, timeout=5, trust_env=False).json().get("result", {}).get("method")

    def down(self) -> None:
        command = [sys.executable, "-P", "-m", "cadgate", "down"]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=60)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.down()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_it_starts_a_gateway_and_goes_on_after_its_death(machine: Machine, mode: str) -> None:
    async with Client(machine.server, mode=mode) as client:
        one = Agent(client)
        await one.learn()
        assert holder_of(machine.state) is not None
        creating = next(
            each["method"]
            for each in (await one.done("search", query="", limit=50))["methods"]
            if each["method"].endswith(".create")
        )
        described = await one.done("describe", application="sketchpad", method=creating)
        made = await one.done("call", **described["example"], idempotency_key="once")
        assert "cadgate://docs/start" in [str(each.uri) for each in (await client.list_resources()).resources]

        machine.kill()
        # The next call starts the gateway again; a key's first answer comes again.
        assert await one.done("call", **described["example"], idempotency_key="once") == made

        call = asyncio.create_task(one.use("execute", application="sketchpad", code="import time; time.sleep(20)"))
        await asyncio.to_thread(eventually, lambda: machine.running() == "session.execute", what="the code's start")
        machine.kill()
        result = await call
        assert result.is_error
        assert result.structured_content["error"]["code"] == "application_unavailable"
        assert (await one.refused("describe", application="sketchpad", method="x.y"))["code"] == "not_found"
    # Other clients may use it, so it outlives this one.
    assert holder_of(machine.state) is not None
