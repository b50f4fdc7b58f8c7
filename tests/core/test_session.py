"""Sessions on real processes: started, watched, asked, interrupted, killed, given up, brought back, gone at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadgate.errors import (
    ApplicationRestarted,
    ApplicationUnavailable,
    CadgateError,
    ConnectionFailed,
    DeadlineExceeded,
    Interrupted,
    Overloaded,
)
from cadgate.sessions import session as session_module
from cadgate.sessions import spawn as spawn_module
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.session import Session
from cadgate.sessions.spawn import spawn
from tests.core.fake_app import FAKES, Control, Watched, becomes, fake_session, fake_settings, item, launch_of
from tests.gateway import alive, eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(tmp_path)


@pytest.fixture(autouse=True)
def no_process_is_left(tmp_path: Path) -> Iterator[None]:
    """Every test ends with every process of its own gone, and every descriptor closed."""
    descriptors = len(os.listdir("/proc/self/fd"))
    yield
    eventually(lambda: not processes_below(tmp_path), seconds=5, what="the end of every process")
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= descriptors, seconds=5, what="closed descriptors")


def processes_below(folder: Path) -> list[int]:
    """Live processes whose working folder is below `folder`."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/cwd").startswith(str(folder)) and alive(int(name)):
                    found.append(int(name))
    return found


async def create(session: Session, name: str | None = None, value: Any = 0, **meta: Any) -> dict[str, Any]:
    """Make an item as the gateway does."""
    meta = {"mutates": True, "key": f"gw-test-{os.urandom(8).hex()}", **meta}
    return (await session.exchange("items.create", item(name, value), 10, **meta))["result"]


async def names(session: Session) -> list[str]:
    reply = await session.exchange("items.list", {"limit": 1000, "offset": 0, "fields": None}, 10)
    return [each["name"] for each in reply["result"]["objects"]]


async def begun(watched: Watched, method: str) -> None:
    """Wait until the application says that it works on `method`."""
    await becomes(lambda: ("work", {"state": "begun", "method": method}) in watched.events)


async def settled(session: Session, state: str) -> None:
    await becomes(lambda: session.status().state == state)


# --- start and end -----------------------------------------------------------------------------------------------


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
        child = (await watched.session.exchange("work.spawn", {}, 10))["result"]["value"]
        assert alive(child)
    await becomes(lambda: not alive(child))


async def test_an_application_that_does_not_end_by_itself_is_killed(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(grace_seconds=60)) as watched:
        call = asyncio.create_task(watched.session.exchange("work.stuck", {"seconds": 60}, 60))
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
        call = asyncio.create_task(watched.session.exchange("work.stuck", {{"seconds": 60}}, 60))
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


# --- death and restart -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("segv", "it was killed by signal 11"),
        ("3", "it ended with exit code 3"),
        ("0", "it ended with exit code 0"),
    ],
)
async def test_a_death_is_told_to_whoever_waited_and_followed_by_a_start_at_once(
    tmp_path: Path, how: str, told: str
) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        await create(session, "Survivor")
        before = session.status().pid
        with pytest.raises(ApplicationRestarted, match="fake ended while it worked on work") as caught:
            await session.exchange("work.crash", {"how": how}, 10)
        assert caught.value.retryable
        assert session.status().reason == told
        await settled(session, "up")
        assert session.status().pid != before
        assert session.status().restarts == 1
        assert session.status().reason is None
        assert await names(session) == ["Survivor"]
        assert watched.states() == ["up", "down", "restarted"]


async def test_a_killed_application_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        made: list[str] = []

        async def work(number: int) -> None:
            for count in range(30):
                key = f"w{number}-{count}"
                while True:
                    try:
                        made.append((await create(session, None, key, key=key, hash=key))["name"])
                        break
                    except ConnectionFailed:
                        await session.ready.wait()

        async def kill() -> None:
            for _ in range(4):
                await asyncio.sleep(0.02)
                await session.ready.wait()
                pid = session.status().pid
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                await becomes(lambda: not session.ready.is_set())

        await asyncio.gather(*(work(number) for number in range(4)), kill())
        assert len(set(made)) == 120
        assert sorted(await names(session)) == sorted(made)


async def test_a_life_however_short_is_followed_by_a_start_at_once_and_counts_as_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []

    async def spy(session: Session, seconds: float | None) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Session, "_wait_for_wish", spy)
    async with fake_session(tmp_path) as watched:
        for number in range(8):
            await becomes(lambda number=number: watched.session.status().restarts == number)
            await settled(watched.session, "up")
            os.kill(watched.session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: watched.session.status().restarts == 8)
        await settled(watched.session, "up")
        assert watched.states().count("restarted") == 8
    assert waits == []


async def test_a_restart_that_was_asked_for_is_told_as_such_and_the_next_death_is_not(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        session.restart("asked for by a client")
        await becomes(lambda: "down" in watched.states())
        assert session.status().reason == "it was ended by the gateway: asked for by a client"
        await settled(session, "up")
        os.kill(session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: watched.states().count("down") == 2)
        assert session.status().reason == "it was killed by signal 9"


async def test_only_failed_starts_in_a_row_are_counted(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        session = watched.session
        for life in range(3):
            # Four failed starts, one below the end; then one that works, after which counting begins anew.
            before = starts(tmp_path)
            control.tell(start="refuse")
            os.kill(session.status().pid or 0, signal.SIGKILL)
            await becomes(lambda before=before: starts(tmp_path) >= before + 4)
            control.tell(start=None)
            await becomes(lambda life=life: watched.states().count("restarted") == life + 1)
        assert "down" not in session.status().state


async def test_deaths_in_a_replay_count_until_what_kills_is_set_aside(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        session = watched.session
        for name in ("Before", "Killer", "After"):
            await create(session, name)
        control.tell(replay={"Killer": "crash"})
        before = starts(tmp_path)
        os.kill(session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: "restarted" in watched.states())
        # Two deaths of it, and a third start that leaves it out.
        assert starts(tmp_path) == before + 3
        assert await names(session) == ["Before"]


async def test_snapshots_that_kill_every_start_end_in_down_with_the_reason_and_the_log(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        await create(watched.session, "Kept")
        control.tell(load="crash")
        os.kill(watched.session.status().pid or 0, signal.SIGKILL)
        await settled(watched.session, "down")
        with pytest.raises(ConnectionFailed) as caught:
            await watched.session.health()
        assert "it failed to start 5 times in a row" in caught.value.message
        assert "the fake application starts" in caught.value.details["log_tail"]
        control.tell(load=None)
        watched.session.request_start()
        await settled(watched.session, "up")


def starts(folder: Path) -> int:
    """How often the fake application was started."""
    return (folder / "fake.log").read_text().count("the fake application starts")


@pytest.mark.parametrize("start", ["refuse", "raise"])
async def test_five_failed_starts_are_the_end_until_somebody_asks(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    control.tell(start=start)
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        session = watched.session
        await settled(session, "down")
        reason = session.status().reason or ""
        assert "it failed to start 5 times in a row" in reason
        expected = "it ended while it started" if start == "refuse" else "the fake application cannot start"
        assert expected in reason
        assert (tmp_path / "fake.log").read_text().count("the fake application starts") == 5
        with pytest.raises(ConnectionFailed) as caught:
            await create(session)
        assert caught.value.code == "application_unavailable"
        with pytest.raises(ConnectionFailed) as caught:
            await session.health()
        assert "the fake application starts" in caught.value.details["log_tail"]
        assert "restart" in caught.value.details["remedy"]

        control.tell(start=None)
        session.request_start()
        await settled(session, "up")
        assert session.status().remedy is None
        assert (await create(session, "Back"))["name"] == "Back"


def impatient(wait: Any) -> Any:
    """The same wait, without the pauses between attempts."""

    async def short(session: Session, seconds: float | None) -> None:
        await wait(session, None if seconds is None else 0)

    return short


async def test_a_start_that_takes_too_long_is_a_failed_one_and_leaves_no_process(
    tmp_path: Path, control: Control
) -> None:
    control.tell(start="hang")
    launch = launch_of(tmp_path, fake_settings(control, start_timeout_seconds=1.5))
    with pytest.raises(StartFailed, match=r"it was not ready within 1\.5 s") as caught:
        await ApplicationProcess.launch(launch, lambda method, params: None)
    assert "the fake application starts" in (caught.value.log_tail or "")
    assert not caught.value.crashed
    assert not processes_below(tmp_path)


async def test_an_application_that_dies_of_its_first_ping_did_not_start(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    control.tell(start="die_at_ping")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await settled(watched.session, "down")
        assert "it did not answer its first ping, and ended with exit code 5" in (watched.session.status().reason or "")
        assert not processes_below(tmp_path)
        assert watched.states() == []


async def test_an_application_that_never_answers_its_first_ping_is_ended(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "FIRST_PING_SECONDS", 0.2)
    control.tell(start="hang_at_ping")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await becomes(lambda: "first ping" in (watched.session.status().reason or ""))
        control.tell(start=None)
        await settled(watched.session, "up")
        assert len(processes_below(tmp_path)) == 1


async def test_a_missing_application_is_unavailable_with_its_remedy_and_found_once_it_is_there(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "RETRY_UNAVAILABLE", 0.05)
    control.tell(plan="missing")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await settled(watched.session, "unavailable")
        with pytest.raises(ConnectionFailed, match="fake is not installed") as caught:
            await create(watched.session)
        assert caught.value.details["remedy"] == "pip install fake"
        control.tell(plan=None)
        await settled(watched.session, "up")


async def test_a_program_that_cannot_be_run_is_unavailable(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(plan="not-a-program"), start=False) as watched:
        await settled(watched.session, "unavailable")
        assert watched.session.status().reason == "'/nowhere/fake' cannot be run: No such file or directory"


async def test_a_launcher_with_a_defect_is_down_until_somebody_asks(tmp_path: Path, control: Control) -> None:
    control.tell(plan="raise")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await settled(watched.session, "down")
        assert watched.session.status().reason == "the adapter failed: RuntimeError: a defect of the launcher"
        control.tell(plan=None)
        watched.session.request_start()
        await settled(watched.session, "up")


async def test_a_listener_that_fails_ends_nothing(tmp_path: Path) -> None:
    async with fake_session(tmp_path, start=False) as watched:

        def fail(method: str, params: dict[str, Any]) -> None:
            raise RuntimeError("a defect of a listener")

        watched.session.listeners.insert(0, fail)
        await watched.session.ready.wait()
        await watched.session.exchange("work.emit", {"topic": "objects", "count": 1, "size": 1}, 10)
        assert ("objects", {"number": 0, "text": "x"}) in watched.events
        assert watched.states() == ["up"]


async def test_an_entry_that_kills_every_restoration_is_left_out(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "_wait_for_wish", impatient(Session._wait_for_wish))
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        for name in ("First", "Poison", "Last"):
            await create(watched.session, name)
        control.tell(replay={"Poison": "crash"})
        os.kill(watched.session.status().pid or 0, signal.SIGKILL)
        await settled(watched.session, "starting")
        await settled(watched.session, "up")
        assert await names(watched.session) == ["First"]
        assert "died of it twice" in str(watched.session._source.report["damages"])


async def test_a_snapshot_that_cannot_be_loaded_does_not_keep_the_session_down(
    tmp_path: Path, control: Control
) -> None:
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        await create(watched.session, "Old")
    control.tell(load="fail")
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        assert await names(watched.session) == ["Old"]
        assert "the snapshot cannot be loaded" in str(watched.session._source.report["damages"])
        await create(watched.session, "New")
    control.tell(load=None)
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        assert await names(watched.session) == ["Old", "New"]


# --- deadlines ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["work.spin", "work.lock", "work.sleep"])
async def test_a_call_at_its_deadline_is_interrupted_and_the_application_goes_on(tmp_path: Path, method: str) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        pid = session.status().pid
        params = {"seconds": 60} if method == "work.sleep" else {}
        reply = await session.exchange(method, params, 0.1)
        assert reply["error"]["data"]["code"] == "deadline_exceeded"
        assert (await create(session, "Next"))["name"] == "Next"
        assert (session.status().pid, session.status().restarts) == (pid, 0)


@pytest.mark.parametrize("method", ["work.stuck", "work.stubborn"])
async def test_a_call_that_does_not_stop_takes_the_application_with_it_and_the_document_comes_back(
    tmp_path: Path, method: str
) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        await create(session, "Kept")
        params = {"seconds": 60} if method == "work.stuck" else {}
        with pytest.raises(DeadlineExceeded, match=f"{method} had no answer within"):
            await session.exchange(method, params, 0.1)
        await becomes(lambda: session.status().restarts == 1 and session.status().state == "up")
        assert await names(session) == ["Kept"]


async def test_a_call_that_waits_at_its_deadline_is_never_run_and_harms_nobody(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        running = asyncio.create_task(session.exchange("work.sleep", {"seconds": 0.6}, 10))
        await begun(watched, "work.sleep")
        with pytest.raises(DeadlineExceeded):
            await session.exchange("items.create", item("TooLate"), 0.1, mutates=True, key="late")
        assert (await running)["result"] == {"value": 0.6}
        assert await names(session) == []
        assert session.status().restarts == 0


async def test_a_call_that_nobody_waits_for_any_more_is_still_watched(tmp_path: Path) -> None:
    """It is the one that does not stop at its deadline: it is ended for that, and not the call behind it."""
    async with fake_session(tmp_path) as watched:
        session = watched.session
        left = asyncio.create_task(session.exchange("work.stubborn", {}, 0.4, mutates=True, key="left"))
        await begun(watched, "work.stubborn")
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert session.status().queue_depth == 1
        with pytest.raises(ApplicationRestarted):
            await session.exchange("items.list", {"limit": 1, "offset": 0, "fields": None}, 20)
        await becomes(lambda: session.status().restarts == 1 and session.status().state == "up")
        assert session.status().queue_depth == 0


async def test_a_read_that_nobody_waits_for_any_more_is_stopped(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        left = asyncio.create_task(watched.session.exchange("work.sleep", {"seconds": 60}, 100))
        await begun(watched, "work.sleep")
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert (await create(watched.session, "Soon"))["name"] == "Soon"
        assert watched.session.status().queue_depth == 0
        assert watched.session.status().restarts == 0


async def test_a_mutation_that_nobody_waits_for_any_more_is_finished(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        left = asyncio.create_task(
            watched.session.exchange("items.slow", item("Left", 0.2), 10, mutates=True, key="left")
        )
        await becomes(lambda: watched.session.status().queue_depth == 1)
        await asyncio.sleep(0.05)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert await names(watched.session) == ["Left"]


async def test_cancelling_calls_at_any_moment_leaves_the_table_empty(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        for number in range(200):
            call = asyncio.create_task(session.exchange("work.sleep", {"seconds": 0.0005}, 10))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            if number % 3 == 0:
                await asyncio.sleep(0.0005)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        await create(session, "After")
        await becomes(lambda: session.status().queue_depth == 0)
        assert session.status().restarts == 0


# --- load and health ---------------------------------------------------------------------------------------------


async def test_one_call_too_many_is_refused_and_health_is_not(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(max_queue=3)) as watched:
        session = watched.session
        calls = [asyncio.create_task(session.exchange("work.sleep", {"seconds": 0.1}, 10)) for _ in range(3)]
        await becomes(lambda: session.status().queue_depth == 3)
        with pytest.raises(Overloaded, match="3 calls waiting") as caught:
            await create(session)
        assert (caught.value.details, caught.value.retry_after) == ({"limit": "max_queue", "maximum": 3}, 1.0)
        assert (await session.health())["status"] in ("up", "busy")
        await asyncio.gather(*calls)
        assert (await create(session, "Later"))["name"] == "Later"


async def test_a_busy_application_is_said_to_be_busy_with_what_and_for_how_long(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(grace_seconds=30)) as watched:
        session = watched.session
        call = asyncio.create_task(session.exchange("work.stuck", {"seconds": 2.0}, 30))
        await begun(watched, "work.stuck")
        began = time.monotonic()
        health = await session.health()
        assert time.monotonic() - began < 2
        assert (health["status"], health["method"], health["queue_depth"]) == ("busy", "work.stuck", 1)
        assert 900 < health["busy_ms"] < 5000
        await becomes(lambda: session.status().state == "busy")
        assert session.status().method == "work.stuck"
        assert (await call)["result"] == {"value": 2.0}
        assert (await session.health())["status"] == "up"
        assert watched.states() == ["up", "busy", "up"]


async def test_the_time_in_the_queue_is_not_time_at_work(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        first = asyncio.create_task(session.exchange("work.sleep", {"seconds": 0.3}, 10))
        second = asyncio.create_task(session.exchange("work.spin", {}, 10))
        await first
        running = session._flights.running()
        assert running is not None
        assert (running.method, running.age < 0.2) == ("work.spin", True)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


# --- what a process gets -----------------------------------------------------------------------------------------


async def test_the_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYENV_ROOT", "CADGATE_PORT", "MY_SECRET", "LD_PRELOAD"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("PATH", "/somewhere/bin")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    async with fake_session(tmp_path) as watched:
        told = (await watched.session.exchange("work.environment", {}, 10))["result"]["value"]
    environment = told["environment"]
    assert environment.pop("LANG") == "de_DE.UTF-8"
    assert environment.pop("PATH") == spawn_module.SYSTEM_PATH
    assert environment.pop("HOME") == str(tmp_path / "session" / "home")
    assert "/somewhere" not in str(environment)
    assert "CADGATE_BOOT" not in environment
    assert told["cwd"] == str(tmp_path / "session" / "workspace")
    assert told["path"][0] == str(tmp_path / "session" / "lib")
    assert sorted(os.listdir(tmp_path / "session" / "lib")) == ["cadgate", "cadgate_fake"]
    assert told["group"] == told["pid"] != os.getpgid(0)
    # Standard streams, lifeline, log, selector, waker, listener and two connections at most: nothing of ours.
    assert len(told["descriptors"]) <= 12


async def test_the_folders_of_a_session_are_the_users_own(tmp_path: Path) -> None:
    async with fake_session(tmp_path):
        for name in ("workspace", "home", "tmp", "lib"):
            assert (tmp_path / "session" / name).stat().st_mode & 0o777 == 0o700


async def test_a_log_that_grew_too_large_is_put_aside_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn_module, "MAX_LOG", 10_000)
    async with fake_session(tmp_path) as watched:
        await watched.session.exchange("work.print", {"lines": 20}, 10)
    assert not (tmp_path / "fake.1.log").exists()
    async with fake_session(tmp_path):
        assert (tmp_path / "fake.1.log").stat().st_size > 20_000
        assert (tmp_path / "fake.log").stat().st_size < 1000


async def test_a_program_around_the_application_may_outlive_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell script that starts it holds the same pipes open for as long as the application runs."""
    wrapper = tmp_path / "wrapper.sh"
    wrapper.write_text('#!/bin/sh\n"$@"\nexit $?\n')
    wrapper.chmod(0o700)
    launch = launch_of(tmp_path, fake_settings())
    object.__setattr__(launch.plan, "argv", [str(wrapper), *launch.plan.argv])
    process = await asyncio.wait_for(ApplicationProcess.launch(launch, lambda method, params: None), 5)
    assert await process.client.call("session.ping", {}) == {"pong": True}
    await process.stop(5)
    assert process.exited.result() == 0


async def test_cancelling_a_launch_at_any_moment_leaves_no_process(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings(), journal=False)
    for moment in range(25):
        task = asyncio.create_task(ApplicationProcess.launch(launch, lambda method, params: None))
        await asyncio.sleep(moment / 150)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            process = await task
            await process.stop(5)
    await becomes(lambda: not processes_below(tmp_path))
    reapers = [each for each in threading.enumerate() if each.name.startswith("cadgate-reap")]
    await becomes(lambda: not any(each.is_alive() for each in reapers))


async def test_options_that_cannot_be_handed_over_are_a_defect_that_leaks_nothing(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings())
    before = len(os.listdir("/proc/self/fd"))
    for options, error in (({"a": {1}}, TypeError), ({"a": "x" * 100_000}, ValueError)):
        object.__setattr__(launch, "options", options)
        with pytest.raises(error):
            spawn(launch, "secret")
    object.__setattr__(launch, "options", {})
    object.__setattr__(launch.plan, "argv", ["bad\0name"])
    with pytest.raises(ValueError, match="null byte"):
        spawn(launch, "secret")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("said", ["", "{}", "[]", "nonsense", '{"port": null}', '{"port": "x"}', '{"port'])
async def test_whatever_a_program_says_instead_of_being_ready_is_a_failed_start(tmp_path: Path, said: str) -> None:
    launch = launch_of(tmp_path, fake_settings())
    script = (
        "import json, os\n"
        "boot = json.loads(os.read(int(os.environ['CADGATE_BOOT']), 100000))\n"
        f"os.write(boot['ready'], {said.encode()!r})\n"
    )
    object.__setattr__(launch.plan, "argv", [sys.executable, "-I", "-S", "-c", script])
    with pytest.raises(StartFailed) as caught:
        await ApplicationProcess.launch(launch, lambda method, params: None)
    assert caught.value.crashed is (said == "")


def test_errors_of_sessions_are_those_of_the_tree() -> None:
    for kind in (ApplicationUnavailable, ApplicationRestarted, DeadlineExceeded, Interrupted, Overloaded):
        assert issubclass(kind, CadgateError)
        assert json.dumps(kind("text").body())
