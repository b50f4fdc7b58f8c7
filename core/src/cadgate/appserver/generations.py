"""Reads the folder of a journal, and finds out what in it can be trusted.

A generation is `gen-NNNNNN/` with `snapshot` (absent in the first), `about.json` (its hash, why it was taken, the
answers remembered so far) and `log` (a head, which repeats why and when the snapshot was taken, then a line per
mutation). Every line is a crc, a space, JSON. The file `tail` next to them records where the last log ends. A log may
continue past the snapshot of the next generation, which was written while the log grew and whose own log has those
entries too. `undone-NNNNNN/` is a generation that was undone, whose snapshot a redo may load.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from typing import Any, Dict, Iterator, NamedTuple

from cadgate.appserver.json_text import writer
from cadgate.appserver.tail import End, Tail

ABOUT = "about.json"
TAIL = "tail"
UNDONE = "undone-"
"""How the folders of snapshots that were undone begin."""

Entry = Dict[str, Any]


class Damage(NamedTuple):
    """Something in the journal that cannot be trusted; everything before it can."""

    where: str
    why: str


class About(NamedTuple):
    """A snapshot's metadata: why it was taken, the last entry it contains, the answers known by then."""

    because: str
    seq: int
    replies: list[list[Any]]
    request: str | None = None
    """The request after which it was taken, of which it may contain only a part: see `CallRunner.persist`."""

    @property
    def follows_from_log(self) -> bool:
        """Whether the log before it leads to the same state. Otherwise only the snapshot has what happened."""
        return not self.because.startswith("after ")


START = About("start", 0, [])


class Generation(NamedTuple):
    """A point in time: a snapshot (None: the empty session) and the entries after it."""

    number: int
    snapshot: str | None
    about: About
    entries: list[Entry]
    whole: bool
    """Whether the log could be read to its end."""

    def until(self, seq: int) -> Generation:
        """Return the same generation without the entries after `seq`, which the next generation has."""
        return self._replace(entries=[entry for entry in self.entries if entry["seq"] <= seq])


_encode = writer(ascii_only=True)


def line_of(value: dict[str, Any]) -> bytes:
    """Return a line of a journal file. Raises ValueError, TypeError, RecursionError for what is not JSON."""
    return _line(_encode(value))


def line_with(entry: dict[str, Any], result: str) -> bytes:
    """Return the line of an entry, given its result as JSON, which becomes the last of its values."""
    head = dict(entry)
    del head["result"]
    return _line(f'{_encode(head)[:-1]},"result":{result}}}')


def entry_in(line: bytes) -> Entry:
    """Return the entry of a line that was made here."""
    return _parsed(line[:-1])


def text_of(value: Any) -> str:
    """Return a value as it is written in a line. Raises ValueError, TypeError, RecursionError for what is not JSON."""
    return _encode(value)


def _line(text: str) -> bytes:
    body = text.encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def head_of(about: About) -> bytes:
    """Return the first line of the log after a snapshot."""
    return line_of({"because": about.because, "seq": about.seq})


def hash_of(path: str) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def share(path: str, target: str) -> None:
    """Give a file that is never written again a second name, or copy it where that is not possible. Raises OSError."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


class Generations:
    """The generations in `folder`. The names of their snapshots end with `suffix`."""

    def __init__(self, folder: str, suffix: str) -> None:
        self.folder = folder
        self.suffix = suffix
        self._tail = Tail(os.path.join(folder, TAIL))

    def numbers(self) -> list[int]:
        """Return the numbers of the existing generations, oldest first."""
        return sorted(int(name[4:]) for name in os.listdir(self.folder) if name[:4] == "gen-" and name[4:].isdigit())

    def read(self, number: int, damages: list[Damage]) -> Generation | None:
        """Return generation `number` up to its first damage; None if not even its snapshot can be trusted."""
        snapshot: str | None = None
        about = START
        if number > 0:
            snapshot = os.path.join(self.path(number), "snapshot" + self.suffix)
            try:
                fields = self._about_fields(number)
                if hash_of(snapshot) != fields["sha256"]:
                    raise ValueError("the snapshot's hash is wrong")
                about = _about(fields)
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                damages.append(Damage(f"generation {number}", _reason(error)))
                return None
        entries, whole = self._log_of(number, about.seq, damages)
        return Generation(number, snapshot, about, entries, whole)

    def continuation(self, number: int, seq: int, damages: list[Damage]) -> Generation | None:
        """Return generation `number`, whose snapshot is damaged, with the log's entries after `seq`, if it has them."""
        try:
            about = _about(self._about_fields(number))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            about = self._about_in_log(number)
        if about is None:
            return None
        if about.seq > seq or not about.follows_from_log:
            return None
        entries, whole = self._log_of(number, about.seq, damages)
        return Generation(number, None, about, entries[seq - about.seq :], whole)

    def entries_with_later_logs(self, later: list[int], generation: Generation, damages: list[Damage]) -> list[Entry]:
        """Return the entries of a generation and of later logs with damaged snapshots, as far as they connect."""
        entries = list(generation.entries)
        if not generation.whole:
            return entries
        for number in later:
            found = self.continuation(number, generation.about.seq + len(entries), damages)
            if found is None:
                break
            entries += found.entries
            if not found.whole:
                break
        return entries

    def log_before(self, number: int) -> tuple[About, list[Entry]] | None:
        """Return the log of the generation before `number`, whose snapshot is not looked at; None if it is damaged."""
        try:
            about = START if number == 1 else _about(self._about_fields(number - 1))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        damages: list[Damage] = []
        entries = list(self._read_log(number - 1, about.seq, damages)) if number > 0 else []
        return None if number <= 0 or damages else (about, entries)

    def undone(self, name: str) -> Generation | None:
        """Return the state that was undone, as a generation without entries; None if it cannot be trusted."""
        path = self.undone_path(name)
        try:
            fields = _fields_in(os.path.join(self.folder, name))
            whole = hash_of(path) == fields["sha256"]
            return Generation(-1, path, _about(fields), [], whole=True) if whole else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def undone_path(self, name: str) -> str:
        """Return the snapshot of what was undone."""
        return os.path.join(self.folder, name, "snapshot" + self.suffix)

    def _about_fields(self, number: int) -> dict[str, Any]:
        return _fields_in(self.path(number))

    def _about_in_log(self, number: int) -> About | None:
        """Return the metadata from the head of the log. It has no answers; the entries have theirs."""
        try:
            with open(os.path.join(self.path(number), "log"), "rb") as file:
                fields = _parsed(file.readline().rstrip(b"\n"))
            return _about({**fields, "replies": []})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _log_of(self, number: int, seq: int, damages: list[Damage]) -> tuple[list[Entry], bool]:
        before = len(damages)
        entries = list(self._read_log(number, seq, damages))
        return entries, all(damage.where == TAIL for damage in damages[before:])

    def _read_log(self, number: int, seq: int, damages: list[Damage]) -> Iterator[Entry]:
        where = f"generation {number}, log"
        try:
            with open(os.path.join(self.path(number), "log"), "rb") as file:
                lines = file.read().split(b"\n")
        except OSError as error:
            damages.append(Damage(where, _reason(error)))
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
                damages.append(Damage(f"{where}, line {count}", _reason(error)))
                return
            seq = entry["seq"]
            yield entry
        if tail:
            damages.append(Damage(f"{where}, line {len(lines) + 1}", "the last entry was cut"))
        elif (end := self._end(damages)) is not None and end.number == number and end.seq > seq:
            damages.append(Damage(where, f"it ends with entry {seq}, and was written up to {end.seq}"))

    def missing(self, damages: list[Damage]) -> None:
        """Report it if the generation that was written last is missing."""
        end, numbers = self._end(damages), self.numbers()
        if end is not None and (not numbers or end.number > numbers[-1]):
            damages.append(Damage(f"generation {end.number}", "it is missing"))

    def _end(self, damages: list[Damage]) -> End | None:
        """Return where the journal should end, if that is known."""
        try:
            end = self._tail.read()
        except (OSError, ValueError) as error:
            damage = Damage(TAIL, f"{_reason(error)}: whether the log is complete is unknown")
        else:
            if end is not None or not self.numbers():
                return end
            damage = Damage(TAIL, "it is missing: whether the log is complete is unknown")
        if damage not in damages:
            damages.append(damage)
        return None

    def path(self, number: int) -> str:
        """Return the folder of generation `number`."""
        return os.path.join(self.folder, f"gen-{number:06d}")


def _parsed(line: bytes) -> dict[str, Any]:
    """Return what `line_of` wrote, given without its newline. Raises ValueError, RecursionError."""
    if line[:9] != b"%08x " % zlib.crc32(line[9:]):
        raise ValueError("wrong checksum")
    fields: dict[str, Any] = json.loads(line[9:])
    return fields


def _fields_in(folder: str) -> dict[str, Any]:
    with open(os.path.join(folder, ABOUT), "rb") as file:
        text = file.read()
    if not text.endswith(b"\n"):
        raise ValueError("the line was cut")
    return _parsed(text[:-1])


def _about(fields: dict[str, Any]) -> About:
    replies = [list(each) for each in fields["replies"]]
    return About(str(fields["because"]), int(fields["seq"]), replies, fields.get("request"))


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
