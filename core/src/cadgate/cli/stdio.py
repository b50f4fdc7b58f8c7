"""`cadgate mcp`: a server of the Model Context Protocol on standard input and output, in front of the gateway's `/mcp`.

Each request is one exchange with the gateway, so that a gateway that was restarted meanwhile makes no difference.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import anyio
import anyio.to_thread
import httpx2
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types.version import LATEST_MODERN_VERSION

import cadgate
from cadgate.cli.execute import CannotExecute
from cadgate.cli.gateway import Gateway
from cadgate.cli.lifecycle import LOG_NAME, running_gateway
from cadgate.config.settings import Settings
from cadgate.mcp.server import INSTRUCTIONS

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]

START_SECONDS = 60
KEY = "CADGATE_KEY"
"""The environment variable with the key that is sent to the gateway."""


def serve_stdio(settings: Settings, arguments: list[str], key_file: Path | None) -> int:
    """Serve until standard input ends; `arguments` are for `serve`, if the gateway has to be started."""
    try:
        key = key_file.read_text().strip() if key_file else os.environ.get(KEY)
    except OSError as error:
        raise CannotExecute(f"{str(key_file)!r} cannot be read: {error.strerror}") from error
    anyio.run(Front(settings, arguments, key).serve)
    return 0


class Front:
    """Answers each request of the client by one to the gateway."""

    def __init__(self, settings: Settings, arguments: list[str], key: str | None) -> None:
        self._settings = settings
        self._arguments = arguments
        self._key = key
        self._gateway: Gateway | None = None
        self._starting = anyio.Lock()

    async def serve(self) -> None:
        """Serve until standard input ends."""
        server: Server[Any] = Server(
            "cadgate",
            version=cadgate.__version__,
            title="cadgate",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )
        async with anyio.create_task_group() as group, stdio_server() as (reading, writing):
            group.start_soon(self._start_early)
            await server.run(reading, writing, server.create_initialization_options())
            group.cancel_scope.cancel()

    async def _start_early(self) -> None:
        """Start the gateway before the first request needs it, which will say why that failed."""
        with suppress(Unreachable):
            await self._reached()

    async def _list_tools(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return await self._asked(lambda client: client.session.list_tools(params=params), repeatable=True)

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = params.arguments or {}

        async def report(progress: float, total: float | None, message: str | None) -> None:
            await ctx.session.report_progress(progress, total, message)

        async def call(client: Client) -> types.CallToolResult:
            return await client.session.call_tool(params.name, arguments, progress_callback=report)

        try:
            return await self._asked(call, repeatable=bool(arguments.get("idempotency_key")))
        except Unreachable as error:
            body = {"code": "application_unavailable", "message": str(error), "retryable": True}
            text = f"{body['code']}: {error}"
            return types.CallToolResult(
                content=[types.TextContent(text=text)], structured_content={"error": body}, is_error=True
            )

    async def _list_resources(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return await self._asked(lambda client: client.session.list_resources(params=params), repeatable=True)

    async def _list_templates(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return await self._asked(lambda client: client.session.list_resource_templates(params=params), repeatable=True)

    async def _read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await self._asked(lambda client: client.session.read_resource(params.uri), repeatable=True)

    async def _list_prompts(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return await self._asked(lambda client: client.session.list_prompts(params=params), repeatable=True)

    async def _get_prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return await self._asked(lambda client: client.get_prompt(params.name, params.arguments), repeatable=True)

    # --- the gateway ---------------------------------------------------------------------------------------------

    async def _asked(self, ask: Callable[[Client], Awaitable[T]], *, repeatable: bool) -> T:
        """Ask the gateway; once more if it has ended and that is safe. Raises Unreachable, MCPError."""
        try:
            return await self._exchange(ask)
        except NotSent:
            self._gateway = None  # the next one starts it
        except Unreachable:
            self._gateway = None
            if not repeatable:
                raise
        return await self._exchange(ask)

    async def _exchange(self, ask: Callable[[Client], Awaitable[T]]) -> T:
        gateway = await self._reached()
        errors: list[BaseException] = []
        try:
            async with self._client(gateway) as client:
                return await ask(client)
        except* httpx2.ConnectError as group:
            errors.append(NotSent(f"{gateway.url} does not answer: {_first(group)}"))
        except* (httpx2.HTTPError, anyio.ClosedResourceError) as group:
            errors.append(
                Unreachable(
                    f"the gateway at {gateway.url} ended during the call ({_first(group) or 'no answer'}): it may or "
                    "may not have been done. Check, or send it again with the same idempotency_key"
                )
            )
        except* MCPError as group:
            errors.append(_leaf(group))
        raise errors[0]

    @asynccontextmanager
    async def _client(self, gateway: Gateway) -> AsyncGenerator[Client]:
        key = self._key or gateway.token
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Renders and imports take their time; the gateway has the deadlines.
        timeout = httpx2.Timeout(30, read=None)
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=timeout) as http:
            transport = streamable_http_client(f"{gateway.url}/mcp", http_client=http)
            async with Client(transport, mode=LATEST_MODERN_VERSION, cache=None) as client:
                yield client

    async def _reached(self) -> Gateway:
        async with self._starting:
            if self._gateway is None:
                self._gateway = await anyio.to_thread.run_sync(
                    running_gateway, self._settings, self._arguments, START_SECONDS
                )
            if self._gateway is None:
                log = self._settings.state_dir / "logs" / LOG_NAME
                print(f"cadgate: the gateway did not start: see {log}", file=sys.stderr, flush=True)
                raise Unreachable(f"the gateway did not start within {START_SECONDS} s; its log says why: {log.name}")
            return self._gateway


class Unreachable(Exception):
    """The gateway has not answered; whether it did what was asked is unknown."""


class NotSent(Unreachable):
    """The gateway was not there, so nothing was done."""


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


def _first(group: BaseExceptionGroup[Exception]) -> str:
    return str(_leaf(group))
