"""Who sent a request, as the gate found out, and what the audit log says of a request of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request

from cadgate.contract.authority import NOBODY, Authority
from cadgate.contract.methods import Scope
from cadgate.security.audit import Deed


def authority_of(scope: Mapping[str, Any]) -> Authority:
    """Who sent a request, as the gate found out; nobody, who may do nothing, where it did not."""
    found: Authority = scope.get("state", {}).get("authority", NOBODY)
    return found


def require(request: Request, scope: Scope) -> None:
    """Raise Forbidden unless the caller's key allows `scope`, where that is not known before the body is read."""
    authority_of(request.scope).require(scope)


def peer_of(connection: HTTPConnection) -> str | None:
    """Address and port of the other end."""
    client = connection.client
    return None if client is None else f"{client.host}:{client.port}"


def deed_of(request: Request, method: str, adapter: str | None = None, **more: Any) -> Deed:
    """What a route of the gateway itself is about to do, for the audit log."""
    state: dict[str, Any] = request.scope.get("state", {})
    return Deed(
        method=method,
        identity=authority_of(request.scope).identity,
        peer=peer_of(request),
        request_id=state.get("request_id", ""),
        door="rest",
        adapter=adapter,
        more=more,
    )
