"""Writes the files by which a session survives: snapshots of the document, and a log of the mutations since.

Entries are applied in `recovery`; this module handles files only. Every change to them is one rename or one append, so
that a process which dies at any moment leaves either the state before or the state after.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Any, Callable, Collection, List, NamedTuple, Sequence, cast

from cadgate.appserver.forked_copy import ForkedCopy
from cadgate.appserver.generations import (
    ABOUT,
    START,
    TAIL,
    UNDONE,
    About,
    Entry,
    Generations,
    entry_in,
    hash_of,
    head_of,
    line_of,
    line_with,
    share,
)
from cadgate.appserver.tail import End

KEPT_GENERATIONS = 6
KEPT_DAMAGED = 2
KEPT_LOGS = 20


class _PendingSnapshot(NamedTuple):
    """A snapshot that a forked copy is writing into the folder `part`; it contains the log's first `entries`."""

    copy: ForkedCopy
    part: str
    about: About
    entries: int


class Journal(Generations):
    """The generations in `folder`. Only the application's main thread writes."""

    def __init__(self, folder: str, suffix: str) -> None:
        super().__init__(folder, suffix)
        self.number = -1
        """The current generation, whose log is appended to."""
        self.seq = 0
        """The number of the last entry, over all generations."""
        self._kept: list[Entry | bytes] = []
        """The entries of the log. Those that were written here are lines: as objects they take ten times the memory."""
        self._about = START
        self._log: Any = None
        self._torn = False
        self._size = 0
        """Of the log."""
        self._behind = False
        """Whether the log has grown since its end was recorded."""
        self._pending: _PendingSnapshot | None = None
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for name in os.listdir(folder):
            if name.startswith(("part", "trash")):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)

    @property
    def about(self) -> About:
        """The snapshot before the current log."""
        return self._about

    @property
    def entries(self) -> list[Entry]:
        """The entries of the current log. They must not be changed."""
        for index, each in enumerate(self._kept):
            if isinstance(each, bytes):
                self._kept[index] = entry_in(each)
        return cast("List[Entry]", list(self._kept))

    @property
    def count(self) -> int:
        """The number of entries of the current log."""
        return len(self._kept)

    # --- writing -------------------------------------------------------------------------------------------------

    def create(self, seq: int = 0) -> None:
        """Start an empty journal: its first generation, which needs no snapshot. Raises OSError."""
        self._start_generation(self._part("part"), 0, About("start", seq, []), [])

    def snapshot(self, save: Callable[[str], None], about: About, notes: Sequence[Entry] = ()) -> None:
        """Start a new generation from a snapshot that `save(path)` writes; its log begins with `notes`.

        Raises what `save` raises, and OSError; the old generation then stays current.
        """
        part = self._part("part")
        entries = [{**note, "seq": about.seq + index} for index, note in enumerate(notes, 1)]
        try:
            self._write_part(part, save, about)
            self._start_generation(part, self.number + 1, about, entries)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def snapshot_in_copy(
        self, save: Callable[[str], None], about: About, seconds: float, on_ended: Callable[[], None]
    ) -> None:
        """Let a forked copy of this process write the snapshot of this moment, in at most `seconds`.

        The log continues meanwhile. After `on_ended`, `adopt_copied_snapshot` starts the generation. Raises OSError.
        """
        self._abandon_pending()
        part = self._part("part-beside")
        copy = ForkedCopy(lambda: self._write_part(part, save, about), seconds, on_ended)
        self._pending = _PendingSnapshot(copy, part, about, self.count)

    @property
    def has_pending_snapshot(self) -> bool:
        """Whether a copy is writing a snapshot, or has written one that is not adopted yet."""
        return self._pending is not None

    def has_changes_since_copy(self) -> bool:
        """Whether a copy is writing a snapshot, and something was changed since and is not undone."""
        if self._pending is None:
            return False
        later = (entry_in(each) if isinstance(each, bytes) else each for each in self._kept[self._pending.entries :])
        return any("note" not in entry for entry in later)

    def wait_for_copy(self, seconds: float) -> bool:
        """Wait until a copy that is writing a snapshot has ended; return whether it did within so many seconds."""
        return self._pending is None or self._pending.copy.wait(seconds)

    def adopt_copied_snapshot(self, *, if_smaller: bool = False) -> float | None:
        """Start the generation whose snapshot a copy wrote; return the seconds it took, None if it is not finished.

        With `if_smaller` the snapshot is discarded (None) unless it has less than half the size of the current one.

        Raises OSError if the copy failed; the old generation then stays current.
        """
        pending = self._pending
        if pending is None or pending.copy.succeeded is None:
            return None
        self._pending = None
        try:
            if not pending.copy.succeeded:
                raise OSError("a forked copy of the application could not write it; its log has the reason")
            if if_smaller and 2 * self._size_in(pending.part) >= self._size_in(self.path(self.number)):
                shutil.rmtree(pending.part, ignore_errors=True)
                return None
            self._start_generation(pending.part, self.number + 1, pending.about, self.entries[pending.entries :])
        except BaseException:
            shutil.rmtree(pending.part, ignore_errors=True)
            raise
        return pending.copy.seconds

    def _size_in(self, folder: str) -> int:
        """Return the size of the snapshot in the folder of a generation; 0 if there is none."""
        path = os.path.join(folder, "snapshot" + self.suffix)
        return os.path.getsize(path) if os.path.exists(path) else 0

    def _begins_as_copied(self, number: int, entries: list[Entry]) -> bool:
        """Whether a log of generation `number` begins with the entries that a copy is writing a snapshot of."""
        pending = self._pending
        if pending is None or number != self.number:
            return False
        return self.entries[: pending.entries] == entries[: pending.entries]

    def _abandon_pending(self) -> None:
        """Kill the copy that is writing, because the log no longer begins with what it has."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.copy.kill()
            shutil.rmtree(pending.part, ignore_errors=True)

    def _part(self, name: str) -> str:
        """Create and return an empty folder that is to become a generation."""
        part = os.path.join(self.folder, name)
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part, mode=0o700)
        return part

    def _write_part(self, part: str, save: Callable[[str], None], about: About) -> None:
        path = os.path.join(part, "snapshot" + self.suffix)
        save(path)
        about_line = {"sha256": hash_of(path), **about._asdict()}
        with open(os.path.join(part, ABOUT), "wb") as file:
            file.write(line_of(about_line))
            _flush(file)

    def _start_generation(self, part: str, number: int, about: About, entries: list[Entry]) -> None:
        """Make `part` the current generation, with a log that begins with `entries`. Raises OSError."""
        # Opened before the rename, so that nothing can fail after it.
        log = open(os.path.join(part, "log"), "ab", buffering=0)  # noqa: SIM115 - open as long as the generation
        try:
            _write(log, b"".join([head_of(about), *map(line_of, entries)]))
            self._remove(number)
            os.rename(part, self.path(number))
        except BaseException:
            log.close()
            raise
        self._abandon_pending()
        self._continue_with(log, number, about, entries)
        for old in self.numbers()[:-KEPT_GENERATIONS]:
            self._remove(old)

    def continue_generation(self, number: int, about: About, entries: list[Entry]) -> None:
        """Make generation `number` current again, whose log already has `entries`."""
        path = os.path.join(self.path(number), "log")
        self._continue_with(open(path, "ab", buffering=0), number, about, entries)  # noqa: SIM115 - as above

    def rewrite(self, number: int, about: About, entries: list[Entry]) -> None:
        """Make generation `number` current, with a new log of `entries`, numbered from `about.seq` + 1.

        A snapshot that is being written stays useful if the log still begins with what it has.

        Raises OSError; nothing has changed then.
        """
        seq = about.seq
        numbered = [{**entry, "seq": seq + index} for index, entry in enumerate(entries, 1)]
        path = os.path.join(self.path(number), "log")
        log = open(path + ".part", "wb", buffering=0)  # noqa: SIM115 - as above
        try:
            _write(log, b"".join([head_of(about), *(line_of(entry) for entry in numbered)]))
            _flush(log)
            # Before the log gets shorter: a tail behind the log is no damage, one ahead of it is.
            self._tail.write(End(number, seq))
            os.replace(path + ".part", path)
        except BaseException:
            log.close()
            raise
        if not self._begins_as_copied(number, numbered):
            self._abandon_pending()
        self._continue_with(log, number, about, numbered)

    def rewrite_entries(self, entries: list[Entry]) -> None:
        """Rewrite the log of the current generation."""
        self.rewrite(self.number, self._about, entries)

    def _continue_with(self, log: Any, number: int, about: About, entries: list[Entry]) -> None:
        # What is not recorded yet may be the end of a log that has been replaced.
        self._behind = False
        self._close_files()
        self._log, self._torn, self._size = log, False, log.seek(0, os.SEEK_END)
        self.number, self._about, self.seq = number, about, about.seq + len(entries)
        self._kept = [*entries]
        self._behind = True
        self.record_end()

    def append(self, entry: Entry, result: str | None = None) -> None:
        """Append an entry to the log. A failed write leaves the log as it was. Raises OSError, ValueError, TypeError.

        Call `record_end` later. `result` is the entry's result as `text_of` writes it, if that was done already.
        """
        if self._torn:
            self.rewrite_entries(self.entries)
        numbered = {**entry, "seq": self.seq + 1}
        line = line_of(numbered) if result is None else line_with(numbered, result)
        try:
            _write(self._log, line)
        except BaseException:
            self._torn = True
            self._log.truncate(self._size)
            self._torn = False
            raise
        self._size += len(line)
        self.seq += 1
        self._kept.append(line)
        self._behind = True

    def record_end(self) -> None:
        """Record where the log ends, if that is behind: nobody needs to wait for it."""
        if self._behind:
            self._behind = False
            self._tail.write(End(self.number, self.seq))

    def clear(self) -> None:
        """Remove everything."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.folder, TAIL))
        self.forget_after(-1)
        self.drop_undone()

    def forget_after(self, number: int) -> None:
        """Remove every generation after `number`, last one first."""
        for later in reversed(self.numbers()):
            if later > number:
                self._remove(later)

    # --- snapshots of what was undone ----------------------------------------------------------------------------

    def name_for_undone(self, number: int) -> str:
        """Return a free name for what `keep_undone` makes of generation `number`."""
        while os.path.exists(os.path.join(self.folder, f"{UNDONE}{number:06d}")):
            number += 1
        return f"{UNDONE}{number:06d}"

    def keep_undone(self, number: int, name: str) -> None:
        """Take generation `number` and all later ones out of the journal, and keep its snapshot as `name`."""
        self.forget_after(number)
        os.rename(self.path(number), os.path.join(self.folder, name))

    def link_undone(self, number: int, name: str) -> bool:
        """Keep the snapshot of generation `number` as `name` too; return whether that is possible."""
        folder = os.path.join(self.folder, name)
        try:
            os.mkdir(folder, 0o700)
            for file in ("snapshot" + self.suffix, ABOUT):
                share(os.path.join(self.path(number), file), os.path.join(folder, file))
        except OSError:
            self._remove_undone(name)
            return False
        return True

    def redo_snapshot(self, name: str, about: About, notes: Sequence[Entry]) -> None:
        """Start a new generation from a snapshot that `keep_undone` kept. Raises OSError."""
        kept = self.undone_path(name)
        self.snapshot(lambda path: share(kept, path), about, notes)
        self._remove_undone(name)

    def drop_undone(self, wanted: Collection[str] = ()) -> None:
        """Remove the snapshots of what was undone, except those called so."""
        for name in os.listdir(self.folder):
            if name.startswith(UNDONE) and name not in wanted:
                self._remove_undone(name)

    def _remove_undone(self, name: str) -> None:
        shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    # --- what is damaged -----------------------------------------------------------------------------------------

    def set_aside(self, number: int) -> None:
        """Move generation `number` to a `damaged-` folder, for people to look at."""
        if os.path.isdir(self.path(number)):
            os.rename(self.path(number), self._aside(number))
        self._trim_damaged()

    def set_log_aside(self, number: int) -> None:
        """Copy the log of generation `number` to a `damaged-` folder."""
        folder = self._aside(number)
        os.makedirs(folder, mode=0o700)
        path = os.path.join(self.path(number), "log")
        if os.path.exists(path):
            shutil.copyfile(path, os.path.join(folder, "log"))
        self._trim_damaged()

    def _aside(self, number: int) -> str:
        """Return the path of a new folder for damaged parts of generation `number`."""
        folder = os.path.join(self.folder, f"damaged-{number:06d}")
        count = 1
        while os.path.exists(folder):
            count += 1
            folder = os.path.join(self.folder, f"damaged-{number:06d}-{count}")
        return folder

    def _trim_damaged(self) -> None:
        folders = [os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.startswith("damaged-")]
        folders.sort(key=os.path.getmtime)
        large = [folder for folder in folders if os.listdir(folder) != ["log"]]
        for old in {*large[:-KEPT_DAMAGED], *folders[:-KEPT_LOGS]}:
            shutil.rmtree(old, ignore_errors=True)

    def _remove(self, number: int) -> None:
        if os.path.isdir(self.path(number)):
            trash = os.path.join(self.folder, f"trash-{number:06d}")
            shutil.rmtree(trash, ignore_errors=True)
            os.rename(self.path(number), trash)
            shutil.rmtree(trash, ignore_errors=True)

    def close(self) -> None:
        """Close the files, and kill a copy that is still writing."""
        self._abandon_pending()
        self.record_end()
        self._close_files()

    def _close_files(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None
        self._tail.close()


def _write(file: Any, data: bytes) -> None:
    if file.write(data) != len(data):
        raise OSError("only a part of it could be written")


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
