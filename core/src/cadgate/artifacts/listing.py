"""Which artifacts there are, by owner and age: kept in memory, so that a page costs what is on it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path


class Listing:
    """The artifacts of one folder. The folder is searched once, when somebody asks first; the gateway alone changes it.

    :param is_artifact: whether a name in the folder is an artifact's.
    :param owner_of: the owner of an artifact.
    :param ttl_seconds: the age from which on an artifact is not listed; None for no limit.
    """

    def __init__(
        self,
        root: Path,
        is_artifact: Callable[[str], bool],
        owner_of: Callable[[str], str],
        ttl_seconds: float | None,
    ) -> None:
        self._root = root
        self._is_artifact = is_artifact
        self._owner_of = owner_of
        self._ttl = ttl_seconds
        self._lock = threading.Lock()
        self._all: dict[str, float] | None = None
        """The times (seconds since 1970) of all by their ids, oldest first. None before the folder was searched."""
        self._by_owner: dict[str, dict[str, float]] = {}

    def add(self, identifier: str, owner: str) -> None:
        """Add a new artifact."""
        with self._lock:
            if self._all is not None:
                self._insert(self._all, identifier, owner, time.time())

    def remove(self, identifier: str, owner: str) -> None:
        """Remove an artifact of `owner`, if it is known."""
        with self._lock:
            if self._all is None:
                return
            self._all.pop(identifier, None)
            theirs = self._by_owner.get(owner)
            if theirs is not None:
                theirs.pop(identifier, None)
                if not theirs:
                    del self._by_owner[owner]

    def page(self, offset: int, limit: int, owner: str | None) -> tuple[list[str], int]:
        """Return the ids of a page, newest first, and how many there are in all; `owner` None: of everybody."""
        with self._lock:
            if self._all is None:
                self._all = self._search()
            known = self._all if owner is None else self._by_owner.get(owner, {})
            total = len(known) - sum(1 for _ in self._expired(known))
            ids = list(islice(reversed(known), min(offset, total), min(offset + limit, total)))
        return ids, total

    def _expired(self, known: dict[str, float]) -> Iterator[str]:
        """Yield the ids of those that are too old, which are the first ones."""
        if self._ttl is None:
            return
        oldest = time.time() - self._ttl
        for identifier, made in known.items():
            if made >= oldest:
                return
            yield identifier

    def _search(self) -> dict[str, float]:
        found: list[tuple[float, str]] = []
        with os.scandir(self._root) as entries:
            for entry in entries:
                if self._is_artifact(entry.name):
                    with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                        found.append((entry.stat().st_mtime, entry.name))
        ages: dict[str, float] = {}
        for made, identifier in sorted(found):
            self._insert(ages, identifier, self._owner_of(identifier), made)
        return ages

    def _insert(self, ages: dict[str, float], identifier: str, owner: str, made: float) -> None:
        ages[identifier] = made
        self._by_owner.setdefault(owner, {})[identifier] = made
