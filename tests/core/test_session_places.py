"""Who gets a place, and whose turn it is: of sessions (`Slots`) and of workers (`FairTurns`)."""

from __future__ import annotations

import asyncio
import time

import pytest

from cadgate.sessions.fair_turns import FairTurns
from cadgate.sessions.slots import PATIENCE, Slots


class One:
    """A session that wants a place."""

    def __init__(self, slots: Slots, idle_for: float | None = None, *, urgent: bool = False) -> None:
        self.slots = slots
        self.urgent = urgent
        self.idle_since = None if idle_for is None else time.monotonic() - idle_for
        self.has_place = False

    def place_granted(self) -> None:
        self.has_place = True

    def give_up_place(self) -> None:
        self.has_place = False
        self.slots.release(self)


def test_places_are_given_in_order_and_positions_are_counted_from_one() -> None:
    slots = Slots(1)
    first, second, third = One(slots), One(slots), One(slots)
    for each in (first, second, third):
        slots.request(each)
    assert (first.has_place, slots.position(first), slots.position(second), slots.position(third)) == (True, None, 1, 2)
    slots.release(first)
    assert (second.has_place, third.has_place, slots.position(third)) == (True, False, 1)
    slots.withdraw(third)
    slots.release(second)
    assert (slots.waiting, third.has_place, slots.free) == (0, False, True)


def test_a_busy_session_keeps_its_place_and_the_one_that_is_idle_longest_gives_it_up() -> None:
    slots = Slots(3)
    busy, shorter, longer = One(slots), One(slots, 1.0), One(slots, 2.0)
    for each in (busy, shorter, longer):
        slots.request(each)
    called = One(slots, urgent=True)
    slots.request(called)
    assert (busy.has_place, shorter.has_place, longer.has_place, called.has_place) == (True, True, False, True)


def test_a_new_session_waits_for_one_that_has_been_idle_for_a_while() -> None:
    slots = Slots(1)
    holder = One(slots, PATIENCE / 2)
    slots.request(holder)
    new = One(slots)
    slots.request(new)
    assert (holder.has_place, slots.position(new)) == (True, 1)
    holder.idle_since = time.monotonic() - PATIENCE
    slots.serve()
    assert (holder.has_place, new.has_place) == (False, True)


@pytest.mark.anyio
async def test_callers_take_turns_however_much_one_of_them_wants() -> None:
    turns, order = FairTurns(1), list[str]()

    async def work(caller: str) -> None:
        async with turns.turn(caller):
            order.append(caller)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for caller in ("a", "a", "a", "a", "b", "c", "b"):
            group.create_task(work(caller))
    assert order == ["a", "a", "b", "c", "a", "b", "a"]


@pytest.mark.anyio
async def test_a_caller_that_leaves_the_queue_passes_its_turn_on() -> None:
    turns = FairTurns(1)
    entered = asyncio.Event()

    async def hold() -> None:
        async with turns.turn("a"):
            await asyncio.sleep(0)

    async def enter() -> None:
        async with turns.turn("c"):
            entered.set()

    async with turns.turn("x"):
        leaving = asyncio.create_task(hold())
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        leaving.cancel()
    await asyncio.wait_for(entered.wait(), 5)
    await waiting
    async with turns.turn("y"):
        assert leaving.cancelled()
