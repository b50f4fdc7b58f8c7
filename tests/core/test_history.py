"""Undo and redo by the journal: over snapshots and lives, and in any order with everything else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cadgate.appserver.errors import AppError
from cadgate.appserver.history import Request
from tests.core.lives import ANYBODY, Lives, flip


def test_undo_and_redo_go_back_and_forth_over_snapshots_and_lives(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.add("b")
    session.recovery.snapshot("idle")
    session.add("c")
    history = session.recovery.history
    assert history.undo(ANYBODY) == {"undone": "words.add", "can_redo": True}
    assert session.words == "a b"
    assert history.undo(ANYBODY) == {"undone": "words.add", "can_redo": True}
    assert session.words == "a"

    session = lives.start()
    assert session.words == "a"
    assert session.recovery.history.redo(ANYBODY) == {"redone": "words.add", "can_redo": True}
    assert session.words == "a b"
    session = lives.start()
    assert (session.words, session.told) == ("a b", [])
    assert session.recovery.history.redo(ANYBODY) == {"redone": "words.add", "can_redo": False}
    assert session.words == "a b c"
    session = lives.start()
    assert (session.words, session.told) == ("a b c", [])
    with pytest.raises(AppError, match="nothing to redo"):
        session.recovery.history.redo(ANYBODY)


def test_undo_takes_the_whole_request_back(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    for word in ("b", "c", "d"):
        session.add(word, request="batch")
    session.recovery.history.undo(ANYBODY)
    assert session.words == "a"
    session.recovery.history.redo(ANYBODY)
    assert session.words == "a b c d"
    session.recovery.history.undo(ANYBODY)
    session.recovery.history.undo(ANYBODY)
    assert session.words == ""
    with pytest.raises(AppError) as caught:
        session.recovery.history.undo(ANYBODY)
    assert caught.value.code == "conflict"
    assert session.words == ""


def test_what_only_a_snapshot_tells_is_undone_and_redone_in_its_order_also_in_later_lives(lives: Lives) -> None:
    session = lives.start()
    for word in ("a", "b"):
        session.add(word)
    session.execute("code")
    session.add("c")
    history = session.recovery.history
    assert [history.undo(ANYBODY)["undone"] for _ in range(3)] == ["words.add", "session.execute", "words.add"]
    assert session.words == "a"
    session = lives.start()
    assert (session.words, session.told) == ("a", [])
    history = session.recovery.history
    assert history.redo(ANYBODY) == {"redone": "words.add", "can_redo": True}
    assert history.redo(ANYBODY) == {"redone": "session.execute", "can_redo": True}
    assert session.words == "a b code"
    session = lives.start()
    assert (session.words, session.told) == ("a b code", [])
    history = session.recovery.history
    assert history.redo(ANYBODY) == {"redone": "words.add", "can_redo": False}
    assert session.words == "a b code c"
    for words in ("a b code", "a b", "a"):
        history.undo(ANYBODY)
        assert session.words == words
    assert lives.start().words == "a"


def test_the_answer_to_a_redo_from_a_snapshot_is_remembered(lives: Lives) -> None:
    session = lives.start()
    session.execute("code")
    session.recovery.history.undo(Request("undo", "digest"))
    session.recovery.history.redo(Request("redo", "digest"))
    session = lives.start()
    assert session.words == "code"
    assert session.replies.find("redo", "digest") == {"result": {"redone": "session.execute", "can_redo": False}}


def test_a_snapshot_that_nothing_can_redo_any_more_is_removed(lives: Lives) -> None:
    def kept() -> list[str]:
        return sorted(each.name for each in lives.folder.iterdir() if each.name.startswith("undone-"))

    session = lives.start()
    session.execute("code")
    session.recovery.history.undo(ANYBODY)
    [name] = kept()
    assert lives.start().words == ""
    assert kept() == [name]
    session = lives.start()
    session.recovery.history.redo(ANYBODY)
    assert kept() == []
    session.recovery.history.undo(ANYBODY)
    assert kept() == [name]
    session.add("a")
    assert kept() == []
    with pytest.raises(AppError) as caught:
        session.recovery.history.redo(ANYBODY)
    assert caught.value.message == "There is nothing to redo"


def test_a_kept_snapshot_that_is_damaged_is_not_redone(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.execute("code")
    session.recovery.history.undo(ANYBODY)
    [folder] = lives.folder.glob("undone-*")
    flip(folder / "snapshot.words", 2)
    for each in (session, lives.start()):
        with pytest.raises(AppError, match=r"session\.execute cannot be redone: .* damaged\. Send the request again"):
            each.recovery.history.redo(ANYBODY)
        assert each.words == "a"


def test_a_redo_from_a_snapshot_that_cannot_be_loaded_leaves_everything_as_it_was(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.execute("code")
    session.recovery.history.undo(ANYBODY)
    session.host.fails.add("load")
    with pytest.raises(AppError, match="could not be restored"):
        session.recovery.history.redo(ANYBODY)
    assert (session.words, session.recovery.broken) == ("a", None)
    session.host.fails.clear()
    session.recovery.history.redo(ANYBODY)
    assert session.words == "a code"


def test_a_new_change_forgets_what_could_be_redone(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.recovery.history.undo(ANYBODY)
    session.add("b")
    for each in (session, lives.start()):
        with pytest.raises(AppError, match="nothing to redo"):
            each.recovery.history.redo(ANYBODY)


def test_an_undo_that_fails_leaves_everything_as_it_was(lives: Lives) -> None:
    session = lives.start()
    for word in ("a", "b"):
        session.add(word)
    session.recovery.snapshot("idle")
    flip(lives.file(1, "snapshot.words"), 2)
    flip(lives.file(0, "log"))
    with pytest.raises(AppError, match="damaged"):
        session.recovery.history.undo(ANYBODY)
    assert session.words == "a b"
    session.add("c")
    assert session.words == "a b c"


def test_a_change_that_was_undone_too_forgets_what_could_be_redone_before_it_in_the_next_life(lives: Lives) -> None:
    session = lives.start()
    for word in ("first", "second"):
        session.add(word)
        session.recovery.history.undo(ANYBODY)
    again = lives.start()
    assert again.recovery.history.redo(ANYBODY) == {"redone": "words.add", "can_redo": False}
    with pytest.raises(AppError, match="nothing to redo"):
        again.recovery.history.redo(ANYBODY)


def test_a_redo_that_fails_half_way_leaves_everything_as_it_was(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    for word in ("b", "c"):
        session.add(word, request="batch")
    session.recovery.history.undo(ANYBODY)
    session.host.fails.add("c")
    with pytest.raises(AppError, match="could not be redone"):
        session.recovery.history.redo(ANYBODY)
    assert session.words == "a"
    assert not session.recovery.broken
    assert lives.start().words == "a"


class Model(RuleBasedStateMachine):
    """Whatever is done, in any order, with crashes in between: the words are those that a plain list would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.past: list[list[str]] = [[]]
        self.future: list[list[str]] = []
        self.number = 0

    @initialize()
    def begin(self) -> None:
        # A folder that no other example ever had.
        self.lives = Lives(Path(tempfile.mkdtemp(dir=self.base)) / "journal")
        self.session = self.lives.start()

    @rule(size=st.integers(1, 3))
    def request(self, size: int) -> None:
        now = list(self.past[-1])
        self.number += 1
        for _ in range(size):
            word = f"w{self.number}"
            self.session.add(word, request=f"r{self.number}")
            now.append(word)
        self.past.append(now)
        self.future.clear()

    @rule()
    def execute(self) -> None:
        self.number += 1
        self.session.execute(f"code{self.number}")
        self.past.append([*self.past[-1], f"code{self.number}"])
        self.future.clear()

    @rule()
    def idle(self) -> None:
        self.session.recovery.snapshot("idle")

    finish: Callable[[], None] | None = None

    @rule()
    def begin_beside(self) -> None:
        if not self.session.journal.has_pending_snapshot:
            self.finish = self.session.begin_beside()

    @rule()
    def finish_beside(self) -> None:
        if self.finish is not None and self.session.journal.has_pending_snapshot:
            self.finish()

    @precondition(lambda self: len(self.past) > 1)
    @rule()
    def undo(self) -> None:
        undone = self._undone()
        if undone is None:
            # Only so many snapshots are kept.
            assert self.session.journal.numbers()[0] > 0
            return
        self.future.append(self.past.pop())

    def _undone(self) -> dict[str, Any] | None:
        try:
            return self.session.recovery.history.undo(ANYBODY)
        except AppError:
            return None

    @rule()
    def redo(self) -> None:
        if not self.future:
            with pytest.raises(AppError, match="nothing to redo"):
                self.session.recovery.history.redo(ANYBODY)
            return
        self.session.recovery.history.redo(ANYBODY)
        self.past.append(self.future.pop())

    @rule()
    def crash(self) -> None:
        self.session = self.lives.start()
        assert self.session.told == []

    @invariant()
    def same(self) -> None:
        if hasattr(self, "session"):
            assert self.session.host.words == self.past[-1]

    def teardown(self) -> None:
        if hasattr(self, "lives"):
            self.lives.close()

    base: Path


@pytest.mark.slow
def test_any_order_of_changes_undo_redo_snapshots_and_crashes_keeps_the_document(
    tmp_path: Path, long_form: bool
) -> None:
    Model.base = tmp_path
    examples = 40 if long_form else 8
    run_state_machine_as_test(Model, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None))
