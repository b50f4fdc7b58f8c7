"""Opens a file in a new session, by the adapter's own method for that.

An adapter needs nothing for it: the method is the one that opens a whole document (`scene.open`, `documents.open`: any
`*.open`), or else the one that imports (`exchange.import`: any `*.import`), whose parameters have the field `artifact`.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from cadgate.contract.authority import Authority
from cadgate.contract.context import Caller, RequestContext
from cadgate.contract.methods import Method
from cadgate.dispatch.served import ServedAdapter
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import ValidationFailed

ACTIONS = ("open", "import")


def opening_method(served: ServedAdapter) -> Method[Any, Any]:
    """Return the method by which an adapter opens a file. Raises ValidationFailed if it has none."""
    for action in ACTIONS:
        for name in sorted(served.methods):
            method = served.methods[name]
            if name.rpartition(".")[2] == action and "artifact" in method.params.model_fields:
                return method
    raise ValidationFailed(f"from: {served.name} has no method that opens a file")


async def open_artifact(runtime: SessionRuntime, artifact: str, authority: Authority, request_id: str) -> None:
    """Open an artifact of the caller in its new session. Raises what the method raises."""
    method = opening_method(runtime.served)
    try:
        params = method.params.model_validate({"artifact": artifact})
    except ValidationError as error:
        raise ValidationFailed(f"from: {runtime.served.name} cannot open a file by its id alone") from error
    context = RequestContext(request_id=request_id, session=runtime.id, caller=Caller(authority))
    opened: Any = await runtime.calls.dispatch_call(context, method, params)
    runtime.warnings = list(getattr(opened, "warnings", None) or ())
