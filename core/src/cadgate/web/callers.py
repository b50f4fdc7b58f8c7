"""Finds out who sent a request, where more than a key matters: open routes, log-in cookies, browsers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.types import Scope as AsgiScope

from cadgate.contract.authority import NOBODY, Authority
from cadgate.errors import CadgateError, Forbidden, Unauthenticated
from cadgate.models.root import rooted
from cadgate.security.identity import Identity
from cadgate.security.logins import PageAuthority, require_own_page
from cadgate.web.access import Open, access_to
from cadgate.web.routing import RouteTable

LOGIN, LOGOUT = "/login", "/logout"
_MAX_NEXT = 2000


class LogInFirst(Unauthenticated):
    """Redirects a browser without a log-in to the log-in page."""

    def __init__(self, location: str) -> None:
        super().__init__("A key is needed: log in")
        self.status = 303
        self.headers = {"Location": location, "Cache-Control": "no-store", "Vary": "Accept, Cookie"}


class Callers:
    """Identifies callers, and decides what to do with unknown ones.

    :param open_to: the kinds of routes that need no key in this gateway.
    """

    def __init__(self, identity: Identity, table: RouteTable, open_to: frozenset[Open]) -> None:
        self._identity = identity
        self._table = table
        self._open = open_to

    def of(self, scope: AsgiScope, headers: dict[bytes, bytes], state: dict[str, Any], *, foreign: bool) -> Authority:
        """Return the caller. `foreign` says that a page of a configured origin sent it, for which no cookie counts.

        Raises Unauthenticated, Forbidden, or LogInFirst.
        """
        state["foreign"] = foreign
        if foreign:
            headers.pop(b"cookie", None)
        try:
            authority = self._identity.of(scope, headers)
        except (Unauthenticated, Forbidden) as error:
            return self._unknown(error, scope, headers)
        if isinstance(authority, PageAuthority):
            state["login"] = authority.login
            if scope["path"] in (LOGIN, LOGOUT):
                return NOBODY  # this request may end the log-in, and must not be ended by that
            require_own_page(scope["type"], scope.get("method", "GET"), headers)
        return authority

    def _unknown(self, error: CadgateError, scope: AsgiScope, headers: dict[bytes, bytes]) -> Authority:
        if scope["type"] != "http" or b"authorization" in headers:
            raise error
        verb = "GET" if scope["method"] == "HEAD" else scope["method"]
        if self._open:
            route, _, _ = self._table.find({**scope, "method": verb})
            if route is not None and access_to(route, verb).open in self._open:
                return NOBODY
        if verb == "GET" and "pages" in self._open and accepts_html(headers):
            raise LogInFirst(login_location(scope))
        raise error


def accepts_html(headers: dict[bytes, bytes]) -> bool:
    """Whether a browser shows the answer to a person: programs accept anything, but do not name HTML."""
    return b"text/html" in headers.get(b"accept", b"")


def login_location(scope: AsgiScope) -> str:
    """Return the path of the log-in page that leads back to this request's path."""
    path = quote(scope["path"], safe="/")
    query: bytes = scope.get("query_string") or b""
    wanted = rooted(path) + (f"?{query.decode('latin-1')}" if query else "")
    if wanted == rooted("/") or len(wanted) > _MAX_NEXT:
        return rooted(LOGIN)
    return f"{rooted(LOGIN)}?next={quote(wanted, safe='/')}"


def local_path(wanted: str | None) -> str:
    """Return where to go after the log-in: `wanted` if it is a path of this gateway, otherwise its first page."""
    home = rooted("/")
    if not wanted or len(wanted) > _MAX_NEXT or not wanted.isascii() or not wanted.isprintable():
        return home
    if not wanted.startswith(home) or wanted.startswith("//") or "\\" in wanted or " " in wanted:
        return home
    path = wanted.partition("?")[0].partition("#")[0]
    segments = path.lower().replace("%2e", ".").split("/")
    return home if "//" in path or ".." in segments or "." in segments else wanted
