"""The protocol's server: lists the tools and resources, runs a tool for its caller, and stops it if that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar, cast

import anyio.to_thread
import structlog
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from starlette.datastructures import State
from starlette.requests import Request

import cadgate
from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.off_loop import off_loop
from cadgate.error_bodies import internal_error
from cadgate.errors import CadgateError
from cadgate.mcp import answers, managing, resources, tasks
from cadgate.mcp.agent_call import AgentCall
from cadgate.mcp.arguments import checked
from cadgate.mcp.catalogue import Catalogue
from cadgate.mcp.progress import Progress
from cadgate.mcp.prompts import Prompts
from cadgate.mcp.registry import TOOLS
from cadgate.mcp.tools import AgentTool
from cadgate.refusals.repairs import nearest
from cadgate.security.caller import authority_of, peer_of
from cadgate.web.async_answers import JobAccepted

T = TypeVar("T")

INSTRUCTIONS = (
    "3D and CAD applications with checked results, undo and crash-safe documents. `search` finds what they can do, "
    "`describe` says how to call it, `call` does it. Errors say what to send instead. `docs` page `start`: units, "
    "names, files, repeating a call safely."
)
CLOSE_SECONDS = 2.0

log = structlog.stdlib.get_logger("cadgate.mcp")

_tools = {tool.name: tool for tool in TOOLS}


class AgentServer:
    """What the protocol's requests do. `state` is the gateway's."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._catalogue = Catalogue(state.runtimes)
        self._listed = [tool.listed(sorted(state.runtimes)) for tool in TOOLS]
        schemas = {tool.name: tool.input_schema for tool in self._listed}
        adapters = {name: runtime.adapter for name, runtime in state.runtimes.items()}
        self._prompts = Prompts(adapters)
        self._texts = {
            f"{resources.OWN}{name}/{each.name}": each
            for name, adapter in sorted(adapters.items())
            for each in adapter.resources
        }
        self._running: set[asyncio.Task[Any]] = set()
        self.protocol: Server[Any] = Server(
            "cadgate",
            version=cadgate.__version__,
            title="cadgate",
            instructions=INSTRUCTIONS,
            get_tool_input_schema=schemas.get,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )
        tasks.serve(self.protocol)

    async def close(self) -> None:
        """Stop the calls that are still running."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(list(self._running), timeout=CLOSE_SECONDS)

    async def _list_tools(
        self, ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self._listed)

    async def _call_tool(
        self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = _tools.get(params.name)
        if tool is None:
            near = nearest(params.name, _tools)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else f": there are {', '.join(_tools)}"
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:100]!r}{hint}")
        request = cast("Request", ctx.request)
        token = CancelToken()
        context = _context(request, token)
        async with Progress(ctx.session, wanted="progress_token" in (ctx.meta or {})) as progress:
            context = replace(context, progress=progress.report)
            given, knows = params.arguments or {}, tasks.is_declared(ctx)
            return cast(
                "types.CallToolResult",  # the extension's result is one that its clients ask for
                await self._cancellable(self._run(tool, request, context, given, knows_tasks=knows), token),
            )

    async def _list_resources(
        self, ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return await resources.listed(self._artifacts_of(ctx), self._texts, params.cursor if params else None)

    async def _list_templates(
        self, ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=resources.TEMPLATES)

    async def _read_resource(
        self, ctx: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await resources.read(self._artifacts_of(ctx), self._texts, params.uri)

    async def _list_prompts(
        self, ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return self._prompts.listed()

    async def _get_prompt(
        self, ctx: ServerRequestContext[Any, Any], params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return self._prompts.completed(params.name, params.arguments or {})

    def _artifacts_of(self, ctx: ServerRequestContext[Any, Any]) -> ArtifactStore:
        """Return the caller's artifacts. Raises an error of the protocol unless the caller may read."""
        authority = authority_of(cast("Request", ctx.request).scope)
        error = authority.objection("read")
        if error is not None:
            raise MCPError(types.INVALID_REQUEST, f"{error.code}: {error.message}")
        return OwnArtifacts.of(self._state.artifacts, authority)

    async def _run(
        self, tool: AgentTool, request: Request, context: RequestContext, given: dict[str, Any], *, knows_tasks: bool
    ) -> types.CallToolResult | dict[str, Any]:
        """Run a tool; its result, which is a task if it has become a job and the client knows tasks."""
        use = AgentCall(context, request, self._catalogue)
        try:
            large = context.large
            arguments = await off_loop(checked, tool.arguments, given) if large else checked(tool.arguments, given)
            if tool.finds:
                context.caller.authority.require("read")  # the others require the scope of their method
            await anyio.to_thread.run_sync(self._catalogue.build)
            return await tool.run(use, arguments)
        except JobAccepted as accepted:
            if knows_tasks:
                return tasks.created(accepted.record)
            job = managing.result_in(accepted.response())
            text = f'It is done as the job {job["id"]}. Wait for it: jobs(job="{job["id"]}", wait=60)'
            return await answers.succeeded({"result": job}, use.artifacts, text)
        except CadgateError as error:
            return answers.failed(error, context.request_id)
        except Exception as error:
            log.error("tool_failed", tool=tool.name, request_id=context.request_id, exc_info=error)
            return answers.failed(internal_error(), context.request_id)

    async def _cancellable(self, work: Coroutine[Any, Any, T], token: CancelToken) -> T:
        """Return the result of `work`. If its client goes away, the call is stopped as a WebSocket's interrupt does.

        So a change is either complete or rolled back, and never abandoned halfway.
        """
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            token.cancel()
            raise


def _context(request: Request, token: CancelToken) -> RequestContext:
    state: dict[str, Any] = request.scope.setdefault("state", {})
    return RequestContext(
        request_id=state.get("request_id", ""),
        door="mcp",
        timing=state.get("timing"),
        large=state.get("large", False),
        caller=Caller(authority_of(request.scope), peer_of(request), gone=token.wait, cancel_token=token),
    )
