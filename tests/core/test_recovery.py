"""Sessions come back after damage, failures of saving and loading; and the answers with them."""

from __future__ import annotations

from typing import Any

import pytest

from cadgate.appserver import recovery as recovery_module
from cadgate.appserver import snapshot_times
from cadgate.appserver.errors import AppError
from cadgate.appserver.history import Request
from cadgate.appserver.replies import Replies
from tests.core.lives import Lives, Words, flip

# --- restoring ---------------------------------------------------------------------------------------------------


def test_a_new_session_is_empty_and_a_second_life_is_where_the_first_ended(lives: Lives) -> None:
    first = lives.start()
    assert (first.words, first.replayed) == ("", 0)
    for word in ("a", "b"):
        first.add(word)
    first.recovery.snapshot("idle")
    first.add("c")
    second = lives.start()
    assert (second.words, second.replayed, second.told) == ("a b c", 1, [])
    second.add("d")
    assert lives.start().words == "a b c d"


def test_a_cut_entry_is_dropped_reported_and_written_over(lives: Lives) -> None:
    first = lives.start()
    first.add("a")
    first.add("b")
    log = lives.file(0, "log")
    log.write_bytes(log.read_bytes()[:-5])
    second = lives.start()
    assert (second.words, second.told) == ("a", ["generation 0, log, line 3: the last entry was cut"])
    second.add("c")
    third = lives.start()
    assert (third.words, third.told) == ("a c", [])


def test_a_flipped_byte_ends_the_replay_and_the_damaged_log_is_kept_for_people(lives: Lives) -> None:
    first = lives.start()
    for word in ("a", "b", "c"):
        first.add(word)
    log = lives.file(0, "log")
    flip(log, len(b"".join(log.read_bytes().splitlines(keepends=True)[:2])) + 20)
    damaged = log.read_bytes()
    second = lives.start()
    assert (second.words, second.told) == ("a", ["generation 0, log, line 3: wrong checksum"])
    assert (lives.folder / "damaged-000000" / "log").read_bytes() == damaged


@pytest.mark.parametrize("name", ["snapshot.words", "about.json"])
@pytest.mark.parametrize("how", ["missing", "cut", "flipped"])
def test_a_damaged_snapshot_falls_back_to_the_generation_before_it(lives: Lives, name: str, how: str) -> None:
    first = lives.start()
    first.add("a")
    first.execute("code")
    path = lives.file(1, name)
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:4])
    else:
        flip(path, 2)
    second = lives.start()
    assert second.words == "a"
    assert len(second.told) == 1
    assert second.told[0].startswith("generation 1: ")
    second.add("b")
    third = lives.start()
    assert (third.words, third.told) == ("a b", [])


def test_the_log_after_a_damaged_snapshot_is_not_lost_where_it_follows_from_the_one_before(lives: Lives) -> None:
    first = lives.start()
    for word, snapshot in (("a", True), ("b", True), ("c", False)):
        first.add(word)
        if snapshot:
            first.recovery.snapshot("idle")
    flip(lives.file(1, "snapshot.words"), 2)
    flip(lives.file(2, "snapshot.words"), 2)
    second = lives.start()
    assert second.words == "a b c"
    assert len(second.told) == 2
    second.add("d")
    third = lives.start()
    assert (third.words, third.told) == ("a b c d", [])


def test_the_log_after_a_damaged_snapshot_is_not_applied_to_another_state(lives: Lives) -> None:
    first = lives.start()
    first.add("a")
    first.execute("code")
    first.add("b")
    flip(lives.file(1, "snapshot.words"), 2)
    assert lives.start().words == "a"


def test_a_snapshot_that_the_application_cannot_load_falls_back_too(lives: Lives) -> None:
    first = lives.start()
    first.add("a")
    first.recovery.snapshot("idle")
    first.add("b")
    second = lives.start(fails={"load"})
    assert (second.words, second.told) == ("a b", ["generation 1: the snapshot cannot be loaded: cannot be read"])


def test_when_nothing_can_be_trusted_a_new_session_begins(lives: Lives) -> None:
    first = lives.start()
    first.add("a")
    for word in "bcdefg":
        first.execute(word)
    for number in first.journal.numbers():
        flip(lives.file(number, "snapshot.words"), 2)
    second = lives.start()
    assert second.words == ""
    assert len(second.told) == 6
    second.add("z")
    third = lives.start()
    assert (third.words, third.told) == ("z", [])


def test_an_entry_that_fails_is_left_out_with_what_it_did_and_what_comes_after_it_is_there(lives: Lives) -> None:
    first = lives.start()
    for word in ("a", "b", "c", "d"):
        first.add(word)
    second = lives.start(fails={"b", "d"})
    assert second.words == "a c"
    assert second.told == [
        "entry 2 (words.add): replay failed: b cannot be added",
        "entry 4 (words.add): replay failed: d cannot be added",
        "entry 3 (words.add): the result differs: words is 2, and was 3",
    ]
    second.add("e")
    third = lives.start()
    assert (third.words, third.told) == ("a c e", [])
    logs = list(lives.folder.glob("damaged-*/log"))
    assert [len(path.read_bytes().splitlines()) for path in logs] == [5], "what was left out can be looked up"


def test_logs_that_were_set_aside_before_stay(lives: Lives) -> None:
    first = lives.start()
    for word in ("a", "b", "c"):
        first.add(word)
    lives.start(fails={"b"})
    lives.start(fails={"c"})
    assert len(list(lives.folder.glob("damaged-*/log"))) == 2


def test_where_many_entries_fail_half_way_what_is_before_them_is_there(lives: Lives) -> None:
    first = lives.start()
    first.add("a")
    bad = [f"bad{number}" for number in range(recovery_module.MAX_TORN + 2)]
    for word in (*bad, "z"):
        first.add(word)
    second = lives.start(fails=set(bad))
    assert second.words == "a"
    assert second.told[-1] == f"the entries after that: they were left out: {recovery_module.MAX_TORN} entries failed"


def test_what_differs_and_everything_after_a_damaged_snapshot_is_there_too(lives: Lives) -> None:
    first = lives.start()
    for word in ("a", "b"):
        first.add(word)
    first.recovery.snapshot("idle")
    first.add("c")
    flip(lives.file(1, "snapshot.words"), 2)
    second = lives.start(fails={"a"})
    assert second.words == "b c"
    assert len(second.told) == 4


def test_what_a_restoration_died_of_twice_is_set_aside(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    class Death(BaseException):
        """Nobody catches it."""

    first = lives.start()
    for word in ("a", "b", "c"):
        first.add(word)

    def die(host: Words, word: str) -> Any:
        if word == "b":
            raise Death
        host.words.append(word)
        return {"words": len(host.words)}

    monkeypatch.setattr(Words, "add", die)
    for crashed in (False, True):
        with pytest.raises(Death):
            lives.start(crashed=crashed)
    fourth = lives.start(crashed=True)
    assert fourth.words == "a c"
    assert fourth.told == [
        "entry 2 (words.add): the application died of it twice",
        "entry 3 (words.add): the result differs: words is 2, and was 3",
    ]


def test_a_restoration_that_was_ended_from_outside_blames_nothing(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lives.start()
    first.add("a")
    first.recovery.snapshot("idle")
    load = Words.load_snapshot

    def die(host: Words, path: str | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Words, "load_snapshot", die)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            lives.start()
    monkeypatch.setattr(Words, "load_snapshot", load)
    last = lives.start()
    assert (last.words, last.told) == ("a", [])


def test_a_snapshot_that_ends_the_application_twice_is_left_for_the_one_before(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lives.start()
    first.add("a")
    first.recovery.snapshot("idle")
    load = Words.load_snapshot

    def die(host: Words, path: str | None) -> None:
        if path is not None:
            raise KeyboardInterrupt
        load(host, path)

    monkeypatch.setattr(Words, "load_snapshot", die)
    for crashed in (False, True):
        with pytest.raises(KeyboardInterrupt):
            lives.start(crashed=crashed)
    last = lives.start(crashed=True)
    assert last.words == "a"
    assert last.told == ["generation 1: the application died twice while loading the snapshot"]


# --- keeping -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [{"nan": float("nan")}, {"set": {1}}])
def test_a_change_that_cannot_be_journaled_is_taken_back(lives: Lives, result: Any) -> None:
    session = lives.start()
    session.add("a")
    session.host.add("b")
    with pytest.raises(AppError, match="was rolled back") as caught:
        session.recovery.append_entry({"method": "words.add", "result": result, "request": "r"}, 0.0)
    assert caught.value.code == "internal_error"
    assert session.words == "a"
    session.add("c")
    assert lives.start().words == "a c"


def test_a_change_whose_snapshot_fails_is_taken_back(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.host.fails.add("save")
    with pytest.raises(AppError, match="no space"):
        session.execute("b")
    assert session.words == "a"
    session.add("c")
    assert lives.start().words == "a c"


def test_a_rollback_that_fails_refuses_every_change_after_it(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.recovery.snapshot("idle")
    session.host.fails |= {"save", "load"}
    with pytest.raises(AppError):
        session.execute("b")
    assert session.recovery.broken
    with pytest.raises(AppError, match="refuses changes"):
        session.recovery.require_saved()
    assert lives.start().words == "a"


def test_a_state_that_could_not_be_saved_refuses_changes_until_it_can(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.host.add("code")
    session.recovery.unsaved = "session.execute"
    session.host.fails.add("save")
    with pytest.raises(AppError, match="no space"):
        session.recovery.require_saved()
    session.host.fails.clear()
    session.recovery.require_saved()
    session.add("b")
    assert lives.start().words == "a code b"


def test_a_long_log_is_cut_short_and_a_failure_of_that_is_no_failure_of_the_change(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_times, "MAX_ENTRIES", 3)
    session = lives.start()
    session.host.fails.add("save")
    for word in ("a", "b", "c", "d"):
        session.add(word)
        session.answered()
    assert session.journal.number == 0
    session.host.fails.clear()
    for word in ("e", "f"):
        session.add(word)
        session.answered()
    assert session.journal.number == 1
    assert lives.start().words == "a b c d e f"


def test_a_log_that_would_take_long_to_replay_is_cut_short_while_there_is_work_to_do(lives: Lives) -> None:
    session = lives.start()
    session.add("a", seconds=snapshot_times.MAX_REPLAY_SECONDS / 2)
    session.answered()
    assert session.journal.number == 0
    session.add("b", seconds=snapshot_times.MAX_REPLAY_SECONDS)
    session.answered()
    assert session.journal.number == 1
    again = lives.start()
    assert (again.words, again.replayed) == ("a b", 0)


def test_answers_survive_entries_snapshots_and_undo(lives: Lives) -> None:
    session = lives.start()
    session.add("a", key="key-a")
    session.add("b", key="key-b")
    session.recovery.snapshot("idle")
    session.add("c", key="key-c")
    session.recovery.history.undo(Request("key-undo", "digest"))
    session.recovery.snapshot("idle")
    for _ in range(2):
        session = lives.start()
        for key, result in (("key-a", {"words": 1}), ("key-b", {"words": 2}), ("key-c", {"words": 3})):
            assert session.replies.find(key, "digest") == {"result": result}
        with pytest.raises(AppError) as caught:
            session.replies.find("key-a", "other")
        assert caught.value.code == "idempotency_conflict"


def test_the_keys_of_clients_outlive_those_of_the_gateway() -> None:
    replies = Replies(limit=5)
    replies.store("chosen", None, {"result": 1})
    for number in range(50):
        replies.store(f"gw-{number}", None, {"result": number})
    assert replies.find("chosen", None) == {"result": 1}
    assert replies.find("gw-44", None) is None
    assert replies.find("gw-45", None) == {"result": 45}
    for number in range(5):
        replies.store(f"k{number}", None, {"result": number})
    assert replies.find("chosen", None) is None


def test_large_batches_count_as_what_they_hold() -> None:
    replies = Replies(limit=100)
    replies.store("small", None, {"result": 1})
    replies.store("batch", None, {"result": {"results": [1] * 99}})
    assert replies.find("small", None) is not None
    replies.store("huge", None, {"result": {"results": [1] * 1000}})
    assert [replies.find(key, None) is None for key in ("small", "batch", "huge")] == [True, True, False]
    replies.store("next", None, {"result": 2})
    replies.forget("next")
    assert [replies.find(key, None) is None for key in ("huge", "next")] == [True, True]
