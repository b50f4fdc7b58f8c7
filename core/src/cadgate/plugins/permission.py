"""Whether a caller may call a method, and what the audit log is told of the call."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import to_json

from cadgate.application import RequestContext
from cadgate.errors import Forbidden
from cadgate.methods import Method, Scope
from cadgate.security.audit import Deed, hash_of_code

if TYPE_CHECKING:
    from cadgate.plugins.runtime import AdapterRuntime


def require_scope(context: RequestContext, scope: Scope, what: str | None = None) -> None:
    """Raise Forbidden when the caller may not do that; `what` needs the scope."""
    if scope not in context.scopes:
        needed = "" if what is None else f", which {what} needs"
        raise Forbidden(
            f"This key has no {scope!r} scope{needed}", details={"required": scope, "scopes": sorted(context.scopes)}
        )


def require_permission(
    runtime: AdapterRuntime, context: RequestContext, method: Method[Any, Any], params: BaseModel | None = None
) -> None:
    """Raise Forbidden when the caller's key does not allow `method`, or the adapter's settings do not.

    With `params`, what these need as well: before they are known, ask without.
    """
    _require(runtime, context, method.required_scope, method.name, method)
    further = None if params is None else method.further_scope(params)
    if further is not None:
        trusted = " of a trusted file" if getattr(params, "trusted", False) else " with these parameters"
        _require(runtime, context, further, method.name + trusted, method)


def _require(
    runtime: AdapterRuntime, context: RequestContext, scope: Scope, what: str, method: Method[Any, Any]
) -> None:
    require_scope(context, scope, what)
    if scope == "execute" and not runtime.settings.allow_execute:
        name = runtime.adapter.name
        raise Forbidden(
            f"{what} is switched off: `allow_execute = false` stands in [adapters.{name}] "
            f"(or CADGATE_{name.upper()}_ALLOW_EXECUTE). Whoever runs the gateway can switch it on",
            details={"setting": f"adapters.{name}.allow_execute", "method": method.name},
        )


def leaves_traces(method: Method[Any, Any]) -> bool:
    """Whether the audit log gets a line: for what changes the application, runs code, or writes files."""
    return method.mutates or method.required_scope != "read" or method.deadline == "file"


def deed_of_call(
    runtime: AdapterRuntime, context: RequestContext, method: Method[Any, Any], params: BaseModel | None
) -> Deed:
    """What the audit log says of a call. Nothing of its parameters but the hash of code."""
    more: dict[str, Any] = {}
    if context.batch_index is not None:
        more["index"] = context.batch_index
    if method.required_scope == "execute" and params is not None:
        more["code_sha256"] = _hash(method, params)
    if getattr(params, "trusted", False) is True:
        more["trusted"] = True
    if context.dry_run:
        more["dry_run"] = True
    return Deed(
        method=method.name,
        identity=context.identity,
        peer=context.peer,
        request_id=context.request_id,
        door=context.door,
        adapter=runtime.adapter.name,
        more=more,
    )


def _hash(method: Method[Any, Any], params: BaseModel) -> str:
    code = getattr(params, "code", None)
    if isinstance(code, str):
        return hash_of_code(code)
    return hashlib.sha256(to_json(method.wire_params(params))).hexdigest()
