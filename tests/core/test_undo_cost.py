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


def test_a_snapshot_that_takes_longer_than_to_go_back_is_begun_and_waited_for_once(
    slow_to_repeat: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = slow_to_repeat
    monkeypatch.setattr(session.host, "save_snapshot", lambda path: threading.Event().wait(60))
    begin, wait = session.journal.snapshot_in_copy, session.journal.wait_for_copy
    begun: list[str] = []
    waits: list[float] = []
    monkeypatch.setattr(
        session.journal,
        "snapshot_in_copy",
        lambda save, about, *more: (begun.append(about.because), begin(save, about, *more)),
    )
    monkeypatch.setattr(session.journal, "wait_for_copy", lambda seconds: (waits.append(seconds), wait(seconds))[1])
    for _ in range(4):
        session.recovery.prepare_undo()
        session.recovery.history.undo(ANYBODY)
        session.recovery.maintain(called(UNDO), lambda: None)
        assert session.words == "0 1 2 3 4 5 6 7 8"
        session.add("more")
        session.recovery.maintain(called("words.add"), lambda: None)
    assert begun == ["a long undo"]
    # Nine words are repeated, a tenth of a second each.
    assert waits == pytest.approx([0.9, 0, 0])


@pytest.fixture
def slow_to_load(lives: Lives, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with a snapshot of twenty words, each of which takes a tenth of a second to load."""
    session = lives.start()
    for number in range(20):
        session.add(str(number))
    session.recovery.snapshot("idle")
    load = session.host.load_snapshot

    def takes(path: str | None) -> None:
        load(path)
        clock[0] += 0.1 * len(session.host.words)

    monkeypatch.setattr(session.host, "load_snapshot", takes)
    return session


def changed_and_undone(session: Session, clock: list[float]) -> tuple[float, str | None]:
    """Change something and undo it. Return the seconds of the undo, and why it left a snapshot behind."""
    before = session.words
    session.add("more")
    assert session.answered() is None
    began = clock[0]
    session.recovery.history.undo(ANYBODY)
    assert session.words == before
    return round(clock[0] - began, 3), session.answered(UNDO)


def begin_to_clear(session: Session) -> None:
    """Clear the document; a copy begins to write the snapshot of that."""
    session.empty()
    call = called("words.empty")
    call.cleared = True
    session.recovery.maintain(call, lambda: None)
    assert session.journal.has_pending_snapshot


def test_an_undo_waits_for_the_snapshot_of_a_cleared_document(slow_to_load: Session, clock: list[float]) -> None:
    session = slow_to_load
    assert changed_and_undone(session, clock) == (2, None)
    begin_to_clear(session)
    session.add("more")
    session.recovery.maintain(called("words.add"), lambda: None)
    before = clock[0]
    session.recovery.prepare_undo()
    session.recovery.history.undo(ANYBODY)
    assert (session.words, clock[0] - before, session.journal.about.because) == ("", 0, "a cleared document")
    session.recovery.history.undo(ANYBODY)
    assert len(session.host.words) == 20


def test_to_undo_the_clearing_itself_waits_for_nothing(
    slow_to_load: Session, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = slow_to_load
    changed_and_undone(session, clock)
    begin_to_clear(session)
    monkeypatch.setattr(session.journal, "wait_for_copy", lambda seconds: pytest.fail("waited"))
    session.recovery.prepare_undo()
    session.recovery.history.undo(ANYBODY)
    assert len(session.host.words) == 20


def test_what_got_small_by_itself_is_in_a_snapshot_after_its_second_undo(
    lives: Lives, slow_to_load: Session, clock: list[float]
) -> None:
    session = slow_to_load
    session.empty()
    session.add("left")
    rounds = [changed_and_undone(session, clock) for _ in range(5)]
    assert rounds == [(2, None), (2, "a long load"), *[(0.1, None)] * 3]
    again = lives.start()
    assert again.words == "left"
    again.recovery.history.redo(ANYBODY)
    assert again.words == "left more"
    for left in ("left", "", " ".join(map(str, range(20)))):
        again.recovery.history.undo(ANYBODY)
        assert again.words == left


def test_undos_of_a_large_session_try_a_snapshot_ever_more_rarely_and_discard_it(
    lives: Lives, slow_to_load: Session, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = slow_to_load
    begin = session.journal.snapshot_in_copy
    undos: list[float] = []
    tried: list[int] = []
    monkeypatch.setattr(session.journal, "snapshot_in_copy", lambda *given: (tried.append(len(undos)), begin(*given)))
    for number in range(100):
        session.add("kept", request=f"kept {number}")
        undos.append(2)
        assert changed_and_undone(session, clock) == (undos[-1], None)
    # After more than 1, 2, 4, ... loads since the one before.
    assert tried == [2, 5, 10, 19, 36, 69]
    assert (session.journal.number, lives.start().words) == (1, session.words)


def test_a_large_session_that_gets_small_is_noticed_after_so_many_undos(
    slow_to_load: Session, clock: list[float]
) -> None:
    session = slow_to_load
    session.add("kept")
    for _ in range(100):
        changed_and_undone(session, clock)
    session.empty()
    reasons = [changed_and_undone(session, clock)[1] for _ in range(snapshot_times.MAX_PATIENCE + 2)]
    assert reasons.count("a long load") == 1
    assert changed_and_undone(session, clock) == (0, None)


def test_undos_to_what_the_snapshot_holds_leave_none(slow_to_load: Session, clock: list[float]) -> None:
    assert [changed_and_undone(slow_to_load, clock) for _ in range(6)] == [(2, None)] * 6
    assert slow_to_load.journal.number == 1


def test_an_undo_leaves_no_snapshot_for_a_long_load_where_code_may_act(
    slow_to_load: Session, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = slow_to_load
    session.empty()
    monkeypatch.setattr(session.host, "acting", lambda: "an object acts by itself")
    session.recovery.refresh_scripted()
    assert [changed_and_undone(session, clock) for _ in range(6)] == [(2, None)] * 6
