"""The canary of attacks: files that nobody may read, a folder that stays empty, and the search for what got out."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import time
import zipfile
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

A_TICK = 1.0
"""Seconds, more than any file system's clock needs from one time to the next."""
SEARCHED_BYTES = 16 << 20
"""Of each part of an archive."""


@dataclass
class Canary:
    """Files that nobody may read and a folder in which nobody may write, outside of the gateway's state folder."""

    home: Path
    secret: str = "CANARY-7f3c19-yellow-4127"
    """Text that is in `file`, and must be nowhere else."""
    marker: str = "attack-ran-5b2e"
    """The name of the file that code makes where it runs: its being there is the proof."""

    @property
    def file(self) -> Path:
        """A text file with `secret` in it."""
        return self.home / "private" / "canary.txt"

    @property
    def folder(self) -> Path:
        """Empty, and stays so."""
        return self.home / "folder"

    @property
    def python(self) -> str:
        """One Python expression that leaves the proof that it ran, in and outside of a sandbox, and does not raise."""
        return f"__import__('os').system({self.shell!r})"

    @property
    def shell(self) -> str:
        """The same for a shell."""
        return " ; ".join(
            f"touch {place}/{self.marker} 2>/dev/null" for place in (shlex.quote(str(self.folder)), ".", "~")
        )

    def make(self) -> Canary:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(exist_ok=True)
        self.file.write_text(f"{self.secret}\n")
        return self


class Searched:
    """The files in which the secret was not found. One is searched again when anything about it has changed."""

    def __init__(self) -> None:
        self._without: dict[str, tuple[int, ...]] = {}

    def holds(self, entry: os.DirEntry[str], secret: bytes, since: float) -> bool:
        """Whether this is a file (no link, and not gone) that was changed since a time and has these bytes."""
        began = time.time()
        try:
            told = entry.stat(follow_symlinks=False)
        except OSError:
            return False
        if not stat.S_ISREG(told.st_mode) or told.st_mtime < since:
            return False
        known = (told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)
        if self._without.get(entry.path) == known:
            return False
        holds = _holds(Path(entry), secret)
        # Two changes within a tick of the file system's clock have one time.
        if not holds and told.st_ctime < began - A_TICK:
            self._without[entry.path] = known
        return holds


def below(folder: Path | str) -> Generator[os.DirEntry[str]]:
    """Everything below a folder, without following links. Path.rglob takes ten times as long."""
    with contextlib.suppress(FileNotFoundError, PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from below(entry.path)


def _holds(path: Path, secret: bytes) -> bool:
    """Whether a file, or a part of it where it is a ZIP, has these bytes."""
    try:
        if secret in path.read_bytes():
            return True
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    with archive.open(name) as part:
                        if secret in part.read(SEARCHED_BYTES):
                            return True
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        pass
    return False
