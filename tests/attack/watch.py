"""Sees every file that is opened, made or removed below a folder, by whichever process (inotify)."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from pathlib import Path

_ACCESS, _MODIFY, _OPEN = 0x1, 0x2, 0x20
_CREATE, _DELETE, _MOVED = 0x100, 0x200, 0xC0
_IS_FOLDER = 0x40000000
_WORDS = {_ACCESS: "read", _MODIFY: "written", _OPEN: "opened", _CREATE: "made", _DELETE: "removed", _MOVED: "moved"}
_HEAD = struct.Struct("iIII")


class Watch:
    """Collects what happens to the files of some folders (not of folders in them) while it is open.

    Folders that are merely listed or looked for are not counted.
    """

    def __init__(self, *folders: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._folders: dict[int, Path] = {}
        for folder in folders:
            mask = _ACCESS | _MODIFY | _OPEN | _CREATE | _DELETE | _MOVED
            watch = libc.inotify_add_watch(self._fd, os.fsencode(folder), mask)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch", str(folder))
            self._folders[watch] = folder

    def seen(self) -> list[str]:
        """What happened since it was opened or asked: `canary.txt opened`."""
        found: list[str] = []
        while select.select([self._fd], [], [], 0)[0]:
            data = os.read(self._fd, 65_536)
            while data:
                watch, mask, _, length = _HEAD.unpack_from(data)
                name = data[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode(errors="replace")
                data = data[_HEAD.size + length :]
                if mask & _IS_FOLDER and not mask & (_CREATE | _DELETE | _MOVED):
                    continue
                words = [word for bit, word in _WORDS.items() if mask & bit]
                line = f"{name or self._folders[watch].name} {' '.join(words)}"
                if words and line not in found:
                    found.append(line)
        return found

    def close(self) -> None:
        os.close(self._fd)
