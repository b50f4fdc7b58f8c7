"""What an undo costs: what the session holds, not what it once held."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from cadgate.appserver import forked_copy, snapshot_times
from cadgate.appserver import recovery as recovery_module
from cadgate.appserver.history import UNDO
from tests.core.lives import ANYBODY, Lives, Session, called


def test_entries_that_an_undo_took_long_to_repeat_are_in_a_snapshot_at_the_next(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(recovery_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    session = lives.start()
    for word in ("a", "b", "c"):
        session.add(word)
    add = session.host.add

    def takes(word: str) -> Any:
        now[0] += 1
        return add(word)

    assert not session.recovery.snapshot_is_due()
    monkeypatch.setattr(session.host, "add", takes)
    session.recovery.history.undo(ANYBODY)
    assert (session.words, now[0]) == ("a b", 2)
    assert session.recovery.snapshot_is_due()
    session.recovery.snapshot("idle")
    assert not session.recovery.snapshot_is_due()
    monkeypatch.setattr(session.host, "add", add)
    session.add("d")
    monkeypatch.setattr(session.host, "add", takes)
    session.recovery.history.undo(ANYBODY)
    assert (session.words, now[0]) == ("a b", 2)


@pytest.mark.parametrize("slow", ["load_snapshot", "save_snapshot"])
def test_what_is_cleared_leaves_a_snapshot_behind_that_each_undo_would_load(
    lives: Lives, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    now = [0.0]
    for module in (recovery_module, forked_copy):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    session = lives.start()
    session.add("a")
    work = getattr(session.host, slow)

    def takes(path: Any) -> None:
        now[0] += 2 * snapshot_times.HEAVY_SECONDS
        work(path)

    session.recovery.snapshot("idle")
    assert session.answered(cleared=True) is None
    monkeypatch.setattr(session.host, slow, takes)
    session.add("b")
    if slow == "load_snapshot":
        session.recovery.history.undo(ANYBODY)
    else:
        session.recovery.snapshot("idle")
    monkeypatch.setattr(session.host, slow, work)
    assert session.answered(cleared=True) == "a cleared document"
    assert session.answered(cleared=True) is None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(recovery_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def slow_to_repeat(lives: Lives, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session of ten words, each of which takes a tenth of a second to add."""
    session = lives.start()
    for number in range(10):
        session.add(str(number))
    add = session.host.add

    def takes(word: str) -> Any:
        clock[0] += 0.1
        return add(word)

    monkeypatch.setattr(session.host, "add", takes)
    return session


def test_a_long_undo_leaves_a_snapshot_from_which_the_next_change_is_undone(
    slow_to_repeat: Session, clock: list[float]
) -> None:
    session = slow_to_repeat
    session.recovery.history.undo(ANYBODY)
    assert session.answered(UNDO) == "a long undo"
    for _ in range(3):
        session.add("more")
        assert session.answered() is None
        before = clock[0]
        session.recovery.history.undo(ANYBODY)
        assert (session.words, clock[0] - before) == ("0 1 2 3 4 5 6 7 8", 0)
        assert session.answered(UNDO) is None


def test_undos_in_sequence_leave_one_snapshot_because_each_goes_back_to_before_it(
    lives: Lives, slow_to_repeat: Session
) -> None:
    session = slow_to_repeat
    reasons: list[str | None] = []
    for left in (9, 8, 7, 6):
        session.recovery.history.undo(ANYBODY)
        assert session.words == " ".join(map(str, range(left)))
        reasons.append(session.answered(UNDO))
    assert reasons == ["a long undo", None, None, None]
    assert lives.start().words == session.words


def test_an_undo_waits_for_a_snapshot_that_is_being_written_rather_than_repeat_everything(
    slow_to_repeat: Session, clock: list[float]
) -> None:
    session = slow_to_repeat
    session.recovery.history.undo(ANYBODY)
    session.recovery.maintain(called(UNDO), lambda: None)
    session.add("more")
    session.recovery.maintain(called("words.add"), lambda: None)
    before = clock[0]
    session.recovery.prepare_undo()
    session.recovery.history.undo(ANYBODY)
    assert (session.words, clock[0] - before) == ("0 1 2 3 4 5 6 7 8", 0)


def test_a_snapshot_that_takes_longer_than_to_go_back_is_not_tried_after_each_undo(
    slow_to_repeat: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = slow_to_repeat
    monkeypatch.setattr(session.host, "save_snapshot", lambda path: threading.Event().wait(60))
    tried: list[bool] = []
    for _ in range(3):
        session.recovery.prepare_undo()
        session.recovery.history.undo(ANYBODY)
        session.recovery.maintain(called(UNDO), lambda: None)
        tried.append(session.journal.has_pending_snapshot)
        assert session.words == "0 1 2 3 4 5 6 7 8"
        session.add("more")
        session.recovery.maintain(called("words.add"), lambda: None)
    assert tried == [True, False, False]
