"""Names for the states of a document, so that a peer need not be sent an answer that it already has."""

from __future__ import annotations

import secrets
from typing import Any, Callable

from cadgate.appserver.context import Call

_READS = ("session.ping", "session.batch", "session.copy", "internal.look")


def may_change(call: Call) -> bool:
    """Whether a call may change the document, even if it fails: every call but those known only to read."""
    return call.mutates or (call.method.startswith(("session.", "internal.")) and call.method not in _READS)


class States:
    """Gives the document's state a new name whenever a call arrives that may change it.

    While something else may change it, such as a person or leftover code, it has no name: `nameable` returns False.
    """

    def __init__(self, nameable: Callable[[], bool]) -> None:
        self._nameable = nameable
        self._life = secrets.token_hex(8)
        self._number = 0

    def before_call(self, call: Call) -> None:
        """Give the state a new name if `call`, which is about to run, may change it."""
        if may_change(call):
            self._number += 1

    def is_known_to_peer(self, call: Call) -> bool:
        """Whether the peer already has the answer to this call; sets `call.state` if the peer asked for it."""
        if call.since is None or not self._nameable():
            return False
        call.state = f"{self._life}-{self._number}"
        return call.since == call.state


UNCHANGED: dict[str, Any] = {"result": None, "unchanged": True}
"""The answer for a peer that has it already."""
