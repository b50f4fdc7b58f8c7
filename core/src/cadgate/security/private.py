"""Creates folders and files that only this user can access, whatever the umask: everything in the state folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

import structlog

from cadgate.errors import ConfigError

UMASK = 0o077
_FOLDER, _FILE = 0o700, 0o600
_OTHERS = 0o077
_OWN = ("artifacts", "jobs", "logs", "sessions")
"""The gateway's folders in the state folder."""

log = structlog.stdlib.get_logger("cadgate.private")


def make_folder(path: Path) -> None:
    """Create a folder, and missing parents, each for its owner only. Raises OSError."""
    missing: list[Path] = []
    while not path.is_dir():
        if path.exists() and not path.is_dir():  # unless somebody else has created it between the two calls
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        missing.append(path)
        path = path.parent
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # somebody else created it at the same moment
            os.mkdir(each, _FOLDER)


def opener(path: str, flags: int) -> int:
    """Open a file for `open(..., opener=opener)`; a new one is for its owner only."""
    return os.open(path, flags, _FILE)


def write_text(path: Path, text: str) -> None:
    """Write a file for its owner only."""
    with open(path, "w", encoding="utf-8", opener=opener) as file:
        file.write(text)


def replace_file(path: Path, data: bytes, *, mode: int = _FILE) -> None:
    """Write a file completely or not at all, even in a crash. Raises OSError; the old one is unchanged then."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb", opener=opener) as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def secure_state(folder: Path, named_by: str = "state_dir") -> None:
    """Create the state folder, or make sure that nobody else may enter an existing one.

    One that others may enter is closed, with the gateway's files in it, and this is logged. Raises ConfigError if it
    cannot be closed, or is used for other things too.
    """
    try:
        make_folder(folder)
        found = folder.stat()
        was_open = bool(found.st_mode & _OTHERS)
        if was_open:
            _close_folder(folder, found, named_by)
        for entry in os.scandir(folder):
            if entry.is_file(follow_symlinks=False):
                _tighten(entry.path)
            elif was_open and entry.name in _OWN and entry.is_dir(follow_symlinks=False):
                _tighten_all(entry.path)
    except OSError as error:
        raise ConfigError(f"{named_by}: the folder {folder} cannot be used: {error.strerror}") from error


def _close_folder(folder: Path, found: os.stat_result, named_by: str) -> None:
    """Remove other users' access to a folder. Raises ConfigError."""
    own = "give the gateway a folder of its own with CADGATE_STATE_DIR"
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_ISVTX or folder in (Path("/"), Path(os.path.expanduser("~"))):
        raise ConfigError(f"{named_by}: the folder {folder} (mode {mode:04o}) is used for other things too: {own}")
    with contextlib.suppress(PermissionError):
        os.chmod(folder, mode & ~_OTHERS)
    if folder.stat().st_mode & _OTHERS:
        raise ConfigError(
            f"{named_by}: others may enter the folder {folder} (mode {mode:04o}), which cannot be closed: {own}"
        )
    log.warning("others could enter the state folder; now they cannot", folder=str(folder), mode=f"{mode:04o}")


def _tighten(path: str) -> None:
    """Remove other users' access to a file or folder of ours; links are ignored."""
    with contextlib.suppress(PermissionError, FileNotFoundError):
        found = os.lstat(path)
        if found.st_mode & _OTHERS and (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            # Nobody else can replace it by a link, because the state folder is closed already.
            os.chmod(path, stat.S_IMODE(found.st_mode) & ~_OTHERS)


def _tighten_all(top: str) -> None:
    _tighten(top)
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            _tighten(os.path.join(folder, name))
