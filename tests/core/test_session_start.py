"""How sessions start and end, on real processes: what is there afterwards, and what is gone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cadgate.errors import (
    ConnectionFailed,
)
from tests.core.fake_app import FAKES, Control, becomes, fake_session, fake_settings
from tests.core.sessions import begun, create, names
from tests.gateway import alive, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left")]


async def test_a_session_starts_serves_and_leaves_nothing(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        status = watched.session.status()
        assert (status.state, status.application, status.mode) == ("up", "Fake 1.0", "managed")
        assert status.pid is not None
        assert alive(status.pid)
        assert (await create(watched.session, "A"))["name"] == "A"
        health = await watched.session.health()
        assert health == {
            "status": "up",
            "application": "Fake 1.0",
            "pid": status.pid,
            "mode": "managed",
            "queue_depth": 0,
            "latency_ms": health["latency_ms"],
        }
        assert watched.states() == ["up"]
    assert not alive(status.pid)
    with pytest.raises(ConnectionFailed) as caught:
        await create(watched.session)
    assert caught.value.code == "application_unavailable"


async def test_a_document_is_there_again_in_the_next_session(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        await create(watched.session, "Kept")
    async with fake_session(tmp_path) as watched:
        assert await names(watched.session) == ["Kept"]


async def test_before_the_start_every_call_is_told_to_wait(tmp_path: Path, control: Control) -> None:
    control.tell(start="hang")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        with pytest.raises(ConnectionFailed) as caught:
            await create(watched.session)
        assert (caught.value.code, caught.value.retry_after) == ("application_starting", 1.0)
        assert type(caught.value).__name__ == "FakeConnectionError"


async def test_stopping_in_the_middle_of_a_start_leaves_no_process(tmp_path: Path, control: Control) -> None:
    control.tell(start="hang")
    for moment in range(12):
        async with fake_session(tmp_path, fake_settings(control), start=False):
            await asyncio.sleep(moment / 200)


async def test_what_an_application_started_ends_with_it(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        child = (await watched.session.calls.exchange("work.spawn", {}, 10))["result"]["value"]
        assert alive(child)
    await becomes(lambda: not alive(child))


async def test_an_application_that_does_not_end_by_itself_is_killed(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(grace_seconds=60)) as watched:
        call = asyncio.create_task(watched.session.calls.exchange("work.stuck", {"seconds": 60}, 60))
        await begun(watched, "work.stuck")
        began = time.monotonic()
        await watched.session.stop(0.2)
        assert time.monotonic() - began < 3
        with pytest.raises(ConnectionFailed):
            await call


def test_the_death_of_the_gateway_ends_the_application_also_while_it_is_stuck(tmp_path: Path) -> None:
    """`kill -9` of the parent closes its end of the lifeline; no thread and no handler is involved."""
    script = f"""
import asyncio, sys
sys.path[:0] = {[str(Path(__file__).parent.parent.parent), FAKES]!r}
from pathlib import Path
from tests.core.fake_app import fake_session

async def main():
    async with fake_session(Path({str(tmp_path)!r})) as watched:
        call = asyncio.create_task(watched.session.calls.exchange("work.stuck", {{"seconds": 60}}, 60))
        while not any(topic == "work" for topic, _ in watched.events):
            await asyncio.sleep(0.01)
        print("the pid is", watched.session.status().pid, file=sys.stderr, flush=True)
        await call

asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stderr is not None
        pid = int(parent.stderr.readline().removeprefix("the pid is "))
        assert alive(pid)
        parent.kill()
    eventually(lambda: not alive(pid), seconds=2, what="the end of the application")
