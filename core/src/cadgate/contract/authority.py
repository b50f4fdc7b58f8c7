"""Who asks, and what they may do, asked at the moment of use. What a key allows is `security/authority.py`."""

from __future__ import annotations

from collections.abc import Callable

from cadgate.contract.methods import ALL_SCOPES, Scope
from cadgate.errors import CadgateError, Forbidden

WITHDRAWN = "the caller's authority was withdrawn"
"""The message of a task's cancellation for that reason."""

Action = Callable[[CadgateError], None]
Forget = Callable[[], None]


class Authority:
    """Who somebody is and what they may do, always the same: the gateway's own user, or nobody."""

    __slots__ = ("_fixed", "identity")

    def __init__(self, identity: str, scopes: frozenset[Scope]) -> None:
        self.identity = identity
        self._fixed = scopes

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it allows now."""
        return self._fixed

    @property
    def is_key(self) -> bool:
        """Whether it is one of several callers, who may not crowd out the others."""
        return False

    def require(self, *scopes: Scope) -> None:
        """Raise Forbidden when it does not allow all of `scopes`, Unauthenticated when it is not known any more."""
        error = self.objection(*scopes)
        if error is not None:
            raise error

    def objection(self, *scopes: Scope, fresh: bool = True) -> CadgateError | None:
        """What `require` would raise; not `fresh`, by what was known a moment ago."""
        allowed = self.scopes
        for scope in scopes:
            if scope not in allowed:
                return forbidden(scope, allowed)
        return None

    def watch(self, scopes: tuple[Scope, ...], action: Action, *, checked: bool = False) -> Forget:
        """Call `action` with the reason, once, as soon as it does not allow all of `scopes` any more.

        `checked` says that it did so when it was asked last, without anything awaited since. Returns what ends the
        watch. To be called in a running event loop.
        """
        return _nothing


def _nothing() -> None:
    """There is nothing to forget."""


def forbidden(scope: Scope, allowed: frozenset[Scope]) -> Forbidden:
    """The 403 of a caller without `scope`."""
    return Forbidden(
        f"This key has no {scope!r} scope; a key that has it is made by `cadgate keys create NAME --scopes …`",
        details={"required": scope, "scopes": sorted(allowed)},
    )


LOCAL = Authority("local", ALL_SCOPES)
IN_PROCESS = Authority("in-process", ALL_SCOPES)
NOBODY = Authority("nobody", frozenset())
"""Of requests that did not pass the gate."""
