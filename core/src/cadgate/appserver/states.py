"""Names for the states of a document, by which a peer is spared an answer that it has already."""

from __future__ import annotations

import secrets
from typing import Any, Callable

from cadgate.appserver.context import Call

_READS = ("session.ping", "session.batch")


def may_change(call: Call) -> bool:
    """Whether a call may leave another document behind, also where it fails. Everything may that does not only read."""
    return call.mutates or (call.method.startswith(("session.", "internal.")) and call.method not in _READS)


class States:
    """Gives the state another name whenever a call comes that may change it.

    Where something else may change it, a person or what executed code left behind, it has no name: `nameable` says so.
    """

    def __init__(self, nameable: Callable[[], bool]) -> None:
        self._nameable = nameable
        self._life = secrets.token_hex(8)
        self._number = 0

    def before_call(self, call: Call) -> None:
        """To be called before each call is worked on."""
        if may_change(call):
            self._number += 1

    def is_known_to_peer(self, call: Call) -> bool:
        """Whether the peer has the answer to this call; for one that asks, the name of the state goes with it."""
        if call.since is None or not self._nameable():
            return False
        call.state = f"{self._life}-{self._number}"
        return call.since == call.state


UNCHANGED: dict[str, Any] = {"result": None, "unchanged": True}
"""The answer to a peer that has it."""
