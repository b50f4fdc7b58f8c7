"""Limits what one key may have in progress at a time, so that there is always room for others."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from cadgate.contract.authority import Authority
from cadgate.errors import Overloaded


class Shares:
    """Counts what is in progress by key. The single user of `auth = "local"` is not limited.

    :param setting: the name of the limit, for the error message.
    :param what: what is counted, in the plural.
    """

    def __init__(self, limit: int, setting: str, what: str) -> None:
        self._limit = limit
        self._setting = setting
        self._what = what
        self._taken: dict[str, int] = {}

    def take(self, authority: Authority) -> None:
        """Count one more. Raises Overloaded if the key has its share already."""
        if not authority.is_key:
            return
        taken = self._taken.get(authority.identity, 0)
        if taken >= self._limit:
            raise Overloaded(
                f"This key already has {taken} {self._what} in progress; wait for one to finish",
                details={"limit": self._setting, "maximum": self._limit},
            )
        self._taken[authority.identity] = taken + 1

    def give_back(self, authority: Authority) -> None:
        """Count one less."""
        if not authority.is_key:
            return
        taken = self._taken.pop(authority.identity) - 1
        if taken:
            self._taken[authority.identity] = taken

    @contextmanager
    def one(self, authority: Authority) -> Generator[None]:
        """Count one more while the block runs."""
        self.take(authority)
        try:
            yield
        finally:
            self.give_back(authority)
