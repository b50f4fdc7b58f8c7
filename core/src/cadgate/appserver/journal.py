"""The files that let a session survive: snapshots of the document, and a log of the mutations since the last one.

A generation is `gen-NNNNNN/` with `snapshot` (absent in the first), `snapshot.json` (its hash, what it stands for, the
answers remembered so far) and `log` (one line per mutation: crc, space, JSON). Whoever applies the entries lives in
`recovery`; here are only bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from typing import Any, Dict, Iterator, NamedTuple

KEPT_GENERATIONS = 6

Entry = Dict[str, Any]


class Damage(NamedTuple):
    """Something in the journal that cannot be trusted; everything before it is."""

    where: str
    why: str


class Generation(NamedTuple):
    """A point in time: a snapshot (None: the empty session) and the entries after it."""

    number: int
    folder: str
    snapshot: str | None
    because: str
    seq: int
    replies: list[list[Any]]
    entries: list[Entry]


def _line(entry: Entry) -> bytes:
    body = json.dumps(entry, allow_nan=False, separators=(",", ":")).encode()
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
        self.seq = 0
        self.entries: list[Entry] = []
        self._log: Any = None
        self._number = 0
        os.makedirs(folder, mode=0o700, exist_ok=True)

    # --- writing -------------------------------------------------------------------------------------------------

    def begin(self, number: int, seq: int, *, keep: list[Entry] | None = None) -> None:
        """Write on in generation `number`, with `keep` as its only entries (what a damaged tail left)."""
        self.close()
        folder = self._path(number)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "log")
        if keep is not None:
            self._replace(path, b"".join(_line(entry) for entry in keep))
        self._number, self.seq, self.entries = number, seq, list(keep or [])
        self._log = open(path, "ab", buffering=0)  # noqa: SIM115 - it stays open for as long as this generation

    def append(self, entry: Entry) -> None:
        """Note one mutation. A failed write leaves the log as it was. Raises OSError, ValueError."""
        line = _line({**entry, "seq": self.seq + 1})
        size = self._log.seek(0, os.SEEK_END)
        try:
            if self._log.write(line) != len(line):
                raise OSError("the disk took only a part of the entry")
        except OSError:
            self._log.truncate(size)
            raise
        self.seq += 1
        self.entries.append({**entry, "seq": self.seq})

    def drop_last(self) -> list[Entry]:
        """Take the entries of the last request back, durably. Raises IndexError when this generation has none."""
        request = self.entries[-1]["request"]
        keep = len(self.entries)
        while keep and self.entries[keep - 1]["request"] == request:
            keep -= 1
        dropped = self.entries[keep:]
        self.begin(self._number, self.seq - len(dropped), keep=self.entries[:keep])
        return dropped

    def snapshot(self, save: Any, because: str, replies: list[list[Any]]) -> None:
        """Start a new generation from a snapshot that `save(path)` writes. Raises what `save` raises."""
        number = self._number + 1
        part = os.path.join(self.folder, "part")
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        path = os.path.join(part, "snapshot" + self.suffix)
        try:
            save(path)
            about = {"sha256": _hash(path), "because": because, "seq": self.seq, "replies": replies}
            self._replace(os.path.join(part, "snapshot.json"), json.dumps(about).encode())
            target = self._path(number)
            shutil.rmtree(target, ignore_errors=True)
            os.rename(part, target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        self.begin(number, self.seq, keep=[])
        for old in self.numbers()[:-KEPT_GENERATIONS]:
            shutil.rmtree(self._path(old), ignore_errors=True)

    def forget_after(self, number: int) -> None:
        """Remove every generation after `number`."""
        for later in self.numbers():
            if later > number:
                shutil.rmtree(self._path(later), ignore_errors=True)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _replace(self, path: str, data: bytes) -> None:
        with open(path + ".part", "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".part", path)

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """The generation that is written now."""
        return self._number

    def numbers(self) -> list[int]:
        """The generations that are there, the oldest first."""
        return sorted(int(name[4:]) for name in os.listdir(self.folder) if name[:4] == "gen-" and name[4:].isdigit())

    def read(self, number: int, damages: list[Damage]) -> Generation | None:
        """Generation `number` up to its first damage; None when not even its snapshot can be trusted."""
        folder = self._path(number)
        snapshot: str | None = os.path.join(folder, "snapshot" + self.suffix)
        because, seq = "start", 0
        replies: list[list[Any]] = []
        if number > 0:
            try:
                with open(os.path.join(folder, "snapshot.json"), "rb") as file:
                    about = json.loads(file.read())
                if _hash(str(snapshot)) != about["sha256"]:
                    raise ValueError("the snapshot's hash is wrong")
                because, seq, replies = about["because"], about["seq"], about["replies"]
            except (OSError, ValueError, KeyError, TypeError) as error:
                damages.append(Damage(f"generation {number}", str(error)))
                return None
        else:
            snapshot = None
        entries = list(self._read_log(os.path.join(folder, "log"), seq, damages))
        return Generation(number, folder, snapshot, because, seq, replies, entries)

    def _read_log(self, path: str, seq: int, damages: list[Damage]) -> Iterator[Entry]:
        try:
            with open(path, "rb") as file:
                lines = file.read().split(b"\n")
        except OSError as error:
            damages.append(Damage(path, str(error)))
            return
        tail = lines.pop()
        for number, line in enumerate(lines, 1):
            try:
                if len(line) < 10 or int(line[:8], 16) != zlib.crc32(line[9:]):
                    raise ValueError("wrong checksum")
                entry = json.loads(line[9:])
                if entry["seq"] != seq + 1:
                    raise ValueError(f"entry {entry['seq']} follows {seq}")
            except (ValueError, KeyError, TypeError) as error:
                damages.append(Damage(f"{path}:{number}", str(error)))
                return
            seq = entry["seq"]
            yield entry
        if tail:
            damages.append(Damage(f"{path}:{len(lines) + 1}", "the last entry was cut"))

    def _path(self, number: int) -> str:
        return os.path.join(self.folder, f"gen-{number:06d}")
