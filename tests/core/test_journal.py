"""The journal's files: what was appended is read again, and any damage ends the reading without being believed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadgate.appserver.generations import START, About, Damage, Entry, line_of
from cadgate.appserver.journal import Journal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


def entry(value: Any = 0) -> Entry:
    return {"key": None, "hash": None, "method": "items.create", "params": {"value": value}, "result": value}


def values(entries: list[Entry]) -> list[Any]:
    return [each["result"] for each in entries]


@contextmanager
def new_journal(folder: Path) -> Iterator[Journal]:
    with closing(Journal(str(folder), ".items")) as made:
        made.create()
        yield made


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with new_journal(tmp_path / "journal") as made:
        yield made


def again(journal: Journal) -> Journal:
    """The same folder, as the next process finds it."""
    return Journal(journal.folder, journal.suffix)


def snapshot(journal: Journal, text: str = "state", because: str = "idle") -> None:
    def save(path: str) -> None:
        Path(path).write_text(text)

    journal.snapshot(save, About(because, journal.seq, []))


def log_of(journal: Journal, number: int) -> Path:
    return Path(journal.folder) / f"gen-{number:06d}" / "log"


def read(journal: Journal, number: int) -> tuple[list[Any] | None, list[Damage]]:
    damages: list[Damage] = []
    generation = again(journal).read(number, damages)
    return (None if generation is None else values(generation.entries)), damages


@given(st.lists(JSON, max_size=5))
@settings(max_examples=30, deadline=None)
def test_what_is_appended_is_read_again(tmp_path_factory: pytest.TempPathFactory, appended: list[Any]) -> None:
    with new_journal(tmp_path_factory.mktemp("journal")) as journal:
        for value in appended:
            journal.append(entry(value))
        assert read(journal, 0) == (appended, [])
        assert journal.seq == len(appended)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_or_a_cut_never_invents_an_entry(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with new_journal(tmp_path_factory.mktemp("journal")) as journal:
        for number in range(5):
            journal.append(entry(number))
    path = log_of(journal, 0)
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:place]
    else:
        damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    path.write_bytes(damaged)
    found, damages = read(journal, 0)
    assert found is not None
    assert found == list(range(len(found)))
    # Every entry before the damaged line is there; the first line is the head.
    assert len(found) >= whole[:place].count(b"\n") - 1
    assert damages or damaged == whole


def test_a_missing_log_is_damage_and_a_missing_snapshot_makes_the_generation_useless(journal: Journal) -> None:
    journal.append(entry(1))
    log_of(journal, 0).unlink()
    assert read(journal, 0) == ([], [Damage("generation 0, log", "No such file or directory")])
    snapshot(journal)
    for name in ("snapshot.items", "about.json"):
        whole = (log_of(journal, 1).parent / name).read_bytes()
        (log_of(journal, 1).parent / name).unlink()
        found, damages = read(journal, 1)
        assert found is None
        assert damages == [Damage("generation 1", "No such file or directory")]
        (log_of(journal, 1).parent / name).write_bytes(whole)
    assert read(journal, 1) == ([], [])


@pytest.mark.parametrize("suffix", ["", ".json", ".snapshot"])
def test_an_application_may_call_its_snapshots_as_it_likes(tmp_path: Path, suffix: str) -> None:
    with closing(Journal(str(tmp_path / "journal"), suffix)) as journal:
        journal.create()
        snapshot(journal, "state")
        generation = again(journal).read(1, damages := [])
        assert damages == []
        assert generation is not None
        assert generation.snapshot is not None
        assert Path(generation.snapshot).read_text() == "state"


def test_a_cut_or_changed_snapshot_is_not_believed(journal: Journal) -> None:
    snapshot(journal, "0123456789")
    path = log_of(journal, 1).parent / "snapshot.items"
    for content in ("01234", "0123456788", "", "01234567890"):
        path.write_text(content)
        assert read(journal, 1) == (None, [Damage("generation 1", "the snapshot's hash is wrong")])


@pytest.mark.parametrize("about", ["", "[]", "null", '{"sha256": 1}', "{" * 5000, '{"because": "idle", "seq": "x"}'])
def test_a_damaged_description_of_a_snapshot_is_damage(journal: Journal, about: str) -> None:
    snapshot(journal)
    (log_of(journal, 1).parent / "about.json").write_text(about)
    found, damages = read(journal, 1)
    assert found is None
    assert damages[0].where == "generation 1"


def test_a_snapshot_starts_a_new_log_and_goes_on_counting(journal: Journal) -> None:
    journal.append(entry(1))
    snapshot(journal)
    journal.append(entry(2))
    generation = again(journal).read(1, [])
    assert generation is not None
    assert [each["seq"] for each in generation.entries] == [2]
    assert generation.about == About("idle", 1, [])


def test_a_snapshot_that_fails_leaves_the_old_generation_in_charge(journal: Journal) -> None:
    journal.append(entry(1))

    def fail(path: str) -> None:
        Path(path).write_text("half a snap")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        journal.snapshot(fail, About("idle", 1, []))
    journal.append(entry(2))
    assert read(journal, 0) == ([1, 2], [])
    assert again(journal).numbers() == [0]
    assert sorted(os.listdir(journal.folder)) == ["gen-000000", "tail"]


def test_a_snapshot_that_writes_nothing_is_an_error(journal: Journal) -> None:
    with pytest.raises(FileNotFoundError):
        journal.snapshot(lambda path: None, About("idle", 0, []))
    assert again(journal).numbers() == [0]


def test_what_cannot_be_json_is_refused_and_leaves_no_trace(journal: Journal) -> None:
    circle: list[Any] = []
    circle.append(circle)
    for value in (float("nan"), {1, 2}, object(), circle):
        with pytest.raises((ValueError, TypeError)):
            journal.append(entry(value))
    journal.append(entry(1))
    assert read(journal, 0) == ([1], [])


class Disk:
    """A log file on a disk that is full, and perhaps broken."""

    def __init__(self, file: Any, room: int, *, truncates: bool = True) -> None:
        self._file = file
        self.room = room
        self._truncates = truncates

    def write(self, data: bytes) -> int:
        taken = self._file.write(data[: self.room])
        self.room -= taken
        if not taken:
            raise OSError(28, "No space left on device")
        return taken

    def truncate(self, size: int) -> None:
        if not self._truncates:
            raise OSError(5, "Input/output error")
        self._file.truncate(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 30])
def test_an_entry_that_the_disk_does_not_take_whole_leaves_the_log_as_it_was(journal: Journal, room: int) -> None:
    journal.append(entry(1))
    journal._log = Disk(journal._log, room)
    with pytest.raises(OSError, match=r"only a part|No space"):
        journal.append(entry(2))
    assert read(journal, 0) == ([1], [])
    journal._log.room = 10_000
    journal.append(entry(3))
    assert read(journal, 0) == ([1, 3], [])
    assert journal.seq == 2


def test_after_a_torn_entry_that_cannot_be_cut_off_the_log_is_written_anew(journal: Journal) -> None:
    journal.append(entry(1))
    journal._log = Disk(journal._log, 20, truncates=False)
    with pytest.raises(OSError, match="Input/output error"):
        journal.append(entry(2))
    journal.append(entry(3))
    assert read(journal, 0) == ([1, 3], [])


def test_a_log_is_rewritten_at_once_or_not_at_all(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        journal.append(entry(number))

    def fail(source: str, target: str) -> None:
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="no"):
            journal.rewrite(0, START, journal.entries[:2])
    journal.append(entry(4))
    assert read(journal, 0) == ([0, 1, 2, 3, 4], [])
    journal.rewrite(0, START, [journal.entries[1], journal.entries[3]])
    journal.append(entry(9))
    assert read(journal, 0) == ([1, 3, 9], [])
    assert journal.seq == 3


def test_old_generations_are_removed(journal: Journal) -> None:
    for number in range(20):
        journal.append(entry(number))
        snapshot(journal)
    assert again(journal).numbers() == list(range(15, 21))


def test_what_a_dead_process_left_half_done_is_swept_away(journal: Journal) -> None:
    for name in ("part", "trash-000003"):
        folder = Path(journal.folder) / name
        folder.mkdir()
        (folder / "snapshot.items").write_text("half")
    assert again(journal).numbers() == [0]
    assert sorted(os.listdir(journal.folder)) == ["gen-000000", "tail"]


def test_a_log_goes_on_after_a_damaged_snapshot_only_where_it_fits(journal: Journal) -> None:
    journal.append(entry(1))
    snapshot(journal)
    journal.append(entry(2))
    found = again(journal).continuation(1, 1, [])
    assert found is not None
    assert values(found.entries) == [2]
    assert again(journal).continuation(1, 0, []) is None
    assert again(journal).continuation(7, 1, []) is None
    further = again(journal).continuation(1, 2, [])
    assert further is not None
    assert further.entries == []
    snapshot(journal, because="after files.import")
    assert again(journal).continuation(2, 2, []) is None


def test_damaged_generations_are_kept_aside_but_not_for_ever(journal: Journal) -> None:
    for number in range(5):
        snapshot(journal, f"state {number}")
    for number in (1, 2, 3, 5):
        again(journal).set_aside(number)
    assert again(journal).numbers() == [0, 4]
    kept = sorted(name for name in os.listdir(journal.folder) if name.startswith("damaged"))
    assert kept == ["damaged-000003", "damaged-000005"]
    assert (Path(journal.folder) / "damaged-000005" / "snapshot.items").read_text() == "state 4"


def test_names_that_are_no_generations_are_ignored(journal: Journal) -> None:
    for name in ("gen-", "gen-x", "other", "gen-000000.bak"):
        (Path(journal.folder) / name).mkdir()
    assert again(journal).numbers() == [0]


def test_an_entry_whose_number_does_not_follow_ends_the_reading(journal: Journal) -> None:
    for number in range(3):
        journal.append(entry(number))
    lines = log_of(journal, 0).read_bytes().splitlines(keepends=True)
    head, first, _, third = lines
    log_of(journal, 0).write_bytes(head + first + third)
    assert read(journal, 0) == ([0], [Damage("generation 0, log, line 3", "entry 3 follows 1")])
    log_of(journal, 0).write_bytes(head + first + first)
    assert read(journal, 0) == ([0], [Damage("generation 0, log, line 3", "entry 1 follows 1")])
    log_of(journal, 0).write_bytes(head + first + line_of(json.loads("[1]")))
    assert read(journal, 0)[0] == [0]
