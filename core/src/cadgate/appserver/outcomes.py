"""What a call leads to: its error as an answer, its journal entry, and whether it may be tried at all."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, cast

from cadgate.appserver import log
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import Entry
from cadgate.appserver.host import Host

Answer = Dict[str, Any]


def may_make_savable(call: Call, actions: Collection[str]) -> bool:
    """Whether a call may make a state savable again: undo, code, and methods of these `actions`."""
    if call.method == "session.batch":
        parts = cast(List[Dict[str, Any]], call.params["calls"])
        return all(not part.get("mutates") or _acts(part["method"], actions) for part in parts)
    return call.method in ("session.undo", "session.execute") or _acts(call.method, actions)


def _acts(method: str, actions: Collection[str]) -> bool:
    return method in actions or method.rpartition(".")[2] in actions


def require_not_set_aside(call: Call) -> None:
    """Raise AppError for a call that ran at too many deaths of the application, and never succeeded."""
    if call.set_aside:
        raise AppError(
            "command_failed",
            f"{call.method} with this Idempotency-Key was running both times when the application died or had to be "
            "killed, so it was set aside and is not tried again. Change the request and send it with a new key",
            {"method": call.method, "deaths": call.set_aside},
        )


def error_answer(code: str, message: str) -> Answer:
    """Return the JSON-RPC answer with an error."""
    return {"error": AppError(code, message).wire()}


def of_dry_run(known: Answer) -> Answer:
    """Return the answer to a dry run of a request that was answered before: it would be answered so again."""
    return {"result": {"dry_run": True}} if "result" in known else known


def interrupted_answer(call: Call) -> Answer:
    """Return the answer to a call that was interrupted, and rolled back if it had changed something."""
    if call.expired:
        return error_answer("deadline_exceeded", f"{call.method} was stopped at its deadline; nothing was changed")
    return error_answer("interrupted", f"{call.method} was interrupted; nothing was changed")


def error_answer_of(error: BaseException, call: Call, host: Host) -> Answer:
    """Return the answer to a call that raised `error`."""
    return {"error": client_error(error, call, host).wire()}


def client_error(error: BaseException, call: Call, host: Host) -> AppError:
    """Return the error for the client from what a call raised; anything but an AppError is logged too.

    A refusal by the application keeps its text. A defect's text would be Python's, so the client gets a general one.
    """
    if isinstance(error, AppError):
        return error
    log.error(error, call)
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
    """Return the reason for the client why a snapshot failed."""
    if isinstance(error, (AppError, *host.refusals)):
        return str(error).strip() or type(error).__name__
    return f"its Host.save_snapshot raised {type(error).__name__}, and the application's log has the traceback"


def unwritten_error(method: str, error: Exception) -> AppError:
    """Return the error for a change that was rolled back because it could not be journaled."""
    if isinstance(error, OSError):
        text = f"The change by {method} could not be saved ({error}) and was rolled back"
        return AppError("command_failed", text, {"method": method, "journal": str(error)})
    return AppError(
        "internal_error",
        f"The change by {method} was rolled back: because of a defect in the adapter its result is not JSON",
        {"method": method},
    )


def resolved_params(call: Call, result: Any) -> dict[str, Any]:
    """Return parameters that repeat the call exactly: with the name that the application chose."""
    params, field = call.params, call.names
    name = cast("Dict[str, Any]", result).get("name") if isinstance(result, dict) else None
    if field in params and isinstance(name, str):
        if params[field] is None:
            return {**params, field: name}
        if params.get("on_conflict") == "rename":
            return {**params, field: name, "on_conflict": "error"}
    return params


def results_in(result: Any) -> list[dict[str, Any]]:
    """Return a result, or those of a batch, as a list."""
    if not isinstance(result, dict):
        return []
    fields = cast("Dict[str, Any]", result)
    parts = fields.get("results")
    if not isinstance(parts, list):
        return [fields]
    return [each["result"] for each in cast(List[Dict[str, Any]], parts) if isinstance(each.get("result"), dict)]


def journal_entry(call: Call, result: Any, request: str | None) -> Entry:
    """Return the journal entry of a call; `request` is the request it is a part of, if not its own."""
    params = call.params if call.method == "session.batch" else resolved_params(call, result)
    label = {} if call.label == call.method else {"label": call.label}
    return {
        **label,
        "key": call.key,
        "hash": call.hash,
        "method": call.method,
        "params": params,
        "context": call.context,
        "result": result,
        "request": request or call.request_name,
    }


def lost_error(method: str, lost: str) -> AppError:
    """Return the error for a failed call after which the effect of an earlier one, which was not saved, is gone too."""
    return AppError(
        "command_failed",
        f"{method} failed, and the session went back to the last saved state, which does not have the effect of "
        f"{lost}, because that could not be saved",
        {"lost": lost},
    )
