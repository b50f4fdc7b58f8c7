"""Who logged in on the gateway's own page: a key was shown once, and a cookie stands for it until the log-in ends.

Kept in memory only. A log-in allows what its key allows at the moment of use, and ends with it; by logging out; unused
for some time; and after some time in any case.
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
"""One more ends the oldest."""
MAX_WRONG = 10
"""Wrong keys from one address that are answered at once."""
WRONG_SECONDS = 6.0
"""How long until one more is."""
_MAX_ADDRESSES = 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(slots=True, eq=False)
class Login:
    """One browser that is logged in."""

    key: Key
    digest: bytes
    ends_at: float
    """By `time.monotonic`, whatever happens."""
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
    """All of them.

    :param port: of the gateway: browsers send cookies to every port of a host, so that two gateways need two names.
    :param idle: seconds after which one ends that is not used.
    :param longest: seconds after which one ends in any case.
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
        """Log in with `key`; the text of the cookie, which is kept nowhere."""
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
        """Log out: its pages' WebSockets and requests end too."""
        if login.is_over:
            return
        login.is_over = True
        self._logins.pop(login.digest, None)
        if login.timer is not None:
            login.timer.cancel()
        self._watchers.tell()

    def close(self) -> None:
        """End all of them."""
        for login in list(self._logins.values()):
            self.end(login)

    def find(self, cookies: bytes) -> PageAuthority | None:
        """The log-in that a `Cookie` header names, where it still allows something. Raises what hides that."""
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
        """Look again when it may have to end."""
        left = min(login.ends_at, login.used_at + self._idle) - time.monotonic()
        if left <= 0:
            self.end(login)
        else:
            login.timer = asyncio.get_running_loop().call_later(left, self._wait, login)


def require_own_page(kind: str, verb: str, headers: dict[bytes, bytes]) -> None:
    """Raise ForbiddenOrigin where a cookie came with what another page may have sent.

    The gate has refused a foreign `Origin` already, and left out the cookies of pages of configured origins. So where
    there is an `Origin` it is the gateway's own.
    """
    if kind != "websocket" and verb in SAFE:
        return
    if b"origin" in headers:
        return
    if kind != "websocket" and headers.get(b"sec-fetch-site") == b"same-origin":
        return
    raise ForbiddenOrigin(
        "A log-in's cookie changes something only where the browser says that a page of this gateway sent the request "
        "(Origin, Sec-Fetch-Site); programs send Authorization: Bearer <key>"
    )


class WrongKeys:
    """Counts wrong keys by address, so that somebody who tries many is slowed down. A right one is never refused."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, address: str) -> float:
        """Count one wrong key; 0, or in how many seconds the next one is looked at."""
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
