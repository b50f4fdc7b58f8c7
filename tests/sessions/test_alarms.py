"""The timers of calls' deadlines: in order, cancelled without a trace, and in time whatever was set before."""

from __future__ import annotations

import asyncio

import pytest

from cadgate.sessions.alarms import Alarms

pytestmark = pytest.mark.anyio


async def _until(condition: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await condition.wait()


async def test_alarms_ring_in_order_of_their_time_not_of_their_making() -> None:
    alarms, heard, done = Alarms(), list[str](), asyncio.Event()

    def late() -> None:
        heard.append("late")
        done.set()

    alarms.after(0.03, late)
    alarms.after(0.01, lambda: heard.append("early"))
    await _until(done)
    assert heard == ["early", "late"]
    assert not alarms.pending


async def test_a_cancelled_alarm_does_not_ring_and_a_later_one_does() -> None:
    alarms, heard, done = Alarms(), list[str](), asyncio.Event()
    first = alarms.after(0.01, lambda: heard.append("cancelled"))
    alarms.after(0.02, done.set)
    first.cancel()
    await _until(done)
    assert heard == []


async def test_an_alarm_may_cancel_another_that_is_due_too_and_set_a_new_one() -> None:
    alarms, heard, done = Alarms(), list[str](), asyncio.Event()

    def ring() -> None:
        second.cancel()
        alarms.after(0.0, done.set)

    alarms.after(0.0, ring)
    second = alarms.after(0.0, lambda: heard.append("second"))
    await _until(done)
    assert heard == []


async def test_an_alarm_that_raises_does_not_silence_the_next_ones() -> None:
    alarms, done = Alarms(), asyncio.Event()
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, about: reported.append(about["exception"]))

    def fail() -> None:
        raise ValueError("wrong")

    alarms.after(0.0, fail)
    alarms.after(0.02, done.set)
    await _until(done)
    assert [str(each) for each in reported] == ["wrong"]
