"""Damage anywhere in the files of a session: noticed and told, and what is intact is there again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadgate.appserver.history import Request
from tests.core.lives import Lives, Session

WORDS = 12
NEWEST = 2


def written(lives: Lives) -> list[str]:
    """A session with three generations and a log after the last; every word in its order."""
    first = lives.start()
    for number in range(WORDS):
        first.add(f"word{number}", key=f"key-{number}")
        if number in (3, 7):
            first.recovery.snapshot("idle")
    return list(first.host.words)


def restored(lives: Lives) -> Session:
    session = lives.start()
    assert not session.recovery.broken
    return session


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, str, float, int]:
    """Which file, how it is damaged, where in it (a part of its length), and how much."""
    name = draw(st.sampled_from(["log", "snapshot.words", "about.json", "tail"]))
    how = draw(st.sampled_from(["flip", "cut", "zeros", "rubbish", "doubled", "missing", "empty"]))
    return name, how, draw(st.floats(0, 1, exclude_max=True)), draw(st.integers(1, 64))


def damage(path: Path, how: str, place: float, size: int) -> bool:
    """Damage a file; whether it is another one now."""
    before = path.read_bytes()
    at = int(len(before) * place)
    if how == "missing":
        path.unlink()
        return True
    after = {
        "flip": before[:at] + bytes([before[at] ^ (1 << (size % 8))]) + before[at + 1 :],
        "cut": before[:at],
        "zeros": before[:at] + bytes(min(size, len(before) - at)) + before[at + size :],
        "rubbish": before[:at] + b"\xff{rubbish\n"[:size] + before[at:],
        "doubled": before[:at] + before[max(0, at - size) : at] + before[at:],
        "empty": b"",
    }[how]
    path.write_bytes(after)
    return after != before


@given(damages())
@settings(max_examples=120, deadline=None)
def test_damage_of_the_newest_generation_is_told_and_no_word_before_it_is_lost(
    told: tuple[str, str, float, int],
) -> None:
    name, how, place, size = told
    with tempfile.TemporaryDirectory() as folder, closing(Lives(Path(folder) / "journal")) as lives:
        words = written(lives)
        path = lives.folder / "tail" if name == "tail" else lives.file(NEWEST, name)
        intact = path.read_bytes()
        if not damage(path, how, place, size):
            return
        session = restored(lives)
        found = list(session.host.words)
        # What is there is what was there up to some moment, never anything else.
        assert found == words[: len(found)]
        assert session.told, f"{name} was damaged ({how}) and nobody says so"
        if name != "log":
            # The log of each generation before goes on where the snapshot after it begins.
            assert found == words
        else:
            lines = path.read_bytes().splitlines(keepends=True)[1:] if path.exists() else []
            same = zip(lines, intact.splitlines(keepends=True)[1:], strict=False)
            intact_entries = len(list(takewhile(lambda pair: pair[0] == pair[1], same)))
            assert len(found) >= 8 + intact_entries
        # Answers that were remembered and still are, are the first ones.
        for number, _ in enumerate(found):
            known = session.replies.find(f"key-{number}", "digest")
            assert known == {"result": {"words": number + 1}}
        session.add("after")
        again = restored(lives)
        assert again.host.words == [*found, "after"]
        assert again.told == [], "it was told once; the files are in order again"


def test_a_log_that_was_cut_between_two_entries_is_noticed(lives: Lives) -> None:
    words = written(lives)
    log = lives.file(NEWEST, "log")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-2]))
    session = restored(lives)
    assert session.host.words == words[:-2]
    assert session.told == ["generation 2, log: it ends with entry 10, and was written up to 12"]


def test_a_death_before_the_end_was_recorded_is_no_damage(lives: Lives) -> None:
    session = lives.start()
    session.add("a")
    session.records_end = False
    session.add("b")
    session.add("c")
    again = restored(lives)
    assert (again.host.words, again.told) == (["a", "b", "c"], [])


def test_the_end_of_a_log_that_was_rewritten_shorter_is_no_damage(lives: Lives) -> None:
    """Neither the end that was recorded, nor the one that was about to be, may be ahead of the shorter log."""
    session = lives.start()
    session.add("a")
    session.records_end = False
    session.add("b")
    session.recovery.history.undo(Request(None, None))
    again = restored(lives)
    assert (again.host.words, again.told) == (["a"], [])


def test_a_generation_that_is_gone_is_noticed_and_the_one_before_it_restored(lives: Lives) -> None:
    words = written(lives)
    lives.file(NEWEST, "log").parent.rename(lives.folder.parent / "gone")
    session = restored(lives)
    assert session.host.words == words[:8]
    assert session.told == ["generation 2: it is missing"]


def test_a_tail_behind_the_log_is_no_damage(lives: Lives) -> None:
    """A process may die between the two."""
    first = lives.start()
    first.add("a")
    behind = (lives.folder / "tail").read_bytes()
    first.add("b")
    (lives.folder / "tail").write_bytes(behind)
    session = restored(lives)
    assert (session.words, session.told) == ("a b", [])


def test_when_a_restoration_is_not_wanted_nothing_is_said_to_be_missing(lives: Lives) -> None:
    written(lives)
    session = lives.start()
    session.journal.clear()
    again = restored(lives)
    assert (again.words, again.told) == ("", [])


@pytest.mark.parametrize("number", [0, 1])
def test_damage_of_an_older_generation_costs_nothing_but_undo(lives: Lives, number: int) -> None:
    words = written(lives)
    damage(lives.file(number, "log"), "flip", 0.5, 3)
    session = restored(lives)
    assert (session.host.words, session.told) == (words, [])


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + b"\n"], ids=["cut", "doubled"])
def test_damage_of_nothing_but_the_last_newline_is_noticed(lives: Lives, change: Callable[[bytes], bytes]) -> None:
    words = written(lives)
    about = lives.file(NEWEST, "about.json")
    about.write_bytes(change(about.read_bytes()))
    session = restored(lives)
    assert session.host.words == words
    assert session.told
