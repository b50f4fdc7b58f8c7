"""Whose the files in workspaces and `allowed_roots` are: nobody replaces what another key wrote.

One small record for each file, in the state folder, so that it holds over restarts. A file without a record was put
there by somebody else than the gateway, and belongs to the user who runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cadgate.errors import Conflict
from cadgate.security.private import make_folder, replace_file

OPERATOR = frozenset(("local", "in-process"))
"""The one user of `auth = "local"`: all files are theirs."""


class Owners:
    """Records below one folder, each named by the hash of its file's path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, path: Path) -> str | None:
        """Who wrote the file at `path`; None where there is none, `local` where nobody is known."""
        if not os.path.lexists(path):
            return None
        try:
            return str(json.loads(self._record(path).read_bytes())["owner"])
        except (OSError, ValueError, KeyError, TypeError):
            return "local"

    def may_replace(self, path: Path, identity: str) -> bool:
        """Whether `identity` may write a file at `path`."""
        return identity in OPERATOR or self.of(path) in (None, identity)

    def require(self, path: Path, identity: str, name: str) -> None:
        """Raise Conflict for a file that somebody else wrote."""
        if not self.may_replace(path, identity):
            raise Conflict(
                f"The file {name!r} was written by somebody else, and is not replaced: give another name, "
                "or ask whoever wrote it or runs the gateway to remove it",
                details={"path": name},
            )

    @contextmanager
    def claiming(self, path: Path, identity: str, name: str) -> Generator[None]:
        """Whoever writes `path` in this block owns it. One at a time; raises Conflict like `require`."""
        with self._lock:
            self.require(path, identity, name)
            if self.of(path) != identity:
                self._write(path, identity)
            yield

    def _record(self, path: Path) -> Path:
        return self._folder / hashlib.sha256(os.fsencode(path)).hexdigest()

    def _write(self, path: Path, identity: str) -> None:
        """Before the file itself: one whose record was lost would be nobody's to replace."""
        make_folder(self._folder)
        replace_file(self._record(path), json.dumps({"owner": identity, "path": os.fsdecode(path)}).encode())
