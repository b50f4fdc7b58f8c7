"""The caller of a request, as identified by the gate, and the audit events of its requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request

from cadgate.contract.authority import NOBODY, Authority
from cadgate.contract.methods import Scope
from cadgate.security.audit import AuditEvent
from cadgate.security.identity import CONNECTION

_PEER = "peer"


def authority_of(scope: Mapping[str, Any]) -> Authority:
    """Return the caller that the gate identified, otherwise NOBODY, who may do nothing."""
    found: Authority = scope.get("state", {}).get("authority", NOBODY)
    return found


def require(request: Request, scope: Scope) -> None:
    """Raise Forbidden unless the caller has `scope`, if that is only known after reading the body."""
    authority_of(request.scope).require(scope)


def peer_of(connection: HTTPConnection) -> str | None:
    """Return address and port of the other end."""
    kept: dict[str, Any] | None = connection.scope.get("extensions", {}).get(CONNECTION)
    if kept is not None and (known := kept.get(_PEER)) is not None:
        return known
    client = connection.client
    if client is None:
        return None
    peer = f"{client.host}:{client.port}"
    if kept is not None:
        kept[_PEER] = peer
    return peer


def audit_event_of(request: Request, method: str, adapter: str | None = None, **more: Any) -> AuditEvent:
    """Return the audit event of a request to a route of the gateway itself."""
    state: dict[str, Any] = request.scope.get("state", {})
    return AuditEvent(
        method=method,
        identity=authority_of(request.scope).identity,
        peer=peer_of(request),
        request_id=state.get("request_id", ""),
        door="rest",
        adapter=adapter,
        more=more,
    )
