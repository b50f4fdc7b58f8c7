"""Records who owns the files in workspaces and `allowed_roots`: no key replaces what another one wrote.

There is one small record for each file, in the state folder, so that it survives restarts. A file without a record was
not written by the gateway, and belongs to the user who runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cadgate.contract.authority import OPERATOR
from cadgate.errors import Conflict
from cadgate.security.private import make_folder, replace_file


class Owners:
    """The records, in one folder, each named by the hash of its file's path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, path: Path) -> str | None:
        """Return who wrote the file at `path`; None if there is no file, `local` if there is no record."""
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
                f"The file {name!r} was written with another key and is not replaced: choose another name, or ask "
                "its owner or whoever runs the gateway to remove it",
                details={"path": name},
            )

    @contextmanager
    def claiming(self, path: Path, identity: str, name: str) -> Generator[None]:
        """Make `identity` the owner of `path`, which is written in this block. Raises Conflict like `require`."""
        with self._lock:
            self.require(path, identity, name)
            if self.of(path) != identity:
                self._write(path, identity)
            yield

    def _record(self, path: Path) -> Path:
        return self._folder / hashlib.sha256(os.fsencode(path)).hexdigest()

    def _write(self, path: Path, identity: str) -> None:
        """Write the record. It comes before the file, which otherwise nobody but the operator could replace."""
        make_folder(self._folder)
        replace_file(self._record(path), json.dumps({"owner": identity, "path": os.fsdecode(path)}).encode())
