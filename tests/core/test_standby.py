"""Applications that stand by: the one after a death is started already, and knows what was acknowledged."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from cadgate.sessions.session import Session
from cadgate.sessions.source import ManagedSource
from tests.core.fake_app import Control, Watched, becomes, fake_session, fake_settings
from tests.core.sessions import create, names
from tests.gateway import alive

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left")]


def spares(session: Session) -> list[int]:
    source = session._supervisor._source
    assert isinstance(source, ManagedSource)
    return source._standby.pids


def serving(session: Session) -> int:
    pid = session.status().pid
    assert pid is not None
    return pid


async def dies(watched: Watched) -> None:
    """Kill the application, and wait for the next one."""
    restarts = watched.session.status().restarts
    os.kill(serving(watched.session), signal.SIGKILL)
    await becomes(lambda: watched.session.status().restarts > restarts and watched.session.ready.is_set())


async def test_the_spare_becomes_the_session_with_everything_that_was_acknowledged(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(recovery_spares=1)) as watched:
        [spare] = await becomes(lambda: spares(watched.session))
        first = await create(watched.session, "First", 1, key="gw-first")
        await dies(watched)
        assert serving(watched.session) == spare
        assert await names(watched.session) == ["First"]
        assert await create(watched.session, "First", 1, key="gw-first") == first
        assert watched.states() == ["up", "down", "restarted"]


async def test_a_taken_spare_is_replaced_by_another(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(recovery_spares=1)) as watched:
        seen: list[int] = []
        for number in range(3):
            [spare] = await becomes(lambda: spares(watched.session))
            await create(watched.session, f"Item{number}")
            await dies(watched)
            assert serving(watched.session) == spare
            seen.append(spare)
        assert len(set(seen)) == 3
        assert await names(watched.session) == ["Item0", "Item1", "Item2"]


async def test_a_spare_that_died_is_passed_over(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(recovery_spares=1)) as watched:
        await create(watched.session, "Kept")
        [spare] = await becomes(lambda: spares(watched.session))
        os.kill(spare, signal.SIGKILL)
        await becomes(lambda: not spares(watched.session))
        await dies(watched)
        assert serving(watched.session) != spare
        assert await names(watched.session) == ["Kept"]


async def test_a_spare_that_dies_of_the_restoration_is_followed_by_a_start_that_knows(
    tmp_path: Path, control: Control
) -> None:
    async with fake_session(tmp_path, fake_settings(control, recovery_spares=1)) as watched:
        await becomes(lambda: spares(watched.session))
        await create(watched.session, "Good")
        await create(watched.session, "Deadly")
        control.tell(replay={"Deadly": "crash"})
        await dies(watched)
        assert await names(watched.session) == ["Good"]


async def test_several_spares_are_kept_and_none_where_none_is_wanted(tmp_path: Path) -> None:
    async with fake_session(tmp_path / "three", fake_settings(recovery_spares=3)) as watched:
        await becomes(lambda: len(spares(watched.session)) == 3)
    async with fake_session(tmp_path / "none", fake_settings(recovery_spares=0)) as watched:
        await create(watched.session, "Kept")
        await dies(watched)
        assert spares(watched.session) == []
        assert await names(watched.session) == ["Kept"]


async def test_spares_end_with_their_session(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(recovery_spares=2)) as watched:
        pids = await becomes(lambda: found if len(found := spares(watched.session)) == 2 else [])
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


async def test_a_spare_leaves_the_journal_alone_until_it_takes_over(tmp_path: Path) -> None:
    async with fake_session(tmp_path, fake_settings(recovery_spares=1)) as watched:
        [spare] = await becomes(lambda: spares(watched.session))
        await create(watched.session, "A")
        journal = str(tmp_path / "session" / "journal")
        opened: set[str] = set()
        for descriptor in os.listdir(f"/proc/{spare}/fd"):
            with contextlib.suppress(OSError):
                opened.add(os.readlink(f"/proc/{spare}/fd/{descriptor}"))
        assert opened
        assert not [path for path in opened if path.startswith(journal)]
