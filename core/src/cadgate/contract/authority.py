"""A caller and what it may do, checked at the moment of use. The holders of keys are in `security/authority.py`."""

from __future__ import annotations

from collections.abc import Callable

from cadgate.contract.methods import ALL_SCOPES, Scope
from cadgate.errors import CadgateError, Forbidden

WITHDRAWN = "the caller's authority was withdrawn"
"""The message of a task's cancellation when a key is withdrawn."""

OPERATOR = frozenset(("local", "in-process"))
"""The single user of `auth = "local"`, who owns everything."""

Action = Callable[[CadgateError], None]
Forget = Callable[[], None]


class Authority:
    """A caller and what it may do, which never changes: the gateway's own user, or nobody."""

    __slots__ = ("_fixed", "identity")

    def __init__(self, identity: str, scopes: frozenset[Scope]) -> None:
        self.identity = identity
        self._fixed = scopes

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do now."""
        return self._fixed

    @property
    def is_key(self) -> bool:
        """Whether this is one of several callers, which must not crowd out the others."""
        return False

    @property
    def sees_all(self) -> bool:
        """Whether it sees what belongs to others: the gateway's own user, and keys with the scope `admin`."""
        return self.identity in OPERATOR

    def require(self, *scopes: Scope) -> None:
        """Raise Forbidden unless all of `scopes` are allowed, Unauthenticated if the caller is no longer known."""
        error = self.objection(*scopes)
        if error is not None:
            raise error

    def objection(self, *scopes: Scope, fresh: bool = True) -> CadgateError | None:
        """Return what `require` would raise; unless `fresh`, without looking at the key file again."""
        allowed = self.scopes
        for scope in scopes:
            if scope not in allowed:
                return forbidden(scope, allowed)
        return None

    def watch(self, scopes: tuple[Scope, ...], action: Action, *, checked: bool = False) -> Forget:
        """Call `action` with the reason, once, as soon as not all of `scopes` are allowed any more.

        Pass `checked` if they were checked just now, without an await since. Returns a function that ends the watch.
        Must be called in a running event loop.
        """
        return _nothing


def _nothing() -> None:
    """Do nothing: the authority of this caller never changes."""


def forbidden(scope: Scope, allowed: frozenset[Scope]) -> Forbidden:
    """Return the 403 for a caller without `scope`."""
    return Forbidden(
        f"This key does not have the scope {scope!r}; `cadgate keys create NAME --scopes …` makes a key that has it",
        details={"required": scope, "scopes": sorted(allowed)},
    )


LOCAL = Authority("local", ALL_SCOPES)
IN_PROCESS = Authority("in-process", ALL_SCOPES)
NOBODY = Authority("nobody", frozenset())
"""The caller of requests that the gate did not identify."""
