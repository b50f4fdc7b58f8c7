"""Code that runs inside of an application, as a hole would let it, meets the sandbox: in the session and in workers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cadgate.artifacts.store import ArtifactStore
from cadgate.config.settings import Settings
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.plugins.discovery import discover
from cadgate.security.keys import KeyFile
from tests.attack.sandbox import APPLICATIONS, ATTACKS, BREACHES, Ground, home_canary, outcome_of
from tests.gateway import Gateway
from tests.live import live

pytestmark = pytest.mark.security


@dataclass
class Canary:
    """A file that nobody may read, and a folder in which nobody may write."""

    file: Path
    folder: Path


@dataclass
class Shut:
    """A gateway with applications in sandboxes, as the attacks want it."""

    gateway: Gateway
    canary: Canary
    sandboxed: bool = True
    allows_execute: bool = True
    scopes: dict[str, str] = field(default_factory=dict[str, str])

    def headers(self, _scopes: str) -> dict[str, str]:
        return {}

    def execute(self, adapter: str, code: str) -> Any:
        async def running() -> Any:
            async with live(self.gateway, adapter) as client:
                return (await client.run(code))[2]

        answer = asyncio.run(running())
        assert answer["status"] == "success", answer
        return answer["result"]["value"]


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    folder = tmp_path_factory.mktemp("canary")
    (folder / "private").mkdir()
    (folder / "folder").mkdir()
    (folder / "private" / "canary.txt").write_text("nobody reads this")
    return Canary(folder / "private" / "canary.txt", folder / "folder")


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Iterator[Shut]:
    state = tmp_path_factory.mktemp("shut")
    KeyFile(state).create("a key that code must not see")
    insists = "".join(f'[adapters.{name}]\nsandbox = "bubblewrap"\nrecovery_spares = 0\n' for name in APPLICATIONS)
    gateway = Gateway(state, plugins=insists, environment={"MY_API_TOKEN": "hunter2"}).start()
    yield Shut(gateway, canary)
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_code_in_a_session_gets_nothing_from_outside(shut: Shut, attack: Any) -> None:
    outcome = attack.run(shut)
    assert outcome.held, outcome.what
    assert list(shut.canary.folder.iterdir()) == []


def test_the_same_code_gets_something_without_a_sandbox(shut: Shut) -> None:
    """What the others see is the sandbox's doing, not a mistake in the code."""
    gateway, canary = shut.gateway, shut.canary
    with home_canary() as private:
        ground = Ground(gateway.state_dir, gateway.port, gateway.pid, "freecad", canary.file, canary.folder, private)
        for name in ("reads-the-users-files", "reads-keys-and-logs", "uses-the-network", "sees-other-processes"):
            (breach,) = [each for each in BREACHES if each.name == name]
            script = breach.script(ground).rpartition("\n")[0] + "\nimport json\nprint(json.dumps(got))"
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
            assert not outcome_of(json.loads(done.stdout)).held, name


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_in_a_worker_gets_nothing_from_outside(shut: Shut, adapter: str, tmp_path: Path) -> None:
    """Imports, exports and renders happen there."""
    settings = Settings(
        state_dir=tmp_path / "state", adapters={adapter: {"sandbox": "bubblewrap", "recovery_spares": 0, "workers": 0}}
    )
    (found,) = [each for each in discover(settings) if each.name == adapter]

    async def breaching() -> dict[str, Any]:
        runtime = AdapterRuntime(found, settings, ArtifactStore(settings.state_dir / "artifacts"))
        with home_canary() as private:
            ground = Ground(
                settings.state_dir, shut.gateway.port, os.getpid(), adapter, shut.canary.file, shut.canary.folder,
                private,
            )  # fmt: skip
            got: dict[str, Any] = {}
            async with runtime, runtime.workers.take() as worker:
                for breach in BREACHES:
                    answer = await worker.send("session.execute", {"code": breach.script(ground)})
                    got[breach.name] = answer["value"]
                assert worker.process is not None
                await worker.process.client.disconnect()
            return got

    got = asyncio.run(breaching())
    assert {name: outcome_of(each).what for name, each in got.items() if each} == {}
    assert len(got) == len(BREACHES)
