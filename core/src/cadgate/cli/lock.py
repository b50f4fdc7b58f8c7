"""The lock on a state folder: one gateway at a time uses it, and the lock file says which, and where it listens."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from cadgate.errors import CadgateError, ConfigError
from cadgate.security.private import make_folder

FILE_NAME = "gateway.lock"
_PATIENCE_SECONDS = 0.5
"""A command that only checks the lock holds it for an instant."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The gateway that uses a state folder.

    `url` is None until it listens. `token` is a key for this user's commands, if the gateway requires keys.
    """

    pid: int
    url: str | None = None
    token: str | None = field(default=None, repr=False)


class AlreadyRunning(CadgateError):
    """Another gateway uses this state folder."""

    code, status = "already_running", 409

    def __init__(self, state_dir: Path, holder: Holder) -> None:
        self.holder = holder
        at = f" and listens on {holder.url}" if holder.url else ""
        super().__init__(
            f"the state folder {state_dir} is in use: the gateway with process id {holder.pid} holds it{at}; "
            "stop it with `cadgate down`, or choose another folder with --state-dir or CADGATE_STATE_DIR"
        )


class StateLock:
    """Locks `state_dir` for this process while the block runs; the system releases it when the process dies.

    :raises AlreadyRunning: another gateway has the lock.
    :raises ConfigError: the folder cannot be created or written.
    """

    def __init__(self, state_dir: Path, named_by: str = "state_dir") -> None:
        self.path = state_dir / FILE_NAME
        try:
            make_folder(state_dir)
            # Not truncated here: until the lock is ours, the content is the holder's.
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{named_by}: the folder {state_dir} cannot be used: {error.strerror}") from error
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._acquired():
            if time.monotonic() > deadline:
                holder = _read(self._file)
                os.close(self._file)
                raise AlreadyRunning(state_dir, holder or Holder(0))
            time.sleep(0.02)
        self.publish(None)

    def _acquired(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def publish(self, url: str | None, token: str | None = None) -> None:
        """Write who holds the lock, and how this user's commands reach it. The file's mode is 0600."""
        content = json.dumps({"pid": os.getpid(), "url": url, "token": token}).encode() + b"\n"
        os.pwrite(self._file, content, 0)
        os.ftruncate(self._file, len(content))

    def __enter__(self) -> StateLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


def holder_of(state_dir: Path) -> Holder | None:
    """Return the gateway that uses `state_dir` now, or None."""
    try:
        file = os.open(state_dir / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(file)
    else:
        return None
    finally:
        os.close(file)


def _read(file: int) -> Holder | None:
    """Return what the holder wrote; None if it has just taken the lock and not written yet."""
    try:
        content: Any = json.loads(os.pread(file, 4096, 0))
        entry = cast("dict[str, Any]", content)
        return Holder(int(entry["pid"]), entry["url"], entry["token"])
    except (ValueError, KeyError, TypeError):
        return None
