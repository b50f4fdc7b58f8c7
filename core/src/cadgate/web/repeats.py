"""Recognizes a request whose head is that of the request before it on the same connection.

Clients that do something many times send the same head each time. What the gate finds out from nothing but the head and
the connection is the same again: whether it is admitted, and what its route requires. Only for the single user of
`auth = "local"`, whose authority never changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.routing import Route
from starlette.types import Scope

from cadgate.contract.authority import LOCAL, Authority
from cadgate.models.root import ROOT
from cadgate.security.identity import CONNECTION
from cadgate.web.access import Access

_HEAD = "head"


class Head(NamedTuple):
    """A head that was admitted, and what its route requires."""

    method: str
    path: bytes
    headers: list[tuple[bytes, bytes]]
    by_name: dict[bytes, bytes]
    route: Route
    needs: Access


def repeated(scope: Scope) -> Head | None:
    """Return the head before this one, if it was the same."""
    extensions = scope.get("extensions")
    kept: dict[str, Any] | None = None if extensions is None else extensions.get(CONNECTION)
    head: Head | None = None if kept is None else kept.get(_HEAD)
    if (
        head is not None
        and head.headers == scope["headers"]
        and head.path == scope["raw_path"]
        and head.method == scope["method"]
        and not scope["query_string"]
    ):
        return head
    return None


def remember(scope: Scope, headers: dict[bytes, bytes], authority: Authority, route: Route, needs: Access) -> None:
    """Remember the head of a request that was admitted, if the next one may be compared with it."""
    kept: dict[str, Any] | None = scope.get("extensions", {}).get(CONNECTION)
    if (
        kept is None
        or authority is not LOCAL
        or needs.audited_here  # may depend on settings
        or scope["query_string"]
        or ROOT.get()  # each request sets it for itself
        or any(name.startswith((b"x-forwarded", b"forwarded")) for name in headers)
        or scope["path"].encode() != scope["raw_path"]
        or b"origin" in headers
        or b"cookie" in headers
    ):
        return
    kept[_HEAD] = Head(scope["method"], scope["raw_path"], scope["headers"], headers, route, needs)
