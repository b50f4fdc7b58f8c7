"""What becomes of a call: its error as an answer, its entry in the journal, and whether it may be tried at all."""

from __future__ import annotations

from typing import Any, Dict, List, cast

from cadgate.appserver import log
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import Entry

Answer = Dict[str, Any]


def may_help(call: Call) -> bool:
    """Whether a change may make a state savable that is not: undo, code, and what removes things."""
    if call.method == "session.batch":
        parts = cast(List[Dict[str, Any]], call.params["calls"])
        return all(not part.get("mutates") or _removes(part["method"]) for part in parts)
    return call.method in ("session.undo", "session.execute") or _removes(call.method)


def _removes(method: str) -> bool:
    return method.rpartition(".")[2] in ("clear", "delete", "remove")


def require_not_set_aside(call: Call) -> None:
    """Raise AppError for a call that was at work at too many deaths of the application, and was not done."""
    if call.set_aside:
        raise AppError(
            "command_failed",
            f"{call.method} with this Idempotency-Key was at work both times when the application died or had to be "
            "ended; it was set aside. Change the request and send it with a new key",
            {"method": call.method, "deaths": call.set_aside},
        )


def failure(code: str, message: str) -> Answer:
    return {"error": AppError(code, message).wire()}


def interrupted(call: Call) -> Answer:
    """The answer to a call whose work was stopped, and taken back where it had changed something."""
    if call.expired:
        return failure("deadline_exceeded", f"{call.method} was stopped at its deadline; nothing was changed")
    return failure("interrupted", f"{call.method} was interrupted; nothing was changed")


def failure_of(error: BaseException) -> Answer:
    """The answer to a call whose work raised. What is no AppError goes to the application's log too."""
    if isinstance(error, AppError):
        return {"error": error.wire()}
    log.failure(error)
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - the text is made by foreign code
        text = ""
    return failure("command_failed", text or type(error).__name__)


def resolved(params: dict[str, Any], result: Any) -> dict[str, Any]:
    """Parameters that do the same again: with the name that the application chose."""
    name = cast("Dict[str, Any]", result).get("name") if isinstance(result, dict) else None
    # In a change of something that exists, `name` says what that is, and `new_name` what it is to be called.
    field = "new_name" if "new_name" in params else "name"
    if field in params and isinstance(name, str):
        if params[field] is None:
            return {**params, field: name}
        if params.get("on_conflict") == "rename":
            return {**params, field: name, "on_conflict": "error"}
    return params


def results_in(result: Any) -> list[dict[str, Any]]:
    """A result, or those of a batch."""
    if not isinstance(result, dict):
        return []
    told = cast("Dict[str, Any]", result)
    parts = told.get("results")
    if not isinstance(parts, list):
        return [told]
    return [each["result"] for each in cast(List[Dict[str, Any]], parts) if isinstance(each.get("result"), dict)]


def entry_of(call: Call, result: Any, request: str | None) -> Entry:
    params = call.params if call.method == "session.batch" else resolved(call.params, result)
    label = {} if call.label == call.method else {"label": call.label}
    return {
        **label,
        "key": call.key,
        "hash": call.hash,
        "method": call.method,
        "params": params,
        "context": call.context,
        "result": result,
        "request": request or call.key or str(call.id),
    }
