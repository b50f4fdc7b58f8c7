"""Decides where a path in a file may lead: to the file's own content, the session's workspace and allowed folders."""

from __future__ import annotations

import os
from typing import Sequence


class Places:
    """The folders that paths of one file may lead to.

    :param file: the file itself; paths that begin with `//` start in its folder.
    :param roots: the workspace, and the folders of `allowed_roots`.
    """

    def __init__(self, file: str, roots: Sequence[str]) -> None:
        self._file = os.path.realpath(file)
        self._folder = os.path.dirname(self._file)
        self._roots = [os.path.realpath(root) for root in roots]

    def has(self, path: str) -> bool:
        """Return whether a path, as Blender writes it, leads to one of them. Links are followed."""
        if not path or "\0" in path or "\\" in path:
            return False
        if path.startswith("//"):
            real = os.path.realpath(os.path.join(self._folder, path[2:]))
            return real != self._file and _within(real, self._folder) and os.path.isfile(real)
        # Anything else would be relative to wherever the process happens to work.
        if not path.startswith("/"):
            return False
        real = os.path.realpath(path)
        return any(_within(real, root) for root in self._roots)


def leads_out(path: str) -> bool:
    """Return whether a path leads out of the folder of its file."""
    if not path.startswith("//"):
        return bool(path)
    return "\\" in path or ".." in path[2:].split("/")


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)
