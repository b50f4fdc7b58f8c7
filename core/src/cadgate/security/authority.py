"""What the holder of a key may do, checked at the moment of use: by each call and message, and while a call runs.

A key that was revoked, or has lost a scope, is refused at its next call. What it has open or running is ended within
`POLL_SECONDS`, by the actions that `watch` registered.
"""

from __future__ import annotations

import asyncio

import structlog

from cadgate.contract.authority import Action, Authority, Forget, forbidden
from cadgate.contract.methods import Scope
from cadgate.errors import CadgateError, ConfigError, InternalError, Unauthenticated
from cadgate.security.keys import Key, KeyFile

POLL_SECONDS = 0.2
"""How often the key file is checked while keys have something open."""

log = structlog.stdlib.get_logger("cadgate.security")


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

    @property
    def sees_all(self) -> bool:
        return "admin" in self.scopes

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
