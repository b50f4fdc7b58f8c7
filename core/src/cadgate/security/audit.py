"""The audit log: one line of JSON for each change, execution and written file. Who, when, which method, the outcome.

It has no content: no parameters, no code (only its SHA-256), no keys, no names of objects. A log that cannot be written
stops no request; the lost lines are counted, reported by `/health`, and by the log itself once it can be written again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from pydantic_core import to_json

from cadgate.contract.authority import WITHDRAWN
from cadgate.errors import CadgateError
from cadgate.security.private import make_folder

if TYPE_CHECKING:
    from cadgate.config.settings import Settings

FILE = "audit.log"
LOST = "audit.lost"
"""The method of the line that reports how many lines before it were lost."""
_CANCELLED = 499
_LOOKED_SECONDS = 0.01
"""How long the file that a line was prepared for is used without another look whether it is still there."""

log = structlog.stdlib.get_logger("cadgate.audit")


def local_user() -> dict[str, Any]:
    """Return the user this process runs as, in the form of a line's fields."""
    uid = os.geteuid()
    try:
        return {"uid": uid, "user": pwd.getpwuid(uid).pw_name}
    except KeyError:
        return {"uid": uid}


def hash_of_code(code: str) -> str:
    """Return what a line has of executed code: its SHA-256."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class AuditEvent:
    """What is about to be done, and by whom: the part of a line that is known beforehand."""

    method: str
    identity: str
    peer: str | None
    request_id: str
    door: str
    adapter: str | None = None
    more: Mapping[str, Any] | None = None


class _Prepared(NamedTuple):
    """The part of a line that is known beforehand, as JSON, and until when the file needs no other look."""

    begin: bytes
    until: float


class Recording:
    """Writes the line of a block of code when it ends. Create it by `AuditLog.recording`."""

    # Not a generator, which takes three times as long.
    __slots__ = ("_audit", "_began", "_event", "_learned", "_prepared", "_success")

    def __init__(
        self, audit: AuditLog, event: AuditEvent | Callable[[], AuditEvent], success: type[BaseException] | None
    ) -> None:
        self._audit = audit
        self._event = event
        self._success = success
        self._prepared: _Prepared | None = None

    def prepare(self) -> None:
        """Prepare the line. Called while the block waits for something else, its end takes less time."""
        if self._prepared is None and self._audit.enabled:
            event = self._event if isinstance(self._event, AuditEvent) else self._event()
            self._prepared = self._audit.prepare(event)

    def __enter__(self) -> dict[str, Any]:
        self._learned: dict[str, Any] = {}
        self._began = time.perf_counter()
        return self._learned

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        outcome, status = ("success", 200) if error is None else self._outcome(error)
        self.prepare()
        if self._prepared is not None:
            seconds = time.perf_counter() - self._began
            self._audit.complete(self._prepared, outcome, status, seconds, self._learned)

    def _outcome(self, error: BaseException) -> tuple[str, int]:
        if isinstance(error, CadgateError):
            return error.code, error.status
        if isinstance(error, asyncio.CancelledError):
            return ("withdrawn", 401) if error.args == (WITHDRAWN,) else ("cancelled", _CANCELLED)
        if self._success is not None and isinstance(error, self._success):
            return "success", 200
        return "internal_error", 500


class AuditLog:
    """Appends lines to `folder/audit.log`, mode 0600, which is rotated to `audit.log.1` and so on at `max_bytes`.

    Writing takes microseconds: it goes to the operating system's cache. A full disk raises nothing.
    """

    def __init__(
        self, folder: Path, *, enabled: bool = True, max_bytes: int = 32 * 1024 * 1024, keep: int = 10
    ) -> None:
        self.path = folder / FILE
        self.enabled = enabled
        self.lost = 0
        """Lines that could not be written since the gateway started."""
        self.failing: str | None = None
        """Why the last line could not be written."""
        self._unreported = 0
        self._max_bytes = max_bytes
        self._keep = keep
        self._descriptor: int | None = None
        self._name = str(self.path)
        self._file = (0, 0)
        """Inode and device of the open file: while it is open, no other file can have them."""
        self._user = local_user()

    @classmethod
    def of(cls, settings: Settings) -> AuditLog:
        """Return the audit log of a gateway with these settings."""
        return cls(
            settings.state_dir / "logs",
            enabled=settings.audit,
            max_bytes=settings.audit_max_bytes,
            keep=settings.audit_files,
        )

    # --- lines ---------------------------------------------------------------------------------------------------

    def recording(
        self, event: AuditEvent | Callable[[], AuditEvent], *, success_exception: type[BaseException] | None = None
    ) -> Recording:
        """Write a line when the block ends, however it does, with what the block puts into the dictionary.

        `event` may be a function that makes it. `success_exception` is an exception that means success.
        """
        return Recording(self, event, success_exception)

    def record(self, event: AuditEvent, outcome: str, status: int, seconds: float) -> None:
        """Write one line."""
        if self.enabled:
            self.complete(self.prepare(event), outcome, status, seconds, {})

    def prepare(self, event: AuditEvent) -> _Prepared:
        """Return what is known of the line of an event, and look after the file."""
        line: dict[str, Any] = {"method": event.method}
        if event.adapter is not None:
            line["adapter"] = event.adapter
        line["door"], line["identity"] = event.door, event.identity
        if event.identity == "local":
            line |= self._user
        if event.peer is not None:
            line["peer"] = event.peer
        line["request_id"] = event.request_id
        if event.more:
            line |= event.more
        with contextlib.suppress(OSError):  # `complete` opens it again, and reports why that fails
            self._open()
        return _Prepared(_members(line), time.monotonic() + _LOOKED_SECONDS)

    def complete(
        self, prepared: _Prepared, outcome: str, status: int, seconds: float, learned: Mapping[str, Any]
    ) -> None:
        """Write a prepared line, with what was learned since."""
        end = _members({**learned, "outcome": outcome, "status": status, "ms": round(seconds * 1000, 2)})
        self._write(b",".join((b'{"time":"' + _now().encode() + b'"', prepared.begin, end)) + b"}\n", prepared.until)

    # --- the file ------------------------------------------------------------------------------------------------

    def _write(self, line: bytes, until: float) -> None:
        try:
            descriptor = self._descriptor
            if descriptor is None or time.monotonic() > until:
                descriptor = self._open()
            if self._unreported:
                lost = {"time": _now(), "method": LOST, "lines": self._unreported, "reason": self.failing}
                _append(descriptor, b"{" + _members(lost) + b"}\n")
                self._unreported = 0
            _append(descriptor, line)
        except OSError as error:
            if self.failing is None:
                log.error("audit_log_failing", path=str(self.path), reason=error.strerror)
            self.failing = error.strerror or type(error).__name__
            self.lost += 1
            self._unreported += 1
            self.close()
        else:
            if self.failing is not None:
                log.warning("audit_log_works_again", path=str(self.path), lost=self.lost)
                self.failing = None

    def _open(self) -> int:
        """Return the file to append to: a new one if it has grown too large, or was moved or removed."""
        if self._descriptor is not None:
            with contextlib.suppress(FileNotFoundError):
                there = os.stat(self._name)
                if (there.st_ino, there.st_dev) == self._file:
                    if there.st_size < self._max_bytes:
                        return self._descriptor
                    self._rotate()
            self.close()
        make_folder(self.path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        os.fchmod(self._descriptor, 0o600)
        ours = os.fstat(self._descriptor)
        self._file = (ours.st_ino, ours.st_dev)
        return self._descriptor

    def _rotate(self) -> None:
        for number in range(self._keep, 0, -1):
            newer = self.path if number == 1 else self.path.with_name(f"{FILE}.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, self.path.with_name(f"{FILE}.{number}"))

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


def _members(fields: dict[str, Any]) -> bytes:
    """Return the members of a JSON object, without its braces."""
    return to_json(fields, inf_nan_mode="constants")[1:-1]


def _append(descriptor: int, data: bytes) -> None:
    """Append the whole line or nothing. Raises OSError."""
    written = os.write(descriptor, data)
    if written == len(data):
        return
    # The disk is full: the part of the line that was written would corrupt the next one.
    os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_END) - written)
    raise OSError(28, os.strerror(28))


def _now() -> str:
    now = time.time()
    return f"{_until_seconds(int(now))}.{int(now % 1 * 1000):03d}+00:00"


@lru_cache(maxsize=1)
def _until_seconds(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
