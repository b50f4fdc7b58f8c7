"""Checks whether a caller may call a method, and describes calls for the audit log."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method, Scope
from cadgate.dispatch.served import ServedAdapter
from cadgate.errors import Forbidden, ValidationFailed
from cadgate.models.paging import unknown_fields
from cadgate.security.audit import AuditEvent, hash_of_code


def require_permission(
    served: ServedAdapter,
    context: RequestContext,
    method: Method[Any, Any],
    params: BaseModel | Encoded | None = None,
) -> None:
    """Raise Forbidden if the caller's key or the adapter's settings do not allow `method`.

    Pass `params` once they are known, to check what they need as well. Raises Unauthenticated if the key was revoked
    meanwhile.
    """
    _require(served, context, method.required_scope, method.name, method)
    if method.scope_of is None:
        return
    further = method.further_scope(params) if isinstance(params, BaseModel) else None
    if further is not None:
        trusted = " of a trusted file" if getattr(params, "trusted", False) else " with these parameters"
        _require(served, context, further, method.name + trusted, method)


def _require(served: ServedAdapter, context: RequestContext, scope: Scope, what: str, method: Method[Any, Any]) -> None:
    try:
        context.caller.authority.require(scope)
    except Forbidden as error:
        if what == method.name:
            raise
        message = error.message.replace(f"the scope {scope!r}", f"the scope {scope!r}, which {what} needs", 1)
        raise Forbidden(message, details=error.details) from error
    if scope == "execute" and not served.settings.allow_execute:
        raise switched_off(served.name, method.name, what)


def switched_off(adapter: str, method: str, what: str | None = None) -> Forbidden:
    """Return the 403 for running code if the adapter's settings do not allow it."""
    return Forbidden(
        f"{what or method} is disabled: `allow_execute = false` is set in [adapters.{adapter}] "
        f"(or CADGATE_{adapter.upper()}_ALLOW_EXECUTE). Whoever runs the gateway can enable it",
        details={"setting": f"adapters.{adapter}.allow_execute", "method": method},
    )


def require_no_if_match(context: RequestContext, name: str) -> None:
    """Raise ValidationFailed for a request with `If-Match` that would not be compared with anything."""
    if context.if_match is None or context.run is not None:
        return
    text = (
        f"{name} changes nothing that has a revision, so there is nothing to compare with. Leave it out; to notice "
        "other changes, send it with the change of one object or material, whose `revision` it names"
    )
    where = ["if_match"] if context.door in ("websocket", "mcp") else ["header", "If-Match"]
    raise ValidationFailed(
        f"{where[-1]}: {text}", details={"errors": [{"type": "value_error", "loc": where, "msg": text}]}
    )


def require_known_fields(context: RequestContext, method: Method[Any, Any], params: BaseModel | Encoded) -> None:
    """Raise ValidationFailed if the caller wants `fields` of a list that its items cannot have."""
    wrong = None if isinstance(params, Encoded) else unknown_fields(params, method.result)
    if wrong is None:
        return
    text, near = wrong
    where = ["query", "fields"] if context.door == "rest" else ["fields"]
    errors = [{"type": "value_error", "loc": where, "msg": text}]
    raise ValidationFailed(f"{'.'.join(where)}: {text}", details={"errors": errors, "did_you_mean": near})


def is_audited(method: Method[Any, Any]) -> bool:
    """Whether calls of a method are audited: those that change the application, run code, or write files."""
    return method.mutates or method.required_scope != "read" or method.deadline == "file"


def audit_event_of_call(
    served: ServedAdapter, context: RequestContext, method: Method[Any, Any], params: BaseModel | Encoded | None
) -> AuditEvent:
    """Return the audit event of a call. It has nothing of the parameters but the hash of code."""
    more: dict[str, Any] = {}
    if context.session is not None and context.session != "default":
        more["session"] = context.session
    if context.batch_index is not None:
        more["index"] = context.batch_index
    if method.required_scope == "execute" and params is not None:
        more["code_sha256"] = _hash(method, params)
    # `getattr` of a model for a missing field is slow.
    if getattr(params, "__dict__", {}).get("trusted") is True:
        more["trusted"] = True
    if context.dry_run:
        more["dry_run"] = True
    return AuditEvent(
        method=method.name,
        identity=context.identity,
        peer=context.caller.peer,
        request_id=context.request_id,
        door=context.door,
        adapter=served.name,
        more=more,
    )


def _hash(method: Method[Any, Any], params: BaseModel | Encoded) -> str:
    if isinstance(params, Encoded):
        return hashlib.sha256(params.text).hexdigest()
    code = getattr(params, "code", None)
    if isinstance(code, str):
        return hash_of_code(code)
    return hashlib.sha256(to_json(method.wire_params(params))).hexdigest()


def strongest_scope(method: Method[Any, Any], params: BaseModel | Encoded) -> Scope:
    """Return the scope whose loss ends a running call: the further one that its parameters need, or the method's."""
    further = method.further_scope(params) if isinstance(params, BaseModel) else None
    return further or method.required_scope
