"""What becomes of a call: its error as an answer, its entry in the journal, and whether it may be tried at all."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, cast

from cadgate.appserver import log
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import Entry
from cadgate.appserver.host import Host

Answer = Dict[str, Any]


def may_help(call: Call, actions: Collection[str]) -> bool:
    """Whether a change may make a state savable that is not: undo, code, and methods of these `actions`."""
    if call.method == "session.batch":
        parts = cast(List[Dict[str, Any]], call.params["calls"])
        return all(not part.get("mutates") or _acts(part["method"], actions) for part in parts)
    return call.method in ("session.undo", "session.execute") or _acts(call.method, actions)


def _acts(method: str, actions: Collection[str]) -> bool:
    return method in actions or method.rpartition(".")[2] in actions


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


def failure_of(error: BaseException, call: Call, host: Host) -> Answer:
    """The answer to a call whose work raised."""
    return {"error": told(error, call, host).wire()}


def told(error: BaseException, call: Call, host: Host) -> AppError:
    """What the client is told of what a call raised; what is no AppError goes to the application's log too.

    Where the application itself refused, its words. Of a defect, whose words would be Python's, only that there is one.
    """
    if isinstance(error, AppError):
        return error
    log.failure(error, call)
    if not isinstance(error, host.refusals):
        return AppError(
            "internal_error",
            f"{call.label} failed because of a defect in the adapter {host.name!r}; the application's log has the "
            "traceback under this request id",
        )
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - the text is made by foreign code
        text = ""
    return AppError("command_failed", text or type(error).__name__)


def why_unsaved(error: Exception, host: Host) -> str:
    """What a client is told of a snapshot that failed."""
    if isinstance(error, (AppError, *host.refusals)):
        return str(error).strip() or type(error).__name__
    return f"its Host.save_snapshot raised {type(error).__name__}, and the application's log has the traceback"


def not_written(method: str, error: Exception) -> AppError:
    if isinstance(error, OSError):
        text = f"The change by {method} could not be kept ({error}) and was taken back"
        return AppError("command_failed", text, {"method": method, "journal": str(error)})
    return AppError(
        "internal_error",
        f"The change by {method} was taken back: because of a defect in the adapter its result is no JSON",
        {"method": method},
    )


def resolved(call: Call, result: Any) -> dict[str, Any]:
    """Parameters that do the same again: with the name that the application chose."""
    params, field = call.params, call.names
    name = cast("Dict[str, Any]", result).get("name") if isinstance(result, dict) else None
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
    params = call.params if call.method == "session.batch" else resolved(call, result)
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
