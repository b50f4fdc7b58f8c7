"""What a caller may do, checked at the moment of use: for every call, every message, and again while a call runs.

A key that was revoked, or has lost a scope, is refused at its next call. What it has open or running is ended within
`POLL_SECONDS`, by the actions that `watch` registered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from cadgate.errors import CadgateError, ConfigError, Forbidden, InternalError, Unauthenticated
from cadgate.methods import ALL_SCOPES, Scope
from cadgate.security.keys import Key, KeyFile

POLL_SECONDS = 0.2
"""How often the key file is checked while keys have something open."""
WITHDRAWN = "the caller's authority was withdrawn"
"""The message of a task's cancellation when a key is withdrawn."""

Action = Callable[[CadgateError], None]
Forget = Callable[[], None]

log = structlog.stdlib.get_logger("cadgate.security")


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


class KeyAuthority(Authority):
    """The holder of a key, with the scopes that the key file has for it now."""

    __slots__ = ("_key", "_watchers")

    def __init__(self, key: Key, watchers: Watchers) -> None:
        super().__init__(f"key:{key.id}", frozenset())
        self._key = key
        self._watchers = watchers

    @property
    def scopes(self) -> frozenset[Scope]:
        try:
            key = self._current()
        except ConfigError:
            return frozenset()
        return frozenset() if key is None else frozenset(key.scopes)

    @property
    def is_key(self) -> bool:
        return True

    def objection(self, *scopes: Scope, fresh: bool = True) -> CadgateError | None:
        try:
            key = self._current() if fresh else self._key
        except ConfigError as error:
            return unreadable(error)
        if key is None:
            return Unauthenticated("This key is unknown, or was revoked")
        for scope in scopes:
            if scope not in key.scopes:
                return forbidden(scope, frozenset(key.scopes))
        return None

    def watch(self, scopes: tuple[Scope, ...], action: Action, *, checked: bool = False) -> Forget:
        return self._watchers.add(self, scopes, action, checked=checked)

    def _current(self) -> Key | None:
        """Return the key as the key file has it now; None if it is gone, or has a different secret."""
        if self._key is (key := self._watchers.keys.by_id(self._key.id)):
            return key
        if key is None or key.sha256 != self._key.sha256:
            return None
        self._key = key
        return key


def unreadable(error: ConfigError) -> InternalError:
    """Return the error for a key file that cannot be used, without its message, which names a file of this machine."""
    log.error("key_file_unusable", reason=str(error))
    return InternalError("The gateway cannot read its keys; its log has the reason")


class Watchers:
    """The actions to call when a key is withdrawn. The key file is polled only while there are any."""

    def __init__(self, keys: KeyFile) -> None:
        self.keys = keys
        self._watched: dict[object, tuple[KeyAuthority, tuple[Scope, ...], Action]] = {}
        self._seen: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(
        self, authority: KeyAuthority, scopes: tuple[Scope, ...], action: Action, *, checked: bool = False
    ) -> Forget:
        """See `Authority.watch`."""
        ticket = object()
        watched = self._watched
        watched[ticket] = (authority, scopes, action)
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._seen = loop, None
            loop.call_later(POLL_SECONDS, self._poll)
        if not checked and authority.objection(*scopes) is not None:
            loop.call_soon(self.notify_withdrawn)

        def forget() -> None:
            watched.pop(ticket, None)

        return forget

    def _poll(self) -> None:
        if not self._watched:
            self._loop = None
            return
        assert self._loop is not None
        self._loop.call_later(POLL_SECONDS, self._poll)
        try:
            generation: int | None = self.keys.generation()
        except ConfigError:
            generation = None
        if generation is None or generation != self._seen:
            self._seen = generation
            self.notify_withdrawn()

    def notify_withdrawn(self) -> None:
        """Call the actions of those whose scopes were withdrawn, now."""
        for ticket, (authority, scopes, action) in list(self._watched.items()):
            error = authority.objection(*scopes)
            if error is not None and self._watched.pop(ticket, None) is not None:
                try:
                    action(error)
                except Exception:  # the other watchers must be notified all the same
                    log.exception("withdrawal_failed", identity=authority.identity)
