"""Whose call is next: light ones pass heavy ones, streams keep their order, nothing starves, too late is said early."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cadgate.errors import ApplicationUnavailable, CadgateError, DeadlineExceeded, Overloaded
from cadgate.sessions.costs import UNKNOWN_SECONDS, Costs, kind_of
from cadgate.sessions.turns import PATIENCE_SECONDS, Turn, Turns
from tests.core.fake_app import becomes, fake_session, item
from tests.core.sessions import begun, create, names

pytestmark = pytest.mark.anyio

LIGHT, HEAVY, OTHER = ("light", 1), ("heavy", 1), ("other", 1)


class Line:
    """Turns whose application is `open`, with known costs."""

    def __init__(self) -> None:
        self.open = True
        self.turns = Turns("fake", lambda: self.open, lambda: ("heavy", 1.5))
        self.turns.costs.learn(LIGHT, 0.001)
        self.turns.costs.learn(HEAVY, 2.0)

    def ask(self, kind: tuple[str, int] = LIGHT, seconds: float = 60, stream: object | None = None) -> Turn:
        return self.turns.request_turn(kind, seconds, stream)


@pytest.fixture
def line() -> Line:
    return Line()


def is_sent(turn: Turn) -> bool:
    return turn.sent is not None


# --- costs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ({"segments": 32, "rings": 16}, {"segments": 512, "rings": 256}),
        ({"vertices": [0] * 10}, {"vertices": [0] * 10_000}),
        ({"text": "1"}, {"text": "1 + 1\n" * 100}),
        ({"width": 64, "height": 64}, {"width": 4096, "height": 4096}),
    ],
)
def test_what_is_asked_for_more_of_is_another_kind(smaller: dict[str, Any], larger: dict[str, Any]) -> None:
    assert kind_of("m", smaller)[1] < kind_of("m", larger)[1]
    assert kind_of("m", smaller) == kind_of("m", dict(smaller))


def test_only_the_same_code_is_expected_to_take_as_long() -> None:
    assert kind_of("session.execute", {"code": "a = 1"}) == kind_of("session.execute", {"code": "a = 1"})
    assert kind_of("session.execute", {"code": "a = 1"}) != kind_of("session.execute", {"code": "b = 2"})


def test_a_kind_that_was_never_seen_is_expected_to_cost_something_and_refused_for_nothing() -> None:
    costs = Costs()
    assert (costs.expected(LIGHT), costs.least(LIGHT)) == (UNKNOWN_SECONDS, 0.0)


def test_only_recent_calls_count() -> None:
    costs = Costs()
    for seconds in (9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0):
        costs.learn(LIGHT, seconds)
    assert (costs.expected(LIGHT), costs.least(LIGHT)) == (3.0, 1.0)


# --- order -------------------------------------------------------------------------------------------------------


async def test_light_calls_are_sent_ahead_and_heavy_ones_are_not(line: Line) -> None:
    assert all(is_sent(line.ask()) for _ in range(5))
    assert not is_sent(line.ask(HEAVY))
    assert is_sent(line.ask())


async def test_a_light_call_passes_heavy_ones_that_came_before_it(line: Line) -> None:
    running = line.ask(HEAVY)
    heavy, light = line.ask(HEAVY), line.ask()
    assert (is_sent(heavy), is_sent(light)) == (False, False)
    line.turns.finish(running, 2.0)
    assert (is_sent(heavy), is_sent(light)) == (False, True)
    line.turns.finish(light, 0.001)
    assert is_sent(heavy)


async def test_calls_of_one_stream_keep_their_order_and_others_pass(line: Line) -> None:
    running, stream = line.ask(HEAVY), object()
    first, second, other = line.ask(HEAVY, stream=stream), line.ask(stream=stream), line.ask(stream=object())
    line.turns.finish(running, 2.0)
    assert [is_sent(each) for each in (first, second, other)] == [False, False, True]
    line.turns.finish(other, 0.001)
    assert [is_sent(each) for each in (first, second)] == [True, False]
    line.turns.finish(first, 2.0)
    assert is_sent(second)


async def test_an_endless_row_of_light_calls_does_not_starve_a_heavy_one(line: Line) -> None:
    running = line.ask(HEAVY)
    heavy = line.ask(HEAVY)
    row = [line.ask() for _ in range(100)]
    line.turns.finish(running, 2.0)
    passed = 0
    while not is_sent(heavy):
        done = next(each for each in row if is_sent(each))
        row.remove(done)
        row.append(line.ask())
        line.turns.finish(done, 0.001)
        passed += 1
    assert PATIENCE_SECONDS / 0.001 <= passed <= 2.0 / 0.001 + 100


async def test_nothing_is_sent_while_there_is_no_application_and_all_afterwards(line: Line) -> None:
    line.open = False
    turns = [line.ask() for _ in range(3)]
    assert not any(is_sent(each) for each in turns)
    line.open = True
    line.turns.send_waiting()
    assert all(is_sent(each) for each in turns)


async def test_what_waits_for_an_application_that_does_not_come_gets_the_reason(line: Line) -> None:
    line.open = False
    waits = asyncio.ensure_future(line.turns.wait(line.ask()))
    await asyncio.sleep(0)
    line.turns.fail(lambda: ApplicationUnavailable("it is not installed"))
    with pytest.raises(ApplicationUnavailable, match="not installed"):
        await waits
    assert len(line.turns) == 0


async def test_whoever_leaves_the_queue_is_not_sent(line: Line) -> None:
    running = line.ask(HEAVY)
    left = line.ask()
    task = asyncio.ensure_future(line.turns.wait(left))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    line.turns.finish(running, 2.0)
    assert (is_sent(left), len(line.turns)) == (False, 0)


# --- being late --------------------------------------------------------------------------------------------------


async def test_what_cannot_be_done_in_time_is_refused_at_once_with_an_estimate(line: Line) -> None:
    line.ask(HEAVY)
    for _ in range(3):
        line.ask(HEAVY)
    with pytest.raises(Overloaded, match="nothing was done") as caught:
        line.ask(HEAVY, seconds=5)
    error = caught.value
    assert error.status == 429
    assert error.details["estimate_ms"] == pytest.approx(10_000, abs=100)
    assert (error.details["deadline_ms"], error.details["waiting"]) == (5000, 4)
    assert error.retry_after == pytest.approx(5, abs=1)
    assert not is_sent(line.ask(LIGHT, seconds=5))


async def test_a_call_that_nothing_is_before_is_tried_however_long_it_took_lately(line: Line) -> None:
    assert is_sent(line.ask(HEAVY, seconds=0.1))


async def test_those_that_wait_are_told_as_soon_as_it_is_known_that_they_come_too_late(line: Line) -> None:
    running = line.ask(OTHER)
    waiting = [line.ask(OTHER, seconds=10.5) for _ in range(20)]
    tasks = [asyncio.ensure_future(line.turns.wait(each)) for each in waiting]
    await asyncio.sleep(0)
    line.turns.finish(running, 2.0)
    await asyncio.sleep(0)
    errors = [task.exception() for task in tasks if task.done() and task.exception() is not None]
    assert len(errors) == 15
    assert all(isinstance(error, Overloaded) for error in errors)
    assert len(line.turns) == 5
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_only_waited_says_so_and_for_what(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        running = asyncio.create_task(session.calls.exchange("work.sleep", {"seconds": 0.6}, 10))
        await begun(watched, "work.sleep")
        with pytest.raises(DeadlineExceeded, match=r"waited until its deadline .* for work\.sleep") as caught:
            await session.calls.exchange("items.create", item("TooLate"), 0.1, mutates=True, key="late")
        error = caught.value
        assert error.details == {"deadline_ms": 100, "started": False, "waited_for": "work.sleep"}
        assert error.retry_after is not None
        await running
        assert await names(session) == []


async def test_a_call_that_would_end_soon_after_its_deadline_does_not_end_the_application(tmp_path: Path) -> None:
    """It holds the interpreter's lock, so that it cannot be interrupted: its client is answered all the same."""
    async with fake_session(tmp_path) as watched:
        session = watched.session
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="has not stopped yet") as caught:
            await session.calls.exchange("work.stuck", {"seconds": 1.0}, 0.1)
        assert time.monotonic() - began < 0.9
        assert caught.value.details == {"deadline_ms": 100, "started": True}
        assert (await create(session, "Next"))["name"] == "Next"
        assert (session.status().restarts, session.status().queue_depth) == (0, 0)


async def test_calls_that_wait_survive_the_death_of_the_application(tmp_path: Path) -> None:
    async with fake_session(tmp_path) as watched:
        session = watched.session
        running = asyncio.create_task(session.calls.exchange("work.stuck", {"seconds": 60}, 60))
        await begun(watched, "work.stuck")
        waiting = [asyncio.create_task(create(session, f"Item{n}", mutates=True, key=f"k{n}")) for n in range(5)]
        await becomes(lambda: session.status().queue_depth == 6)
        session.restart("a test wants it")
        with pytest.raises(CadgateError, match="ended while it was running"):
            await running
        assert [(await each)["name"] for each in waiting] == [f"Item{n}" for n in range(5)]
        assert sorted(await names(session)) == [f"Item{n}" for n in range(5)]
