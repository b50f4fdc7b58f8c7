"""Being alone: another thread waits outside of Python, and goes on afterwards, or after a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest

from cadgate.appserver import turnstile
from cadgate.appserver.turnstile import Turnstile, alone


class Busy(threading.Thread):
    """A thread that counts its rounds as fast as it can."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        super().__init__(daemon=True)
        self.rounds = 0
        self.stopping = False
        self.wake = wake
        self.turnstile = Turnstile(wake)
        turnstile.register(self.turnstile)

    def run(self) -> None:
        while not self.stopping:
            self.turnstile.go_through()
            self.rounds += 1

    def moves(self) -> bool:
        """Whether it still counts; it has fifty milliseconds."""
        before = self.rounds
        for _ in range(50):
            threading.Event().wait(0.001)
        return self.rounds > before


class Idle(Busy):
    """A thread that sleeps until it is woken, as one that reads sockets does."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        super().__init__(self.woken.set)

    def run(self) -> None:
        while not self.stopping:
            self.turnstile.go_through()
            self.woken.wait()
            self.woken.clear()


@contextmanager
def running(thread: Busy) -> Generator[None]:
    thread.start()
    yield
    thread.stopping = True
    thread.wake()
    turnstile.forget(thread.turnstile)
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def busy() -> Iterator[Busy]:
    thread = Busy()
    with running(thread):
        yield thread


@pytest.fixture
def idle() -> Iterator[Idle]:
    thread = Idle()
    with running(thread):
        yield thread


def test_another_thread_waits_while_one_is_alone_and_goes_on_afterwards(busy: Busy) -> None:
    assert busy.moves()
    with alone():
        assert not busy.moves()
        with alone():
            assert not busy.moves()
        assert not busy.moves()
    assert busy.moves()


def test_to_be_alone_again_at_once_is_not_waited_for(idle: Idle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread may not have left its place when the next one wants to be alone."""
    monkeypatch.setattr(turnstile, "PARK_SECONDS", 20)
    monkeypatch.setattr(turnstile, "HOLD_SECONDS", 20)
    began = time.monotonic()
    for _ in range(1000):
        with alone():
            pass
        assert time.monotonic() - began < 10


def test_it_goes_on_after_an_error_too_and_after_a_while(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError), alone():
        raise ZeroDivisionError
    assert busy.moves()
    monkeypatch.setattr(turnstile, "HOLD_SECONDS", 0.01)
    with alone():
        assert busy.moves()
    assert busy.moves()


def test_a_thread_that_does_not_come_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "PARK_SECONDS", 0.01)
    absent = Turnstile(lambda: None)
    turnstile.register(absent)
    try:
        with alone():
            pass
    finally:
        turnstile.forget(absent)
