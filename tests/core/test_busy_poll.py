"""Waits that poll: only after a short one, for a moment, and not while others have much to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from cadgate.appserver import busy_poll, idle_reader
from cadgate.appserver.busy_poll import LONG_TURN_SECONDS, MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS, WORTH, BusyPoll
from cadgate.appserver.connection import Connection
from cadgate.appserver.idle_reader import IdleReader
from cadgate.clients import awake
from cadgate.clients.awake import Expected

LIMIT = 0.25


class Clock:
    """The time as this process sees it, and what others take of it."""

    now = 100.0
    taken_by_others = 0.0
    yields = 0

    def let_others_run(self) -> None:
        self.yields += 1
        self.now += self.taken_by_others


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(busy_poll, "_polling", busy_poll._Polling())  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(busy_poll, "_processors", lambda: 2)
    monkeypatch.setattr(busy_poll, "_yield", made.let_others_run)
    monkeypatch.setattr(busy_poll, "monotonic", lambda: made.now)
    busy_poll.configure(LIMIT)
    return made


def wait(waits: BusyPoll, clock: Clock, seconds: float) -> bool:
    """Wait for so long; return whether it polled."""
    until = waits.begin()
    assert until in (0.0, clock.now + LIMIT)
    clock.now += seconds
    waits.end()
    return until > 0


def test_only_a_wait_after_a_short_one_polls(clock: Clock) -> None:
    waits = BusyPoll()
    polled = [wait(waits, clock, seconds) for seconds in (0.1, 0.1, 3.0, 0.1, 0.2, 0.3, 0.1)]
    assert polled == [False, True, True, False, True, True, False]


def test_waits_of_different_kinds_do_not_decide_for_each_other(clock: Clock) -> None:
    one, other = BusyPoll(), BusyPoll()
    assert not wait(one, clock, 0.1)
    assert not wait(other, clock, 3.0)
    assert wait(one, clock, 0.1)
    assert not wait(other, clock, 0.1)


@pytest.mark.parametrize(("seconds", "processors"), [(0.0, 2), (LIMIT, 1)])
def test_nothing_polls_that_may_not_or_has_one_processor(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: float, processors: int
) -> None:
    monkeypatch.setattr(busy_poll, "_processors", lambda: processors)
    busy_poll.configure(seconds)
    waits = BusyPoll()
    assert busy_poll.limit() == 0.0
    assert [wait(waits, clock, 0.0) for _ in range(3)] == [False] * 3


def test_while_others_have_much_to_do_nothing_polls_for_longer_and_longer(clock: Clock) -> None:
    waits = BusyPoll()
    wait(waits, clock, 0.0)
    pauses: list[float] = []
    for _ in range(6):
        assert busy_poll.let_others_run()
        clock.taken_by_others = LONG_TURN_SECONDS * 1.5
        assert not busy_poll.let_others_run()
        clock.taken_by_others = 0.0
        began = clock.now
        while not wait(waits, clock, 0.001):
            assert clock.now < began + 2 * MAX_PAUSE_SECONDS
        pauses.append(clock.now - began)
    expected = [0.01, 0.04, 0.16, 0.25, 0.25, 0.25]
    assert (MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS) == (0.01, 0.25)
    assert pauses == pytest.approx(expected, rel=0.1, abs=0.003)


def test_a_pause_is_short_again_after_many_waits_that_were_worth_it(clock: Clock) -> None:
    waits = BusyPoll()
    wait(waits, clock, 0.0)
    clock.taken_by_others = LONG_TURN_SECONDS * 1.5
    for _ in range(6):
        busy_poll.let_others_run()
    clock.now += MAX_PAUSE_SECONDS
    clock.taken_by_others = 0.0
    for _ in range(WORTH + 1):
        assert wait(waits, clock, 0.0001)
    clock.taken_by_others = LONG_TURN_SECONDS * 1.5
    busy_poll.let_others_run()
    assert not wait(waits, clock, 0.0)
    clock.now += MIN_PAUSE_SECONDS
    assert wait(waits, clock, 0.0)


# --- applications ----------------------------------------------------------------------------------------------------


@pytest.fixture
def reader() -> Iterator[IdleReader]:
    made = IdleReader()
    yield made
    made.close()


def test_an_application_is_awake_for_what_comes_soon(
    clock: Clock, reader: IdleReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(ours)
        reader.add(connection)
        theirs.send(b"x")
        assert reader.wait(None) == [connection]
        ours.recv(1)

        def others() -> bool:
            if busy_poll.let_others_run() and clock.yields == 3:
                theirs.send(b"x")
            return True

        monkeypatch.setattr(idle_reader, "let_others_run", others)
        monkeypatch.setattr(idle_reader, "monotonic", lambda: clock.now)
        # With its clock standing still it polls until something comes; asleep it would never see it.
        assert reader.wait(None) == [connection]
        assert clock.yields == 3


@pytest.mark.parametrize("taken", [0.0, LONG_TURN_SECONDS * 1.5])
def test_an_application_goes_to_sleep_if_nothing_comes_or_others_have_work(
    clock: Clock, reader: IdleReader, monkeypatch: pytest.MonkeyPatch, taken: float
) -> None:
    monkeypatch.setattr(idle_reader, "monotonic", lambda: clock.now)
    reader.waiting = True
    reader.wake()
    assert reader.wait(None) == []
    clock.taken_by_others = taken

    def later() -> None:
        clock.yields += 1
        clock.now += taken or LIMIT / 10

    monkeypatch.setattr(busy_poll, "_yield", later if taken else lambda: None)
    if not taken:
        monkeypatch.setattr(idle_reader, "let_others_run", lambda: later() or True)
    # The timeout counts from when it sleeps.
    assert reader.wait(0.001) == []
    assert clock.yields == (1 if taken else 10)


# --- the gateway -----------------------------------------------------------------------------------------------------


def test_the_loop_stays_awake_until_what_is_expected_has_come(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "monotonic", lambda: clock.now)

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        expected = Expected(loop)
        counts: list[int] = []
        for _ in range(2):
            expected.begin()
            for _ in range(5):
                await asyncio.sleep(0)
            expected.end()
            for _ in range(5):
                await asyncio.sleep(0)
            counts.append(clock.yields)
        return counts

    first, second = asyncio.run(main())
    assert first == 0
    assert 3 <= second <= 6


def test_the_loop_sleeps_after_the_limit_and_when_a_peer_is_gone(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "monotonic", lambda: clock.now)

    async def turns(expected: Expected, count: int) -> int:
        before = clock.yields
        for _ in range(count):
            await asyncio.sleep(0)
            clock.now += LIMIT / 10
        return clock.yields - before

    async def main() -> None:
        loop = asyncio.get_running_loop()
        silent, gone = Expected(loop), Expected(loop)
        for each in (silent, gone):
            each.begin()
            each.end()
        silent.begin()
        assert 8 <= await turns(silent, 40) <= 11
        gone.begin()
        gone.give_up()
        assert await turns(gone, 5) == 0

    asyncio.run(main())
