"""Identifies callers: the same operating-system user (`auth = "local"`), or a key's holder (`auth = "token"`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import structlog
from starlette.types import Scope as AsgiScope

from cadgate.contract.authority import IN_PROCESS, LOCAL, Authority
from cadgate.errors import ConfigError, Forbidden, Unauthenticated
from cadgate.security.authority import KeyAuthority, Watchers, unreadable
from cadgate.security.keys import Key, KeyFile
from cadgate.security.logins import Logins
from cadgate.security.peers import PeerLookupUnavailable, Peers, own_uid

if TYPE_CHECKING:
    from cadgate.config.settings import Settings

log = structlog.get_logger("cadgate.security")

_IN_PROCESS = frozenset((("127.0.0.1", 123), ("testclient", 50000)))
"""The client address in httpx's and Starlette's transports without a socket. Real servers set a `spec_version`."""


_UID = "uid"
_BY_A_PROXY = frozenset(
    (
        b"forwarded",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-real-ip",
    )
)
"""Headers of a request that came through a proxy, which is then at the other end of the connection."""

CONNECTION = "cadgate.connection"
"""The extension of a request for what is found out once for all requests of its connection."""


class Identity(Protocol):
    """Identifies who sent a request, by its connection or its headers."""

    def of(self, scope: AsgiScope, headers: dict[bytes, bytes]) -> Authority:
        """Return who the caller is and what it may do. Raises Unauthenticated or Forbidden."""
        ...

    def named(self, identity: str) -> Authority | None:
        """Return the caller with this identity, for work that goes on without a request; None if it is gone."""
        ...

    def close(self) -> None:
        """Close what is open; it may be used again afterwards."""
        ...


class LocalUser:
    """Admits only processes of the user that runs the gateway."""

    def __init__(self) -> None:
        self._uid = own_uid()
        try:
            self._peers: Peers | None = Peers()
        except PeerLookupUnavailable as error:
            self._peers = None
            log.warning("local_auth_unchecked", reason=str(error), advice='use auth = "token" on shared machines')

    def of(self, scope: AsgiScope, headers: dict[bytes, bytes]) -> Authority:
        if not _BY_A_PROXY.isdisjoint(headers):
            raise Forbidden(
                'This request came through a proxy, which hides its sender: auth = "local" does not work behind one. '
                'Use auth = "token"'
            )
        client, server = scope.get("client"), scope.get("server")
        if "spec_version" not in scope.get("asgi", {}) and client is not None and tuple(client) in _IN_PROCESS:
            return IN_PROCESS
        if self._peers is None:
            return LOCAL
        # The owner of a socket never changes, so it is looked up once for each connection.
        kept: dict[str, Any] = scope.get("extensions", {}).get(CONNECTION, {})
        if kept.get(_UID) == self._uid:
            return LOCAL
        try:
            if client is None or server is None or server[1] is None:
                raise ValueError("the connection has no addresses")
            uid = self._peers.uid((client[0], client[1]), (server[0], server[1]))
        except (ValueError, PeerLookupUnavailable) as error:
            raise Forbidden(
                f'The user at the other end of this connection cannot be determined ({error}). Use auth = "token"'
            ) from error
        if uid != self._uid:
            raise Forbidden(
                'Only the user who runs this gateway may use it (auth = "local"); other users need auth = "token"'
            )
        kept[_UID] = uid
        return LOCAL

    def named(self, identity: str) -> Authority | None:
        return {LOCAL.identity: LOCAL, IN_PROCESS.identity: IN_PROCESS}.get(identity)

    def close(self) -> None:
        if self._peers is not None:
            self._peers.close()


class KeyHolder:
    """Admits whoever sends a key of the key file as a bearer token, or the cookie of a log-in."""

    def __init__(self, keys: KeyFile, *, port: int = 0, idle: float = 3600, longest: float = 43_200) -> None:
        self._keys = keys
        self._watchers = Watchers(keys)
        self.logins = Logins(self._watchers, port=port, idle=idle, longest=longest)

    def of(self, scope: AsgiScope, headers: dict[bytes, bytes]) -> Authority:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if not scheme and scope["type"] == "websocket":
            scheme, token = _of_subprotocols(headers.get(b"sec-websocket-protocol", b"").decode("latin-1"))
        if not scheme and (cookies := headers.get(b"cookie")) is not None:
            try:
                found = self.logins.find(cookies)
            except ConfigError as error:
                raise unreadable(error) from error
            if found is not None:
                return found
        if not scheme:
            raise Unauthenticated(
                "A key is needed: send Authorization: Bearer <key>; `cadgate keys` creates keys. "
                "(A page opens a WebSocket with the subprotocols 'cadgate' and 'bearer.<key>')"
            )
        return KeyAuthority(self.key(token if scheme.lower() == "bearer" else ""), self._watchers)

    def named(self, identity: str) -> Authority | None:
        try:
            key = self._keys.by_id(identity.removeprefix("key:")) if identity.startswith("key:") else None
        except ConfigError as error:
            raise unreadable(error) from error
        return None if key is None else KeyAuthority(key, self._watchers)

    def key(self, token: str) -> Key:
        """Return the key whose text is `token`. Raises Unauthenticated if there is none."""
        try:
            key = self._keys.find(token.strip())
        except ConfigError as error:
            raise unreadable(error) from error
        if key is None:
            raise Unauthenticated("This key is unknown, or was revoked")
        return key

    def close(self) -> None:
        self.logins.close()


SUBPROTOCOL = "cadgate"
"""The subprotocol that the gateway chooses from those a WebSocket client offers."""
_BEARER = "bearer."


def _of_subprotocols(offered: str) -> tuple[str, str]:
    """Return the key that a page offers as a subprotocol: scripts can set no other header of a WebSocket."""
    names = [name.strip() for name in offered.split(",")]
    keys = [name[len(_BEARER) :] for name in names if name.startswith(_BEARER)]
    if not keys:
        return "", ""
    if SUBPROTOCOL not in names:
        # The chosen subprotocol is in the response, so it must not be the one with the key.
        raise Unauthenticated(f"Offer the subprotocol {SUBPROTOCOL!r} in addition to the one with the key")
    return "bearer", keys[0]


def identity_for(settings: Settings) -> Identity:
    """Return the way of identifying callers that the setting `auth` names."""
    if settings.auth != "token":
        return LocalUser()
    idle, longest = settings.login_idle_seconds, settings.login_seconds
    return KeyHolder(KeyFile(settings.state_dir), port=settings.port, idle=idle, longest=longest)
