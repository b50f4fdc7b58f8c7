"""Batches: consecutive calls that need only the application are sent together; handlers run in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from cadgate.contract.builtin import Batch, BatchCall, BatchFailure, BatchResults, BatchSuccess
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded, encode
from cadgate.contract.methods import Method
from cadgate.dispatch.calls import DryRunDone, digest, result_of, validated
from cadgate.dispatch.earlier import FIRST, Earlier
from cadgate.dispatch.off_loop import off_loop
from cadgate.dispatch.permission import (
    audit_event_of_call,
    is_audited,
    require_known_fields,
    require_no_if_match,
    require_permission,
)
from cadgate.dispatch.served import ServedAdapter
from cadgate.dispatch.session import SessionRuntime
from cadgate.error_bodies import error_body
from cadgate.errors import (
    CadgateError,
    Forbidden,
    IdempotencyConflict,
    InternalError,
    NotFound,
    Unauthenticated,
    Unprocessable,
    ValidationFailed,
    from_wire,
)
from cadgate.models.bounded import MAX_ERRORS, holds_many, too_many_fields, without_most_unknown
from cadgate.models.responses import ErrorBody
from cadgate.refusals.names import nearest_methods
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import validation_failed

_BATCH_READ = Method("session.batch", BaseModel, BaseModel)
_BATCH_WRITE = Method("session.batch", BaseModel, BaseModel, mutates=True)

NOT_DONE = "rolled_back"
"""The outcome in the audit log for the other calls of a failed atomic batch."""

ROW_SECONDS = 0.005
"""How long calls are validated before the event loop gets a turn. Explaining a wrong one may take milliseconds."""
MAX_WORDS = 100
"""How many characters of an error's message are kept if many errors were listed before."""
AT_ONCE = 100
"""The results of more calls than this are written one by one, and their parameters off the event loop."""

log = structlog.stdlib.get_logger("cadgate.batch")

Item = BatchSuccess | BatchFailure
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call whose method exists, with valid parameters, that the caller may make."""

    method: Method[Any, Any]
    params: BaseModel
    values: dict[str, Any]

    def wire(self) -> dict[str, Any]:
        return {
            "method": self.method.name,
            "params": self.method.wire_params(self.params),
            "mutates": self.method.mutates,
            "replay": self.method.replay,
            "names": self.method.naming_parameter,
            "context": self.values,
        }


def prepare(served: ServedAdapter, context: RequestContext, name: str, params: dict[str, Any]) -> Prepared:
    """Check one call of a batch or WebSocket. Raises NotFound, ValidationFailed, Forbidden."""
    method, given, values = _permitted(served, context, name, params)
    return _prepared(served, context, method, _checked(method, given), values)


async def prepare_any(served: ServedAdapter, context: RequestContext, name: str, params: dict[str, Any]) -> Prepared:
    """Do the same, validating off the event loop if that may take long."""
    method, given, values = _permitted(served, context, name, params)
    large = context.large and holds_many(given)
    checked = await off_loop(_checked, method, given) if large else _checked(method, given)
    return _prepared(served, context, method, checked, values)


def _prepared(
    served: ServedAdapter,
    context: RequestContext,
    method: Method[Any, Any],
    checked: BaseModel,
    values: dict[str, Any],
) -> Prepared:
    if method.scope_of is not None:
        _require(served, context, method, checked)
    require_known_fields(replace(context, door="batch"), method, checked)
    return Prepared(method, checked, values)


def _require(
    served: ServedAdapter, context: RequestContext, method: Method[Any, Any], params: BaseModel | None
) -> None:
    """Call `require_permission`, and record a refusal in the audit log."""
    try:
        require_permission(served, context, method, params)
    except (Forbidden, Unauthenticated) as error:
        if is_audited(method):
            served.audit.record(audit_event_of_call(served, context, method, params), error.code, error.status, 0.0)
        raise


def _permitted(
    served: ServedAdapter, context: RequestContext, name: str, params: dict[str, Any]
) -> tuple[Method[Any, Any], dict[str, Any], dict[str, Any]]:
    """Return the method, its parameters, and the values of the context among them."""
    method = served.methods.get(name)
    if method is None:
        raise _no_method(served, name)
    _require(served, context, method, None)
    values = {
        key: params[key] for key in served.adapter.context if key in params and key not in method.params.model_fields
    }
    return method, {key: value for key, value in params.items() if key not in values}, values


def _no_method(served: ServedAdapter, name: str) -> NotFound:
    near = nearest_methods(name, served.methods)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    lists = f"GET /api/v1/{served.name}/methods lists them"
    return NotFound(
        f"{served.adapter.title} has no method {name[:200]!r}: {hint}{lists}",
        details={"method": name, **({"did_you_mean": near} if near else {})},
    )


def _checked(method: Method[Any, Any], given: dict[str, Any]) -> BaseModel:
    given, unlisted = without_most_unknown(given, method.params)
    wrong = too_many_fields(given, ())
    if wrong is not None:
        raise validation_failed([wrong])
    try:
        return method.params.model_validate(given)
    except ValidationError as error:
        listed = error.errors(include_url=False)
        wrong_call = validation_failed(listed, unlisted, contract=contract_of(method.params))
        # Only this call is wrong; the request as a whole may be valid.
        wrong_call.message = wrong_call.message.removeprefix("The request is not valid: ")
        raise wrong_call from error


async def answer_batch(session: SessionRuntime, context: RequestContext, batch: Batch) -> Response | BatchResults:
    """Run a batch as `run_batch` does, and return the whole response if it is large.

    Each result of a large batch is written as soon as it is known: as many objects as its errors consist of would stop
    the event loop for tenths of a second whenever the garbage collector walks through them.
    """
    if len(batch.calls) <= AT_ONCE:
        return await run_batch(session, context, batch)
    results = b",".join(await _run(session, context, batch, lambda item: item.model_dump_json(by_alias=True).encode()))
    return Response(b'{"status":"success","result":{"results":[' + results + b"]}}", media_type="application/json")


async def run_batch(
    session: SessionRuntime, context: RequestContext, batch: Batch, before: Earlier = FIRST
) -> BatchResults:
    """Run a batch. Raises the error of the failed call if it is atomic, and IdempotencyConflict."""
    return BatchResults(results=await _run(session, context, batch, lambda item: item, before))


async def _run(
    session: SessionRuntime, context: RequestContext, batch: Batch, keep: Callable[[Item], T], before: Earlier = FIRST
) -> list[T]:
    """Run a batch and return what `keep` makes of each result."""
    require_no_if_match(context, "A batch as a whole")
    fingerprint = None
    if context.idempotency_key is not None:
        whole = await off_loop(_encode_batch, batch) if context.large else batch.model_dump()
        fingerprint = digest("session.batch", whole, context)
    ends = None if context.deadline_seconds is None else time.monotonic() + context.deadline_seconds
    context = replace(context, digest=fingerprint, deadline_at=ends, door="batch")
    if batch.atomic:
        return await _atomic(session, context, batch, keep)
    items: list[T | None] = [None] * len(batch.calls)
    listed = 0
    waiting: list[tuple[int, Prepared]] = []
    pace = _Pace()
    for index, call in enumerate(batch.calls):
        await pace.give_turn()
        try:
            prepared = await prepare_any(session.served, replace(context, batch_index=index), call.method, call.params)
        except CadgateError as error:
            items[index] = keep(_failed(_shortened(error, listed), context))
            listed += len(error.details.get("errors", ()))
            continue
        if prepared.method.name in session.served.handlers or prepared.method.name.startswith("session."):
            await _flush(session, context, waiting, items, keep)
            key = before.key_for(context.idempotency_key, index)
            items[index] = keep(before.done.get(index) or await _alone(session, context, index, key, prepared))
        else:
            waiting.append((index, prepared))
    await _flush(session, context, waiting, items, keep)
    return [item for item in items if item is not None]


def _shortened(error: CadgateError, listed: int) -> CadgateError:
    """Return `error` with only its first error, without help, if the calls before listed many."""
    errors = error.details.get("errors", ())
    if listed <= MAX_ERRORS or not errors:
        return error
    first = {key: errors[0][key] for key in ("type", "loc") if key in errors[0]}
    first["msg"] = str(errors[0].get("msg", ""))[:MAX_WORDS]
    short = ValidationFailed(error.message[:MAX_WORDS], details={"errors": [first]})
    if len(errors) > 1 or "total" in error.details:
        short.details["total"] = error.details.get("total", len(errors))
    return short


class _Pace:
    """Gives the event loop a turn every few milliseconds during long work."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give_turn(self) -> None:
        """Give the event loop a turn, if it is time."""
        if time.perf_counter() - self._since >= ROW_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


def _encode_batch(batch: Batch) -> Encoded:
    return encode(batch.model_dump())


def _encode_calls(calls: list[Prepared], atomic: bool) -> Encoded:
    return encode({"calls": [call.wire() for call in calls], "atomic": atomic})


async def _alone(session: SessionRuntime, context: RequestContext, index: int, key: str | None, call: Prepared) -> Item:
    values = {**context.values, **call.values}
    context = replace(context, idempotency_key=key, values=values, batch_index=index)
    try:
        return BatchSuccess(result=await session.calls.dispatch_call(context, call.method, call.params))
    except DryRunDone:
        return BatchSuccess(result={"dry_run": True})
    except IdempotencyConflict:
        raise
    except CadgateError as error:
        return _failed(error, context)
    except Exception:  # a handler's defect fails its call; the others keep their results
        log.exception("a handler failed", method=call.method.name, request_id=context.request_id)
        return _failed(InternalError(f"{call.method.name} failed unexpectedly"), context)


async def _flush(
    session: SessionRuntime,
    context: RequestContext,
    waiting: list[tuple[int, Prepared]],
    items: list[T | None],
    keep: Callable[[Item], T],
) -> None:
    """Send the waiting calls together, and store what `keep` makes of their results."""
    allowed: list[tuple[int, Prepared]] = []
    for index, call in waiting:
        try:
            # Checked again, because handlers before it may have taken minutes.
            _require(session.served, replace(context, batch_index=index), call.method, call.params)
            allowed.append((index, call))
        except CadgateError as error:
            items[index] = keep(_failed(error, context))
    waiting.clear()
    if not allowed:
        return
    calls, indexes = [call for _, call in allowed], [index for index, _ in allowed]
    try:
        answers = await _send(session, context, calls, atomic=False, indexes=indexes)
    except IdempotencyConflict:
        raise
    except CadgateError as error:
        # The application ended, or the time is over: how many of these calls were run is unknown.
        answers = [{"failed": error} for _ in calls]
    pace = _Pace()
    for index, call, answer in zip(indexes, calls, answers, strict=True):
        await pace.give_turn()
        try:
            items[index] = keep(_item(call, answer, context))
        except CadgateError as error:
            items[index] = keep(_failed(error, context))


def _item(call: Prepared, answer: dict[str, Any], context: RequestContext) -> Item:
    if "failed" in answer:
        return _failed(answer["failed"], context)
    if "error" in answer:
        return _failed(from_wire(answer["error"]), context)
    result = answer.get("result")
    if isinstance(result, dict) and result.get("dry_run") is True:  # pyright: ignore[reportUnknownMemberType]
        return BatchSuccess(result={"dry_run": True})
    return BatchSuccess(result=validated(call.method, result))


def _failed(error: CadgateError, context: RequestContext) -> BatchFailure:
    return BatchFailure(error=ErrorBody.model_validate(error_body(error, context.request_id)))


async def _send(
    session: SessionRuntime, context: RequestContext, calls: list[Prepared], *, atomic: bool, indexes: Sequence[int]
) -> list[dict[str, Any]]:
    """Send calls together, record them in the audit log, and return their answers, each `error` or `result`."""
    began = time.perf_counter()
    ends: list[tuple[str, int]] = []
    try:
        answers = await _exchange(session, context, calls, atomic=atomic, first=indexes[0])
        failures = [from_wire(answer["error"]) if "error" in answer else None for answer in answers]
        ends = [("success", 200) if error is None else (error.code, error.status) for error in failures]
    except CadgateError as error:
        failed = error.details.get("index")
        ends = [
            (error.code, error.status) if failed in (None, index) else (NOT_DONE, error.status) for index in indexes
        ]
        raise
    except Exception:
        ends = [("internal_error", 500)] * len(calls)
        raise
    finally:
        seconds = time.perf_counter() - began
        pace = _Pace()
        for index, call, end in zip(indexes, calls, ends or [("cancelled", 499)] * len(calls), strict=True):
            if ends:
                await pace.give_turn()
            if is_audited(call.method):
                event = audit_event_of_call(
                    session.served, replace(context, batch_index=index), call.method, call.params
                )
                session.served.audit.record(event, *end, seconds)
    return answers


async def _exchange(
    session: SessionRuntime, context: RequestContext, calls: list[Prepared], *, atomic: bool, first: int
) -> list[dict[str, Any]]:
    method = _BATCH_WRITE if any(call.method.mutates for call in calls) else _BATCH_READ
    if context.idempotency_key is not None:
        context = replace(context, idempotency_key=f"{context.idempotency_key}@{first}")
    seconds = context.deadline_seconds or session.served.settings.call_timeout_seconds
    if context.deadline_at is not None:
        seconds = max(0.001, context.deadline_at - time.monotonic())
    if context.large or len(calls) > AT_ONCE:
        params: dict[str, Any] = await off_loop(_encode_calls, calls, atomic)
    else:
        params = {"calls": [call.wire() for call in calls], "atomic": atomic}
    reply = await session.calls.exchange(context, "session.batch", params, seconds, method)
    return result_of(reply)["results"]


async def _atomic(session: SessionRuntime, context: RequestContext, batch: Batch, keep: Callable[[Item], T]) -> list[T]:
    prepared: list[Prepared] = []
    pace = _Pace()
    for index, call in enumerate(batch.calls):
        try:
            await pace.give_turn()
            prepared.append(await _fit_for_atomic(session, replace(context, batch_index=index), call))
        except CadgateError as error:
            error.details = {**error.details, "index": index}
            raise
    answers = await _send(session, context, prepared, atomic=True, indexes=range(len(prepared)))
    items: list[T] = []
    pace = _Pace()
    for call, answer in zip(prepared, answers, strict=True):
        await pace.give_turn()
        items.append(keep(_item(call, answer, context)))
    return items


async def _fit_for_atomic(session: SessionRuntime, context: RequestContext, call: BatchCall) -> Prepared:
    prepared = await prepare_any(session.served, context, call.method, call.params)
    method = prepared.method
    if not method.atomic or method.replay == "snapshot" or method.name in session.served.handlers:
        raise Unprocessable(
            f"{method.name} is not allowed in an atomic batch, because it cannot be rolled back: "
            'send it separately, or the batch with "atomic": false',
            details={"method": method.name},
        )
    return prepared
