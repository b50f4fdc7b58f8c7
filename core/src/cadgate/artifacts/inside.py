"""Accesses files in folders that an application may change at any moment, without following links.

A sandboxed application must not make the gateway, which is not sandboxed, read or write elsewhere: neither by a link in
place of a file, nor by one that replaces a folder at the last moment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cadgate.security.private import make_folder, opener

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder_inside(root: Path, folder: Path, *, create: bool = False) -> Generator[int]:
    """Yield a descriptor of `folder` in `root`, following no links; `create` makes missing folders.

    Raises OSError, also if one of the folders is a link.
    """
    if create:
        make_folder(root)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in folder.relative_to(root).parts:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=descriptor)
            inner = os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def is_plain(folder: int, name: str) -> bool:
    """Whether this is a regular file with a single link, not a symbolic link."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def open_plain(folder: int, name: str) -> BinaryIO:
    """Open a regular file for reading. Raises OSError."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{name!r} is not a file")
    return os.fdopen(descriptor, "rb")


def create(folder: int, name: str) -> BinaryIO:
    """Create a file, open for writing. Raises FileExistsError, OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb")


def copy_over(source: BinaryIO, folder: int, name: str) -> None:
    """Write the content of `source` to a file of this name, completely or not at all. Raises OSError."""
    part = f".{secrets.token_hex(8)}.part"
    try:
        with create(folder, part) as file:
            shutil.copyfileobj(source, file, 1 << 20)
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=folder)


def take(folder: int, name: str, target: Path) -> None:
    """Move a regular file to `target`, out of the application's reach. Raises OSError for anything else."""
    try:
        os.rename(name, target, src_dir_fd=folder)
    except OSError:  # another file system
        with open_plain(folder, name) as source, open(target, "xb", opener=opener) as file:
            shutil.copyfileobj(source, file, 1 << 20)
        return
    found = os.lstat(target)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        shutil.rmtree(target) if stat.S_ISDIR(found.st_mode) else target.unlink()
        raise OSError(f"{name!r} is not a plain file")
    os.chmod(target, 0o600)  # whatever mode the application gave it


def plain_files(folder: int) -> Iterator[str]:
    """Yield the regular files in and below a folder, by relative path. Links are left out."""
    for where, _, names, descriptor in os.fwalk(".", dir_fd=folder):
        for name in names:
            if is_plain(descriptor, name):
                yield (Path(where) / name).as_posix()
