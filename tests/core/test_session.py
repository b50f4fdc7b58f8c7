"""Sessions on real processes: started, watched, asked, interrupted, killed, given up, brought back, gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from cadgate.errors import (
    ApplicationRestarted,
    ConnectionFailed,
)
from cadgate.sessions import supervisor as supervisor_module
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.supervisor import Supervisor
from tests.core.fake_app import Control, becomes, fake_session, fake_settings, launch_of
from tests.core.sessions import create, names, processes_below, settled

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left")]


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
        with pytest.raises(ApplicationRestarted, match="fake ended while it was running work") as caught:
            await session.calls.exchange("work.crash", {"how": how}, 10)
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
        await session.ready.wait()  # the last kill may have come after the last change
        assert sorted(await names(session)) == sorted(made)


async def test_a_life_however_short_is_followed_by_a_start_at_once_and_counts_as_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []

    async def spy(supervisor: Supervisor, seconds: float | None) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Supervisor, "_wait_for_request", spy)
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
        assert session.status().reason == "it was killed by the gateway: asked for by a client"
        await settled(session, "up")
        os.kill(session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: watched.states().count("down") == 2)
        assert session.status().reason == "it was killed by signal 9"


async def test_only_failed_starts_in_a_row_are_counted(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
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
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
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
        assert await names(session) == ["Before", "After"]


async def test_snapshots_that_kill_every_start_end_in_down_with_the_reason_and_the_log(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
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
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
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

    async def short(supervisor: Supervisor, seconds: float | None) -> None:
        await wait(supervisor, None if seconds is None else 0)

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
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
    control.tell(start="die_at_ping")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await settled(watched.session, "down")
        assert "it did not answer its first ping, and ended with exit code 5" in (watched.session.status().reason or "")
        assert not processes_below(tmp_path)
        assert watched.states() == []


async def test_an_application_that_never_answers_its_first_ping_is_ended(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PING_SECONDS", 0.2)
    control.tell(start="hang_at_ping")
    async with fake_session(tmp_path, fake_settings(control), start=False) as watched:
        await becomes(lambda: "first ping" in (watched.session.status().reason or ""))
        control.tell(start=None)
        await settled(watched.session, "up")
        assert len(processes_below(tmp_path)) == 1


async def test_a_missing_application_is_unavailable_with_its_remedy_and_found_once_it_is_there(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "RETRY_UNAVAILABLE", 0.05)
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
        await watched.session.calls.exchange("work.emit", {"topic": "objects", "count": 1, "size": 1}, 10)
        assert ("objects", {"number": 0, "text": "x"}) in watched.events
        assert watched.states() == ["up"]


async def test_an_entry_that_kills_every_restoration_is_left_out(
    tmp_path: Path, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "_wait_for_request", impatient(Supervisor._wait_for_request))
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        for name in ("First", "Poison", "Last"):
            await create(watched.session, name)
        control.tell(replay={"Poison": "crash"})
        os.kill(watched.session.status().pid or 0, signal.SIGKILL)
        await settled(watched.session, "starting")
        await settled(watched.session, "up")
        assert await names(watched.session) == ["First", "Last"]
        assert "died of it twice" in str(watched.session._supervisor._source.report["damages"])


async def test_a_snapshot_that_cannot_be_loaded_does_not_keep_the_session_down(
    tmp_path: Path, control: Control
) -> None:
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        await create(watched.session, "Old")
    control.tell(load="fail")
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        assert await names(watched.session) == ["Old"]
        assert "the snapshot cannot be loaded" in str(watched.session._supervisor._source.report["damages"])
        await create(watched.session, "New")
    control.tell(load=None)
    async with fake_session(tmp_path, fake_settings(control)) as watched:
        assert await names(watched.session) == ["Old", "New"]
