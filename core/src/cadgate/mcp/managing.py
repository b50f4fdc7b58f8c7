"""Runs the tools that look after sessions and jobs, by the functions of their routes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from mcp.types import CallToolResult
from pydantic import BaseModel
from starlette.responses import Response

from cadgate.errors import CadgateError, ValidationFailed
from cadgate.mcp.agent_call import AgentCall
from cadgate.mcp.answers import succeeded
from cadgate.mcp.arguments import checked
from cadgate.mcp.tools import JobsArguments, SessionsArguments
from cadgate.models.responses import Success
from cadgate.models.sessions import ForkParams, SessionChanges, SessionParams, SessionQuery
from cadgate.routers import jobs as job_routes
from cadgate.routers import sessions as session_routes


async def sessions(use: AgentCall, given: SessionsArguments) -> CallToolResult:
    """List sessions, or do something with one."""
    action = given.action
    use.context.caller.authority.require("read" if action in ("list", "get") else "write")
    fields = given.model_dump(
        by_alias=True, exclude_unset=True, exclude={"action", "session", "idempotency_key", "timeout_seconds"}
    )
    request = use.as_request(key=given.idempotency_key, seconds=given.timeout_seconds)
    if action == "list":
        answer = await session_routes.list_sessions(request, checked(SessionQuery, fields))
    elif action == "create":
        if given.application is not None:
            fields["application"] = use.runtime(given.application).served.name
        answer = await session_routes.create_session(checked(SessionParams, fields), request, Response())
    else:
        identifier = _named(given.session, "session", action)
        if action == "fork":
            answer = await session_routes.fork_session(identifier, request, Response(), checked(ForkParams, fields))
        elif action == "update":
            answer = await session_routes.update_session(identifier, checked(SessionChanges, fields), request)
        else:
            routes: dict[str, Callable[[str, Any], Awaitable[Success[Any]]]] = {
                "get": session_routes.get_session,
                "suspend": session_routes.suspend_session,
                "resume": session_routes.resume_session,
                "delete": session_routes.delete_session,
            }
            answer = await routes[action](identifier, request)
    return await succeeded({"result": cast("BaseModel", answer.result).model_dump(mode="json")}, use.artifacts)


async def jobs(use: AgentCall, given: JobsArguments) -> CallToolResult:
    """List jobs, or do something with one."""
    action = given.action or ("get" if given.job else "list")
    use.context.caller.authority.require("read" if action in ("list", "get") else "write")
    request = use.as_request()
    if action == "list":
        wanted = given.model_dump(include={"application", "session", "state", "limit"}, exclude_none=True)
        answer = await job_routes.list_jobs(request, checked(job_routes.JobPage, wanted))
    else:
        identifier = _named(given.job, "job", action)
        if action == "get":
            waiting = checked(job_routes.Waiting, {"wait": given.wait})
            answer = await job_routes.get_job(identifier, request, waiting)
        elif action == "cancel":
            answer = await job_routes.cancel_job(identifier, request)
        else:
            answer = await job_routes.retry_job(identifier, request)
    return await succeeded({"result": result_in(answer)}, use.artifacts)


def result_in(answer: Any) -> Any:
    """Return the result in the response of a route of jobs."""
    return json.loads(bytes(cast("Response", answer).body))["result"]


def _named(identifier: str | None, what: str, action: str) -> str:
    if not identifier:
        error: CadgateError = ValidationFailed(
            f"{what}: it is required for {action!r}: send the id of the {what}", details={"parameter": what}
        )
        raise error
    return identifier
