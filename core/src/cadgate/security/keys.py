"""Access keys for `auth = "token"`: created, listed, revoked and checked here. Only their hashes are stored.

A key is `cadgate_<id>_<secret>`; the secret has 256 random bits, so its plain SHA-256 cannot be brute-forced. The file
is read again when it changes: a revoked key is refused at once, without a restart.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cadgate.contract.methods import ALL_SCOPES, KNOWN_SCOPES, Scope
from cadgate.errors import CadgateError, ConfigError
from cadgate.security.private import make_folder, opener, replace_file

FILE = "keys.json"
OWN_KEY = "the commands of a running gateway"
"""The label of the key by which commands look at the gateway of their state folder. `cadgate keys` lists none of it."""
_SCOPES: tuple[Scope, ...] = ("read", "write", "execute", "admin")
_PREFIX = "cadgate_"
_NOBODY = hashlib.sha256(b"no key has this id").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it is stored: everything but the secret."""

    id: str
    label: str
    scopes: tuple[Scope, ...]
    created: str
    """UTC, ISO 8601."""
    sha256: str


class KeyFile:
    """`keys.json` in the state folder, mode 0600."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / FILE
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}
        self._generation = 0

    def create(self, label: str, scopes: Iterable[str] = ALL_SCOPES) -> tuple[str, Key]:
        """Create a key with `scopes`. The text of the key is returned here, and cannot be had again.

        :raises CadgateError: `bad_request` for an unknown scope, or for none.
        """
        wanted = set(scopes)
        if not wanted or not wanted <= KNOWN_SCOPES:
            known = ", ".join((*sorted(ALL_SCOPES), "admin"))
            raise CadgateError(f"scopes {sorted(wanted)!r} must be one or more of {known}", code="bad_request")
        identifier, secret = secrets.token_hex(6), secrets.token_hex(32)
        key = Key(
            id=identifier,
            label=label,
            scopes=_in_order(wanted),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            sha256=hashlib.sha256(secret.encode()).hexdigest(),
        )
        with self._changing() as keys:
            keys[identifier] = key
        return f"{_PREFIX}{identifier}_{secret}", key

    def list(self) -> list[Key]:
        """Return all keys, oldest first."""
        return sorted(self._current().values(), key=lambda key: (key.created, key.id))

    def revoke(self, identifier: str) -> bool:
        """Remove a key; False if there is none with this id."""
        with self._changing() as keys:
            return keys.pop(identifier, None) is not None

    def find(self, token: str) -> Key | None:
        """Return the key whose text is `token`. Takes the same time for every wrong secret."""
        if not token.startswith(_PREFIX):
            return None
        identifier, _, secret = token[len(_PREFIX) :].partition("_")
        key = self._current().get(identifier)
        given = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        matches = hmac.compare_digest(given, key.sha256 if key else _NOBODY)
        return key if matches else None

    def by_id(self, identifier: str) -> Key | None:
        """Return the key with this id as it is now; the same object until the file changes."""
        return self._current().get(identifier)

    def generation(self) -> int:
        """Return a number that increases whenever the file changes."""
        self._current()
        return self._generation

    def _current(self) -> dict[str, Key]:
        try:
            status = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            if self._keys:
                self._generation += 1
            self._stamp, self._keys = None, {}
            return self._keys
        except PermissionError as error:
            raise ConfigError(f"{self.path} is not accessible: set CADGATE_STATE_DIR to a folder of yours") from error
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be read ({error.strerror})") from error
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._keys = self._read(status.st_mode)
            self._stamp = stamp
            self._generation += 1
        return self._keys

    def _read(self, mode: int) -> dict[str, Key]:
        if mode & 0o077:
            raise ConfigError(f"{self.path}: others may read it; run: chmod 600 {self.path}")
        try:
            listed: list[dict[str, Any]] = json.loads(self.path.read_text())["keys"]
            return {entry["id"]: _key(entry) for entry in listed}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"{self.path}: is not a file of keys ({error})") from error

    @contextmanager
    def _changing(self) -> Generator[dict[str, Key]]:
        """Yield the keys, locked against other processes; they are written back at once when the block succeeds."""
        make_folder(self.path.parent)
        with open(self.path.parent / f".{FILE}.lock", "w", opener=opener) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._stamp = None
            keys = dict(self._current())
            yield keys
            replace_file(self.path, json.dumps({"keys": [asdict(key) for key in keys.values()]}, indent=1).encode())
            self._stamp = None


def _in_order(scopes: Iterable[str]) -> tuple[Scope, ...]:
    given = set(scopes)
    if "admin" in given:
        given.add("read")  # it shows everything, which a key without `read` could not see
    return tuple(scope for scope in _SCOPES if scope in given)


def _key(entry: dict[str, Any]) -> Key:
    scopes = _in_order(entry["scopes"])
    return Key(str(entry["id"]), str(entry["label"]), scopes, str(entry["created"]), str(entry["sha256"]))
