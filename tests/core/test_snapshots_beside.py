"""Snapshots that a copy of the application writes while changes go on: what is in them, and what if they fail."""

from __future__ import annotations

import json
import os
import socket
import threading
import time

import pytest

from cadgate.appserver import snapshot_times
from cadgate.appserver.forked_copy import ForkedCopy
from cadgate.appserver.history import Request
from tests.core.lives import ANYBODY, Lives, Session, flip


def written(lives: Lives) -> Session:
    """A session with a snapshot of `a b`, during which `c d` came, and `e` after it."""
    session = lives.start()
    for word in "ab":
        session.add(word, key=f"key-{word}")
    finish = session.begin_beside()
    for word in "cd":
        session.add(word, key=f"key-{word}")
    assert session.journal.number == 0
    finish()
    assert session.journal.number == 1
    session.add("e", key="key-e")
    assert json.loads(lives.file(1, "snapshot.words").read_text()) == ["a", "b"]
    return session


def test_what_came_while_it_was_written_is_in_the_new_log(lives: Lives) -> None:
    written(lives)
    again = lives.start()
    assert (again.words, again.replayed, again.told) == ("a b c d e", 3, [])
    for number, word in enumerate("abcde", 1):
        assert again.replies.find(f"key-{word}", "digest") == {"result": {"words": number}}


def test_where_it_is_damaged_both_logs_are_applied_and_nothing_twice(lives: Lives) -> None:
    written(lives)
    flip(lives.file(1, "snapshot.words"), 2)
    again = lives.start()
    assert (again.words, again.replayed) == ("a b c d e", 5)
    assert again.told == ["generation 1: the snapshot's hash is wrong"]
    assert lives.start().told == []


def test_undo_goes_back_over_it_one_request_at_a_time(lives: Lives) -> None:
    session = written(lives)
    for left in ("a b c d", "a b c", "a b", "a", ""):
        session.recovery.history.undo(ANYBODY)
        assert session.words == left
    for there in ("a", "a b", "a b c"):
        session.recovery.history.redo(Request(f"redo-{there}", "digest"))
        assert session.words == there
    assert lives.start().words == "a b c"


def test_an_undo_while_it_is_written_makes_it_useless_and_loses_nothing(lives: Lives) -> None:
    session = lives.start()
    for word in "ab":
        session.add(word)
    finish = session.begin_beside()
    session.recovery.history.undo(ANYBODY)
    assert not session.journal.has_pending_snapshot
    finish()
    session.add("c")
    assert (session.words, session.journal.number) == ("a c", 0)
    assert sorted(path.name for path in lives.folder.iterdir()) == ["gen-000000", "tail"]
    assert lives.start().words == "a c"


@pytest.mark.parametrize("finished", ["at once", "after all"])
def test_what_is_undone_and_redone_after_it_was_begun_leaves_it_useful(lives: Lives, finished: str) -> None:
    session = lives.start()
    for word in "ab":
        session.add(word)
    finish = session.begin_beside()
    for word in "cd":
        session.add(word)
    for move in (session.recovery.history.undo, session.recovery.history.undo, session.recovery.history.redo):
        move(ANYBODY)
        if finished == "at once":
            finish()
    finish()
    assert (session.words, session.journal.number) == ("a b c", 1)
    assert json.loads(lives.file(1, "snapshot.words").read_text()) == ["a", "b"]
    again = lives.start()
    assert (again.words, again.told) == ("a b c", [])
    again.recovery.history.redo(ANYBODY)
    assert again.words == "a b c d"
    for left in ("a b c", "a b", "a", ""):
        again.recovery.history.undo(ANYBODY)
        assert again.words == left
    assert lives.start().words == ""


def test_it_is_useless_if_what_it_holds_is_undone_after_what_came_later(lives: Lives) -> None:
    session = lives.start()
    for word in "ab":
        session.add(word)
    session.begin_beside()
    session.add("c")
    kept = []
    for left in ("a b", "a"):
        session.recovery.history.undo(ANYBODY)
        assert session.words == left
        kept.append(session.journal.has_pending_snapshot)
    assert kept == [True, False]
    assert lives.start().words == "a"


def test_a_crash_after_an_undo_while_it_is_written_loses_nothing(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.begin_beside()
    session.add("b")
    session.recovery.history.undo(ANYBODY)
    again = lives.start()
    assert (again.words, again.told) == ("a", [])
    again.recovery.history.redo(ANYBODY)
    assert again.words == "a b"


def test_a_crash_while_it_is_written_loses_nothing(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.begin_beside()
    session.add("b")
    again = lives.start()
    assert (again.words, again.told) == ("a b", [])
    assert sorted(path.name for path in lives.folder.iterdir()) == ["gen-000000", "tail"]


def test_where_a_copy_fails_the_application_itself_writes_it_and_makes_no_more_copies(lives: Lives) -> None:
    session = lives.start()
    me, save = os.getpid(), session.host.save_snapshot

    def only_here(path: str) -> None:
        if os.getpid() != me:
            raise RuntimeError("not in a copy")
        save(path)

    session.host.save_snapshot = only_here
    session.add("a")
    finish = session.begin_beside()
    session.add("b")
    finish()
    assert session.journal.number == 1
    assert json.loads(lives.file(1, "snapshot.words").read_text()) == ["a", "b"]
    session.add("c")
    session.begin_beside()
    assert (session.journal.number, session.journal.has_pending_snapshot) == (2, False)
    assert lives.start().words == "a b c"


def test_a_copy_that_does_not_end_is_ended(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_times, "COPY_SECONDS", 1)
    session = lives.start()
    me, save = os.getpid(), session.host.save_snapshot

    def stuck(path: str) -> None:
        if os.getpid() != me:
            threading.Event().wait(30)
        save(path)

    session.host.save_snapshot = stuck
    session.add("a")
    began = time.monotonic()
    session.begin_beside()()
    assert time.monotonic() - began < 15
    assert session.journal.number == 1


def test_a_copy_tells_nobody_and_keeps_no_connection_open() -> None:
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def work() -> None:
        # Its numbers lead nowhere, so that this reaches nobody.
        os.write(ours.fileno(), b"from a copy")
        threading.Event().wait(30)

    copy = ForkedCopy(work, 30, ended.set)
    try:
        theirs.settimeout(10)
        ours.close()
        assert theirs.recv(100) == b""
    finally:
        copy.kill()
        theirs.close()
    assert copy.succeeded is False
    assert ended.is_set()
