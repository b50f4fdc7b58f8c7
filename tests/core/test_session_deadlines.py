"""Sessions under work: calls that take too long, calls that nobody waits for, too many of them, and what is told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cadgate.errors import (
    DeadlineExceeded,
    Overloaded,
)
from tests.core.fake_app import becomes, fake_session, fake_settings, item
from tests.core.sessions import begun, create, names

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left")]


# --- deadlines ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["work.spin", "work.lock", "work.sleep"])
async def test_a_call_at_its_deadline_is_interrupted_and_the_application_goes_on(tmp_path: Path, method: str) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        pid = session.status().pid
        params = {"seconds": 60} if method == "work.sleep" else {}
        reply = await session.calls.exchange(method, params, 0.1)
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
            await session.calls.exchange(method, params, 0.1)
        await becomes(lambda: session.status().restarts == 1 and session.status().state == "up")
        assert await names(session) == ["Kept"]


async def test_a_call_that_waits_at_its_deadline_is_never_run_and_harms_nobody(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        running = asyncio.create_task(session.calls.exchange("work.sleep", {"seconds": 0.6}, 10))
        await begun(watched, "work.sleep")
        with pytest.raises(DeadlineExceeded):
            await session.calls.exchange("items.create", item("TooLate"), 0.1, mutates=True, key="late")
        assert (await running)["result"] == {"value": 0.6}
        assert await names(session) == []
        assert session.status().restarts == 0


async def test_a_call_that_nobody_waits_for_any_more_is_still_watched(tmp_path: Path) -> None:
    """It is the one that does not stop at its deadline: it is ended for that, and not the call behind it."""
    async with fake_session(tmp_path) as watched:
        session = watched.session
        left = asyncio.create_task(session.calls.exchange("work.stubborn", {}, 0.4, mutates=True, key="left"))
        await begun(watched, "work.stubborn")
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert session.status().queue_depth == 1
        assert await names(session) == []
        assert (session.status().restarts, session.status().state) == (1, "up")
        assert session.status().queue_depth == 0


async def test_a_read_that_nobody_waits_for_any_more_is_stopped(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        left = asyncio.create_task(watched.session.calls.exchange("work.sleep", {"seconds": 60}, 100))
        await begun(watched, "work.sleep")
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert (await create(watched.session, "Soon"))["name"] == "Soon"
        assert watched.session.status().queue_depth == 0
        assert watched.session.status().restarts == 0


async def test_a_mutation_that_nobody_waits_for_any_more_is_finished(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        left = asyncio.create_task(
            watched.session.calls.exchange("items.slow", item("Left", 0.2), 10, mutates=True, key="left")
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
            call = asyncio.create_task(session.calls.exchange("work.sleep", {"seconds": 0.0005}, 10))
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
        calls = [asyncio.create_task(session.calls.exchange("work.sleep", {"seconds": 0.1}, 10)) for _ in range(3)]
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
        call = asyncio.create_task(session.calls.exchange("work.stuck", {"seconds": 2.0}, 30))
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
        first = asyncio.create_task(session.calls.exchange("work.sleep", {"seconds": 0.3}, 10))
        second = asyncio.create_task(session.calls.exchange("work.spin", {}, 10))
        await first
        running = session.calls.running()
        assert running is not None
        assert (running.method, running.age < 0.2) == ("work.spin", True)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
