"""The files that let a session survive: snapshots of the document, and a log of the mutations since the last one.

A generation is `gen-NNNNNN/` with `snapshot` (absent in the first), `about.json` (its hash, what it stands for, the
answers remembered so far) and `log` (a head, which says again what the snapshot stands for, then a line per mutation).
Every line is a crc, a space, JSON. `tail` beside them says where the last log ends. Whoever applies the entries lives
in `recovery`; here are only bytes. Every change of these files is one rename or one append, so that a process which
dies at any moment leaves the state before or the state after.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import zlib
from typing import Any, Callable, Dict, Iterator, NamedTuple

from cadgate.appserver.tail import End, Tail

KEPT_GENERATIONS = 6
KEPT_DAMAGED = 2
ABOUT = "about.json"
TAIL = "tail"

Entry = Dict[str, Any]


class Damage(NamedTuple):
    """Something in the journal that cannot be trusted; everything before it is."""

    where: str
    why: str


class About(NamedTuple):
    """What a snapshot stands for: why it was taken, the last entry it contains, the answers known by then."""

    because: str
    seq: int
    replies: list[list[Any]]

    @property
    def follows_from_log(self) -> bool:
        """Whether the log before it leads to the same state. Otherwise only the snapshot tells what happened."""
        return not self.because.startswith("after ")


START = About("start", 0, [])


class Generation(NamedTuple):
    """A point in time: a snapshot (None: the empty session) and the entries after it."""

    number: int
    snapshot: str | None
    about: About
    entries: list[Entry]
    whole: bool
    """Whether the log was read to its end."""


_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _line(entry: Entry) -> bytes:
    body = _encode(entry).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _head(about: About) -> bytes:
    return _line({"because": about.because, "seq": about.seq})


def _parsed(line: bytes) -> dict[str, Any]:
    """What `_line` wrote, without its newline. Raises ValueError, RecursionError."""
    if line[:9] != b"%08x " % zlib.crc32(line[9:]):
        raise ValueError("wrong checksum")
    told: dict[str, Any] = json.loads(line[9:])
    return told


def _hash(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


class Journal:
    """Generations below `folder`. Only the application's main thread writes."""

    def __init__(self, folder: str, suffix: str) -> None:
        self.folder = folder
        self.suffix = suffix
        self.number = -1
        """The generation that is written now."""
        self.seq = 0
        """That of the last entry, over all generations."""
        self.entries: list[Entry] = []
        self._about = START
        self._log: Any = None
        self._torn = False
        self._tail = Tail(os.path.join(folder, TAIL))
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for name in os.listdir(folder):
            if name.startswith(("part", "trash")):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)

    # --- writing -------------------------------------------------------------------------------------------------

    def create(self, seq: int = 0) -> None:
        """Begin a journal without any past: the first generation, which needs no snapshot. Raises OSError."""
        self._start(0, About("start", seq, []), lambda folder: None)

    def snapshot(self, save: Callable[[str], None], about: About) -> None:
        """Start a new generation from a snapshot that `save(path)` writes.

        Raises what `save` raises, and OSError: then the old generation is written on.
        """

        def fill(folder: str) -> None:
            path = os.path.join(folder, "snapshot" + self.suffix)
            save(path)
            told = {"sha256": _hash(path), **about._asdict()}
            with open(os.path.join(folder, ABOUT), "wb") as file:
                file.write(_line(told))
                _flush(file)

        self._start(self.number + 1, about, fill)
        for old in self.numbers()[:-KEPT_GENERATIONS]:
            self._remove(old)

    def _start(self, number: int, about: About, fill: Callable[[str], None]) -> None:
        part = os.path.join(self.folder, "part")
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        log: Any = None
        try:
            fill(part)
            # Opened before the rename, so that nothing can fail after it.
            log = open(os.path.join(part, "log"), "ab", buffering=0)  # noqa: SIM115 - open as long as the generation
            _write(log, _head(about))
            self._remove(number)
            os.rename(part, self._path(number))
        except BaseException:
            if log is not None:
                log.close()
            shutil.rmtree(part, ignore_errors=True)
            raise
        self._switch(log, number, about, [])

    def proceed(self, number: int, about: About, entries: list[Entry]) -> None:
        """Write on in generation `number`, whose log is `entries` as they are."""
        path = os.path.join(self._path(number), "log")
        self._switch(open(path, "ab", buffering=0), number, about, entries)  # noqa: SIM115 - as above

    def rewrite(self, number: int, about: About, entries: list[Entry]) -> None:
        """Write on in generation `number`, with `entries` as all that its log holds, numbered from `about.seq` + 1.

        Raises OSError: then nothing has changed.
        """
        seq = about.seq
        numbered = [{**entry, "seq": seq + index} for index, entry in enumerate(entries, 1)]
        path = os.path.join(self._path(number), "log")
        log = open(path + ".part", "wb", buffering=0)  # noqa: SIM115 - as above
        try:
            _write(log, b"".join([_head(about), *(_line(entry) for entry in numbered)]))
            _flush(log)
            # Before it is shorter: a tail that says less than there is means nothing.
            self._tail.write(End(number, seq))
            os.replace(path + ".part", path)
        except BaseException:
            log.close()
            raise
        self._switch(log, number, about, numbered)

    def rewrite_entries(self, entries: list[Entry]) -> None:
        """The same in the generation that is written now."""
        self.rewrite(self.number, self._about, entries)

    def _switch(self, log: Any, number: int, about: About, entries: list[Entry]) -> None:
        self.close()
        self._log, self._torn = log, False
        self.number, self._about, self.seq, self.entries = number, about, about.seq + len(entries), list(entries)
        self._tail.write(End(number, self.seq))

    def append(self, entry: Entry) -> None:
        """Note one mutation. A failed write leaves the log as it was. Raises OSError, ValueError, TypeError."""
        if self._torn:
            self.rewrite_entries(self.entries)
        numbered = {**entry, "seq": self.seq + 1}
        line = _line(numbered)
        size = self._log.seek(0, os.SEEK_END)
        try:
            _write(self._log, line)
        except BaseException:
            self._torn = True
            self._log.truncate(size)
            self._torn = False
            raise
        self.seq += 1
        self.entries.append(numbered)
        self._tail.write(End(self.number, self.seq))

    def clear(self) -> None:
        """Forget everything."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.folder, TAIL))
        self.forget_after(-1)

    def forget_after(self, number: int) -> None:
        """Remove every generation after `number`, the last one first."""
        for later in reversed(self.numbers()):
            if later > number:
                self._remove(later)

    def set_aside(self, number: int) -> None:
        """Keep what is there of generation `number` out of the way, for people to look at."""
        folder = os.path.join(self.folder, f"damaged-{number:06d}")
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.isdir(self._path(number)):
            os.rename(self._path(number), folder)
        self._trim_damaged()

    def set_log_aside(self, number: int) -> None:
        """The same with a copy of its log alone."""
        folder = os.path.join(self.folder, f"damaged-{number:06d}")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        path = os.path.join(self._path(number), "log")
        if os.path.exists(path):
            shutil.copyfile(path, os.path.join(folder, "log"))
        self._trim_damaged()

    def _trim_damaged(self) -> None:
        for name in sorted(name for name in os.listdir(self.folder) if name.startswith("damaged-"))[:-KEPT_DAMAGED]:
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    def _remove(self, number: int) -> None:
        if os.path.isdir(self._path(number)):
            trash = os.path.join(self.folder, f"trash-{number:06d}")
            shutil.rmtree(trash, ignore_errors=True)
            os.rename(self._path(number), trash)
            shutil.rmtree(trash, ignore_errors=True)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None
        self._tail.close()

    # --- reading -------------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """The generations that are there, the oldest first."""
        return sorted(int(name[4:]) for name in os.listdir(self.folder) if name[:4] == "gen-" and name[4:].isdigit())

    def read(self, number: int, damages: list[Damage]) -> Generation | None:
        """Generation `number` up to its first damage; None when not even its snapshot can be trusted."""
        snapshot: str | None = None
        about = START
        if number > 0:
            snapshot = os.path.join(self._path(number), "snapshot" + self.suffix)
            try:
                told = self._line_about(number)
                if _hash(snapshot) != told["sha256"]:
                    raise ValueError("the snapshot's hash is wrong")
                about = _about(told)
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                damages.append(Damage(f"generation {number}", _told(error)))
                return None
        entries, whole = self._log_of(number, about.seq, damages)
        return Generation(number, snapshot, about, entries, whole)

    def continuation(self, number: int, seq: int, damages: list[Damage]) -> Generation | None:
        """Generation `number` for its log alone, if that goes on from entry `seq`: where the snapshot is damaged."""
        try:
            about = _about(self._line_about(number))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            about = self._about_in_log(number)
        if about is None:
            return None
        if about.seq != seq or not about.follows_from_log:
            return None
        entries, whole = self._log_of(number, seq, damages)
        return Generation(number, None, about, entries, whole)

    def _line_about(self, number: int) -> dict[str, Any]:
        with open(os.path.join(self._path(number), ABOUT), "rb") as file:
            return _parsed(file.read().rstrip(b"\n"))

    def _about_in_log(self, number: int) -> About | None:
        """The same from the head of the log, without the answers: those of its entries are known from these."""
        try:
            with open(os.path.join(self._path(number), "log"), "rb") as file:
                told = _parsed(file.readline().rstrip(b"\n"))
            return _about({**told, "replies": []})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _log_of(self, number: int, seq: int, damages: list[Damage]) -> tuple[list[Entry], bool]:
        before = len(damages)
        entries = list(self._read_log(number, seq, damages))
        return entries, all(damage.where == TAIL for damage in damages[before:])

    def _read_log(self, number: int, seq: int, damages: list[Damage]) -> Iterator[Entry]:
        where = f"generation {number}, log"
        try:
            with open(os.path.join(self._path(number), "log"), "rb") as file:
                lines = file.read().split(b"\n")
        except OSError as error:
            damages.append(Damage(where, _told(error)))
            return
        tail = lines.pop()
        if not lines or self._about_in_log(number) is None:
            damages.append(Damage(f"{where}, head", "it is damaged"))
        for count, line in enumerate(lines[1:], 2):
            try:
                entry = _parsed(line)
                if entry["seq"] != seq + 1:
                    raise ValueError(f"entry {entry['seq']} follows {seq}")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                damages.append(Damage(f"{where}, line {count}", _told(error)))
                return
            seq = entry["seq"]
            yield entry
        if tail:
            damages.append(Damage(f"{where}, line {len(lines) + 1}", "the last entry was cut"))
        elif (end := self._end(damages)) is not None and end.number == number and end.seq > seq:
            damages.append(Damage(where, f"it ends with entry {seq}, and was written up to {end.seq}"))

    def missing(self, damages: list[Damage]) -> None:
        """Report a generation that was written last, and is not there."""
        end, numbers = self._end(damages), self.numbers()
        if end is not None and (not numbers or end.number > numbers[-1]):
            damages.append(Damage(f"generation {end.number}", "it is missing"))

    def _end(self, damages: list[Damage]) -> End | None:
        """Where the journal should end, as far as that is known."""
        try:
            end = self._tail.read()
        except (OSError, ValueError) as error:
            damage = Damage(TAIL, f"{_told(error)}: whether the log is complete cannot be told")
        else:
            if end is not None or not self.numbers():
                return end
            damage = Damage(TAIL, "it is missing: whether the log is complete cannot be told")
        if damage not in damages:
            damages.append(damage)
        return None

    def _path(self, number: int) -> str:
        return os.path.join(self.folder, f"gen-{number:06d}")


def _about(told: dict[str, Any]) -> About:
    return About(str(told["because"]), int(told["seq"]), [list(each) for each in told["replies"]])


def _write(file: Any, data: bytes) -> None:
    if file.write(data) != len(data):
        raise OSError("the disk took only a part of it")


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _told(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
