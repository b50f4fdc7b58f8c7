"""The files that let a session survive: snapshots of the document, and a log of the mutations since the last one.

A generation is `gen-NNNNNN/` with `snapshot` (absent in the first), `about.json` (its hash, what it stands for, the
answers remembered so far) and `log` (one line per mutation: crc, space, JSON). Whoever applies the entries lives in
`recovery`; here are only bytes. Every change of these files is one rename or one append, so that a process which dies
at any moment leaves the state before or the state after.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from typing import Any, Callable, Dict, Iterator, NamedTuple

KEPT_GENERATIONS = 6
KEPT_DAMAGED = 2
ABOUT = "about.json"

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
        self._log: Any = None
        self._torn = False
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for name in os.listdir(folder):
            if name.startswith(("part", "trash")):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)

    # --- writing -------------------------------------------------------------------------------------------------

    def create(self, seq: int = 0) -> None:
        """Begin a journal without any past: the first generation, which needs no snapshot. Raises OSError."""
        self._start(0, seq, lambda folder: None)

    def snapshot(self, save: Callable[[str], None], about: About) -> None:
        """Start a new generation from a snapshot that `save(path)` writes.

        Raises what `save` raises, and OSError: then the old generation is written on.
        """

        def fill(folder: str) -> None:
            path = os.path.join(folder, "snapshot" + self.suffix)
            save(path)
            told = {"sha256": _hash(path), **about._asdict()}
            with open(os.path.join(folder, ABOUT), "wb") as file:
                file.write(json.dumps(told).encode())
                _flush(file)

        self._start(self.number + 1, about.seq, fill)
        for old in self.numbers()[:-KEPT_GENERATIONS]:
            self._remove(old)

    def _start(self, number: int, seq: int, fill: Callable[[str], None]) -> None:
        part = os.path.join(self.folder, "part")
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        log: Any = None
        try:
            fill(part)
            # Opened before the rename, so that nothing can fail after it.
            log = open(os.path.join(part, "log"), "ab", buffering=0)  # noqa: SIM115 - open as long as the generation
            self._remove(number)
            os.rename(part, self._path(number))
        except BaseException:
            if log is not None:
                log.close()
            shutil.rmtree(part, ignore_errors=True)
            raise
        self._switch(log, number, seq, [])

    def proceed(self, number: int, seq: int, entries: list[Entry]) -> None:
        """Write on in generation `number`, whose log is `entries` as they are."""
        path = os.path.join(self._path(number), "log")
        self._switch(open(path, "ab", buffering=0), number, seq, entries)  # noqa: SIM115 - as above

    def rewrite(self, number: int, seq: int, entries: list[Entry]) -> None:
        """Write on in generation `number`, with `entries` as all that its log holds, numbered from `seq` + 1.

        Raises OSError: then nothing has changed.
        """
        numbered = [{**entry, "seq": seq + index} for index, entry in enumerate(entries, 1)]
        path = os.path.join(self._path(number), "log")
        log = open(path + ".part", "wb", buffering=0)  # noqa: SIM115 - as above
        try:
            _write(log, b"".join(_line(entry) for entry in numbered))
            _flush(log)
            os.replace(path + ".part", path)
        except BaseException:
            log.close()
            raise
        self._switch(log, number, seq + len(numbered), numbered)

    def _switch(self, log: Any, number: int, seq: int, entries: list[Entry]) -> None:
        self.close()
        self._log, self.number, self.seq, self.entries, self._torn = log, number, seq, list(entries), False

    def append(self, entry: Entry) -> None:
        """Note one mutation. A failed write leaves the log as it was. Raises OSError, ValueError, TypeError."""
        if self._torn:
            self.rewrite(self.number, self.seq - len(self.entries), self.entries)
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

    # --- reading -------------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """The generations that are there, the oldest first."""
        return sorted(int(name[4:]) for name in os.listdir(self.folder) if name[:4] == "gen-" and name[4:].isdigit())

    def read(self, number: int, damages: list[Damage]) -> Generation | None:
        """Generation `number` up to its first damage; None when not even its snapshot can be trusted."""
        snapshot: str | None = None
        about = About("start", 0, [])
        if number > 0:
            snapshot = os.path.join(self._path(number), "snapshot" + self.suffix)
            try:
                with open(os.path.join(self._path(number), ABOUT), "rb") as file:
                    told: dict[str, Any] = json.loads(file.read())
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
            with open(os.path.join(self._path(number), ABOUT), "rb") as file:
                about = _about(json.loads(file.read()))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if about.seq != seq or not about.follows_from_log:
            return None
        entries, whole = self._log_of(number, seq, damages)
        return Generation(number, None, about, entries, whole)

    def _log_of(self, number: int, seq: int, damages: list[Damage]) -> tuple[list[Entry], bool]:
        before = len(damages)
        entries = list(self._read_log(number, seq, damages))
        return entries, len(damages) == before

    def _read_log(self, number: int, seq: int, damages: list[Damage]) -> Iterator[Entry]:
        where = f"generation {number}, log"
        try:
            with open(os.path.join(self._path(number), "log"), "rb") as file:
                lines = file.read().split(b"\n")
        except OSError as error:
            damages.append(Damage(where, _told(error)))
            return
        tail = lines.pop()
        for count, line in enumerate(lines, 1):
            try:
                if len(line) < 10 or int(line[:8], 16) != zlib.crc32(line[9:]):
                    raise ValueError("wrong checksum")
                entry = json.loads(line[9:])
                if entry["seq"] != seq + 1:
                    raise ValueError(f"entry {entry['seq']} follows {seq}")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                damages.append(Damage(f"{where}, line {count}", _told(error)))
                return
            seq = entry["seq"]
            yield entry
        if tail:
            damages.append(Damage(f"{where}, line {len(lines) + 1}", "the last entry was cut"))

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
