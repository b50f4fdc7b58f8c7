"""The extension `io.modelcontextprotocol/tasks`: a job is a task with the same id.

A client that declares it gets a task in place of the result of a call that has become a job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import CLIENT_CAPABILITIES_META_KEY
from pydantic import Field
from starlette.requests import Request

from cadgate.artifacts.own import OwnArtifacts
from cadgate.contract.methods import Scope
from cadgate.errors import CadgateError, from_wire
from cadgate.jobs.records import Record
from cadgate.jobs.runner import Jobs
from cadgate.mcp import answers
from cadgate.routers.jobs import owner_of
from cadgate.security.caller import audit_event_of, authority_of

EXTENSION = "io.modelcontextprotocol/tasks"
POLL_MS = 1000
_STATUS = {"queued": "working", "running": "working", "succeeded": "completed"}

Context = ServerRequestContext[Any, Any]


class TaskParams(types.RequestParams):
    """Which task."""

    task_id: str = Field(alias="taskId")


def is_declared(ctx: Context) -> bool:
    """Whether the client of a request knows tasks."""
    meta = cast("Mapping[str, Any]", ctx.meta or {})
    capabilities: Any = meta.get(CLIENT_CAPABILITIES_META_KEY) or {}
    extensions: Any = cast("Mapping[str, Any]", capabilities).get("extensions") or {}
    return EXTENSION in extensions


def created(record: Record) -> dict[str, Any]:
    """Return the result of a call that has become a job, for a client that knows tasks."""
    return {"resultType": "task", **_task(record)}


def serve(server: Server[Any]) -> None:
    """Add the requests of the extension to a server."""
    server.extensions = {**server.extensions, EXTENSION: {}}
    server.add_request_handler("tasks/get", TaskParams, _get)
    server.add_request_handler("tasks/update", TaskParams, _update)
    server.add_request_handler("tasks/cancel", TaskParams, _cancel)


async def _get(ctx: Context, params: TaskParams) -> dict[str, Any]:
    request, jobs, owner = _asked(ctx, "read")
    try:
        record = await jobs.get(params.task_id, owner)
    except CadgateError as error:
        raise _unknown(error) from error
    found: dict[str, Any] = {"resultType": "complete", **_task(record)}
    if record.state == "succeeded":
        store = OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))
        result = await answers.succeeded({"result": json.loads(record.result or "null")}, store)
        found["result"] = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    elif record.state == "failed":
        failure = json.loads(record.error or "{}")
        error = from_wire({"message": failure.get("message", ""), "data": failure})
        result = answers.failed(error, str(failure.get("request_id") or ""))
        found["result"] = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        found["error"] = {"code": types.INTERNAL_ERROR, "message": f"{error.code}: {error.message}"}
    return found


async def _update(ctx: Context, params: TaskParams) -> dict[str, Any]:
    """Acknowledge input, which no job asks for."""
    _, jobs, owner = _asked(ctx, "write")
    try:
        await jobs.get(params.task_id, owner)
    except CadgateError as error:
        raise _unknown(error) from error
    return {"resultType": "complete"}


async def _cancel(ctx: Context, params: TaskParams) -> dict[str, Any]:
    request, jobs, owner = _asked(ctx, "write")
    try:
        with request.app.state.audit.recording(audit_event_of(request, "jobs.cancel")) as learned:
            learned["job"] = params.task_id
            await jobs.cancel(params.task_id, owner)
    except CadgateError as error:
        raise _unknown(error) from error
    return {"resultType": "complete"}


def _asked(ctx: Context, scope: Scope) -> tuple[Request, Jobs, str | None]:
    request = cast("Request", ctx.request)
    error = authority_of(request.scope).objection(scope)
    if error is not None:
        raise MCPError(types.INVALID_REQUEST, f"{error.code}: {error.message}")
    return request, request.app.state.jobs, owner_of(request)


def _unknown(error: CadgateError) -> MCPError:
    return MCPError(types.INVALID_PARAMS, f"{error.code}: {error.message}", {"code": error.code})


def _task(record: Record) -> dict[str, Any]:
    progress = json.loads(record.progress)
    message = progress.get("message") or record.state
    times = [each for each in (record.finished, record.started, record.created) if each is not None]
    return {
        "taskId": record.id,
        "status": _STATUS.get(record.state, record.state),
        "statusMessage": f"{message}, {progress.get('fraction', 0):.0%}",
        "createdAt": _time(record.created),
        "lastUpdatedAt": _time(times[0]),
        # Both spellings of the extension's drafts.
        "ttl": None,
        "ttlMs": None,
        "pollInterval": POLL_MS,
        "pollIntervalMs": POLL_MS,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
