"""Runs the tools that end in dispatch: call, batch, execute, measure, export, import."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from mcp.types import CallToolResult

from cadgate.contract.builtin import EXECUTE, Batch, BatchCall, Code
from cadgate.contract.context import RequestContext
from cadgate.dispatch.batch import AT_ONCE, prepare_any, run_batch
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.off_loop import off_loop
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError, NotFound, ValidationFailed
from cadgate.look.models import LOOK
from cadgate.mcp.agent_call import AgentCall
from cadgate.mcp.answers import succeeded
from cadgate.mcp.arguments import as_object, meant_for
from cadgate.mcp.outputs import Outputs
from cadgate.mcp.tools import (
    BatchArguments,
    CallArguments,
    Deferrable,
    ExecuteArguments,
    ExportArguments,
    ForApplication,
    ImportArguments,
    LookArguments,
    MeasureArguments,
    Repeatable,
)
from cadgate.web.async_answers import deferred_batch

ROW = 20
"""How many calls of a batch are read before others have a turn."""


async def call(use: AgentCall, given: CallArguments) -> CallToolResult:
    """Call one method."""
    session = await use.ready(use.session(given.application, given.session), given.timeout_seconds)
    context = _context(use, given, dry_run=given.dry_run, if_match=given.if_match)
    return await _answered(use, session, context, given.method, given.params)


async def batch(use: AgentCall, given: BatchArguments) -> CallToolResult:
    """Call many methods."""
    session = await use.ready(use.session(given.application, given.session), given.timeout_seconds)
    calls: list[BatchCall] = []
    for index, each in enumerate(given.calls):
        if index % ROW == 0:
            await asyncio.sleep(0)  # the others' turn
        unknown = sorted(each.keys() - {"method", "params"})
        if unknown or not isinstance(each.get("method"), str):
            raise ValidationFailed(
                f'calls.{index}: send {{"method": "resource.action", "params": {{…}}}}, not the fields '
                f"{', '.join(map(str, each)) or '(none)'}",
                details={"index": index},
            )
        params = as_object(each.get("params"), f"calls.{index}.params")
        calls.append(BatchCall(method=each["method"], params=_meant(session, each["method"], params)))
    context = _context(use, given)
    whole = Batch(calls=calls, atomic=given.atomic)
    await deferred_batch(use.deferring(session, context), whole)
    results = await run_batch(session, context, whole)
    written = partial(results.model_dump, mode="json")
    content = await off_loop(written) if len(calls) > AT_ONCE else written()
    errors = [index for index, each in enumerate(content["results"]) if each["status"] == "error"]
    text = None
    if errors:
        lines = [f"{len(errors)} of {len(calls)} calls failed; the others were done."]
        for index in errors[:10]:
            error = content["results"][index]["error"]
            lines.append(f"calls.{index} {calls[index].method}: {error['code']}: {error['message']}")
        text = "\n".join(lines)
    return await succeeded({"result": content}, use.artifacts, text)


async def execute(use: AgentCall, given: ExecuteArguments) -> CallToolResult:
    """Run code, and return its value and what it printed."""
    session = await use.ready(use.session(given.application, given.session), given.timeout_seconds)
    context = _context(use, given)
    with Outputs(session, context.request_id) as outputs:
        try:
            made = await session.calls.dispatch_call(context, EXECUTE, Code(code=given.code))
        except CadgateError as error:
            printed = outputs.text()
            if printed:
                error.details = {**error.details, "output": printed[-1000:]}
            raise
    result = made.model_dump(mode="json", exclude_unset=True) | {"output": outputs.text()}
    return await succeeded({"result": result}, use.artifacts)


async def look(use: AgentCall, given: LookArguments) -> CallToolResult:
    """Draw what is there, as a picture and in numbers."""
    own = given.model_dump(include={"views", "objects", "highlight", "since"}, exclude_none=True)
    return await _forward(use, given, LOOK.name, {**given.more, **own})


async def measure(use: AgentCall, given: MeasureArguments) -> CallToolResult:
    """Measure an object, or the distance between two."""
    params: dict[str, Any] = {"name": given.object, **given.more}
    if given.to is not None:
        return await _forward(use, given, "objects.distance", {**params, "to": given.to})
    served = use.runtime(given.application).served
    name = "objects.measure" if "objects.measure" in served.methods else "objects.get"
    return await _forward(use, given, name, params)


async def export(use: AgentCall, given: ExportArguments) -> CallToolResult:
    """Write objects to a file."""
    own = {"format": given.format, "objects": given.objects}
    params = {**given.more, **{name: value for name, value in own.items() if value is not None}}
    return await _forward(use, given, "exchange.export", params)


async def import_file(use: AgentCall, given: ImportArguments) -> CallToolResult:
    """Read a file into the document."""
    identifier = given.artifact.rpartition("/")[2]  # a resource's URI and a URL end with it
    return await _forward(use, given, "exchange.import", {**given.more, "artifact": identifier})


async def _forward(use: AgentCall, given: ForApplication, method: str, params: dict[str, Any]) -> CallToolResult:
    session = use.session(given.application, given.session)
    if method not in session.served.methods:
        having = sorted(name for name, one in use.runtimes.items() if method in one.served.methods)
        raise NotFound(
            f"{session.served.adapter.title} has no {method}"
            + (f"; {', '.join(having)} ha{'s' if len(having) == 1 else 've'} it" if having else "")
            + ". The tool `search` finds what it can do",
            details={"method": method, "applications": having},
        )
    context = _context(use, given)
    await use.ready(session, context.deadline_seconds)
    return await _answered(use, session, context, method, params)


async def _answered(
    use: AgentCall, session: SessionRuntime, context: RequestContext, name: str, params: dict[str, Any]
) -> CallToolResult:
    if name not in session.served.methods:
        use.catalogue.find(session.served.name, name)  # raises, with the most similar names
    prepared = await prepare_any(session.served, context, name, await _meant_in_time(session, context, name, params))
    context = replace(context, values={**context.values, **prepared.values})
    try:
        made = await use.deferring(session, context).call(prepared.method, prepared.params)
    except DryRunDone:
        return await succeeded({"result": {"dry_run": True}}, use.artifacts, "Checked; nothing was changed.")
    return await succeeded({"result": made.model_dump(mode="json")}, use.artifacts)


def _context(use: AgentCall, given: ForApplication, **more: Any) -> RequestContext:
    """Return the context of a call with what the tool's arguments say."""
    key = given.idempotency_key if isinstance(given, Repeatable) else None
    seconds = given.timeout_seconds if isinstance(given, Repeatable) else None
    background = isinstance(given, Deferrable) and given.background
    return use.keyed(session=given.session, key=key, seconds=seconds, respond_async=background, **more)


async def _meant_in_time(
    session: SessionRuntime, context: RequestContext, name: str, params: dict[str, Any]
) -> dict[str, Any]:
    return await off_loop(_meant, session, name, params) if context.large else _meant(session, name, params)


def _meant(session: SessionRuntime, name: str, params: dict[str, Any]) -> dict[str, Any]:
    method = session.served.methods.get(name)
    return params if method is None else meant_for(method.params, params)
