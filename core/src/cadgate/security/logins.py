"""Log-ins on the gateway's own page: the key is sent once, then a cookie stands for it until the log-in ends.

Kept in memory only. A log-in allows what its key allows at the moment of use. It ends with its key, by logging out,
when it is not used for some time, and after some time in any case.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field

from cadgate.contract.methods import Scope
from cadgate.errors import CadgateError, ForbiddenOrigin, Unauthenticated
from cadgate.security.authority import KeyAuthority, Watchers
from cadgate.security.keys import Key

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
MAX_LOGINS = 1000
MAX_LOGINS_PER_KEY = 32
"""One more ends the oldest one."""
MAX_WRONG = 10
"""How many wrong keys from one address are answered at once."""
WRONG_SECONDS = 6.0
"""How long it takes until one more is."""
_MAX_ADDRESSES = 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(slots=True, eq=False)
class Login:
    """One browser that is logged in."""

    key: Key
    digest: bytes
    ends_at: float
    """By `time.monotonic`, however often it is used."""
    used_at: float
    is_over: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class PageAuthority(KeyAuthority):
    """What a log-in allows: what its key does now, until the log-in ends."""

    __slots__ = ("login",)

    def __init__(self, login: Login, watchers: Watchers) -> None:
        super().__init__(login.key, watchers)
        self.login = login

    @property
    def scopes(self) -> frozenset[Scope]:
        return frozenset() if self.login.is_over else super().scopes

    def objection(self, *scopes: Scope, fresh: bool = True) -> CadgateError | None:
        if self.login.is_over:
            return Unauthenticated("You were logged out, or the log-in has expired: log in again")
        return super().objection(*scopes, fresh=fresh)

    def require(self, *scopes: Scope) -> None:
        super().require(*scopes)
        self.login.used_at = time.monotonic()


class Logins:
    """All log-ins of a gateway.

    :param port: of the gateway: browsers send cookies to every port of a host, so two gateways need different names.
    :param idle: seconds after which an unused log-in ends.
    :param longest: seconds after which a log-in ends in any case.
    """

    def __init__(self, watchers: Watchers, *, port: int, idle: float, longest: float) -> None:
        self.cookie = f"cadgate_login_{port}"
        self._watchers = watchers
        self._idle = idle
        self._longest = longest
        self._logins: dict[bytes, Login] = {}

    def __len__(self) -> int:
        return len(self._logins)

    def begin(self, key: Key) -> str:
        """Log in with `key`; return the cookie's value, of which only the digest is kept."""
        own = [login for login in self._logins.values() if login.key.id == key.id]
        for login in own[: max(0, len(own) - MAX_LOGINS_PER_KEY + 1)]:
            self.end(login)
        if len(self._logins) >= MAX_LOGINS:
            self.end(next(iter(self._logins.values())))
        token = secrets.token_urlsafe(32)
        now = time.monotonic()
        login = Login(key, _digest(token), now + self._longest, now)
        self._logins[login.digest] = login
        self._wait(login)
        return token

    def end(self, login: Login) -> None:
        """Log out; the WebSockets and requests of its pages end too."""
        if login.is_over:
            return
        login.is_over = True
        self._logins.pop(login.digest, None)
        if login.timer is not None:
            login.timer.cancel()
        self._watchers.notify_withdrawn()

    def close(self) -> None:
        """End all log-ins."""
        for login in list(self._logins.values()):
            self.end(login)

    def find(self, cookies: bytes) -> PageAuthority | None:
        """Return the log-in that a `Cookie` header names, if it is valid. Raises InternalError if that is unknown."""
        for pair in cookies.decode("latin-1").split(";"):
            name, _, value = pair.strip().partition("=")
            if name != self.cookie or not _TOKEN.match(value):
                continue
            login = self._logins.get(_digest(value))
            if login is None:
                continue
            authority = PageAuthority(login, self._watchers)
            error = authority.objection()
            if error is None:
                login.used_at = time.monotonic()
                return authority
            if not isinstance(error, Unauthenticated):
                raise error
            self.end(login)  # its key was revoked
        return None

    def _wait(self, login: Login) -> None:
        """End the log-in if it is due, otherwise check again when it may be."""
        left = min(login.ends_at, login.used_at + self._idle) - time.monotonic()
        if left <= 0:
            self.end(login)
        else:
            login.timer = asyncio.get_running_loop().call_later(left, self._wait, login)


def require_own_page(kind: str, verb: str, headers: dict[bytes, bytes]) -> None:
    """Raise ForbiddenOrigin if another page may have sent a request with a cookie.

    The gate has already refused foreign origins, and dropped the cookies of pages of configured origins. So an `Origin`
    that is present is the gateway's own.
    """
    if kind != "websocket" and verb in SAFE:
        return
    if b"origin" in headers:
        return
    if kind != "websocket" and headers.get(b"sec-fetch-site") == b"same-origin":
        return
    raise ForbiddenOrigin(
        "With a log-in's cookie, changes are accepted only from pages of this gateway, as the browser states by Origin "
        "or Sec-Fetch-Site; programs send Authorization: Bearer <key>"
    )


class WrongKeys:
    """Counts wrong keys by address, to slow down guessing. A right key is never refused."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, address: str) -> float:
        """Count one wrong key; return in how many seconds the next one is checked, 0 for at once."""
        now = time.monotonic()
        spent, at = self._spent.pop(address, (0.0, now))
        spent = max(0.0, spent - (now - at) / WRONG_SECONDS)
        if spent <= MAX_WRONG - 1:
            self._spent[address] = (spent + 1, now)
            wait = 0.0
        else:
            self._spent[address] = (spent, now)
            wait = (spent - MAX_WRONG + 1) * WRONG_SECONDS
        while len(self._spent) > _MAX_ADDRESSES:
            del self._spent[next(iter(self._spent))]
        return wait


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
