"""`Agent`: the SDK's own client of a gateway's `/mcp`, which checks each result against the tool's `outputSchema`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jsonschema
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, Tool

MODES = ("legacy", "auto", "2026-07-28")
"""The protocol modes of the SDK's client: the handshake of the revisions up to 2025-11-25, the newest, and both."""


@dataclass
class Agent:
    """One client. `calls` counts the uses of tools, `sent` and `received` their bytes as JSON, `listed` those of the
    list of tools.
    """

    client: Client
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    calls: int = 0
    sent: int = 0
    received: int = 0
    listed: int = 0

    async def learn(self) -> None:
        """List the tools, all pages."""
        cursor: str | None = None
        while True:
            page = await self.client.list_tools(cursor=cursor)
            self.listed += len(page.model_dump_json(by_alias=True, exclude_none=True).encode())
            self.tools |= {tool.name: tool for tool in page.tools}
            cursor = page.next_cursor
            if cursor is None:
                return

    async def counted(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """Use a tool, and count it."""
        self.calls += 1
        self.sent += len(json.dumps({"name": tool, "arguments": arguments}).encode())
        result = await self.client.call_tool(tool, arguments)
        self.received += len(result.model_dump_json(by_alias=True, exclude_none=True).encode())
        return result

    async def use(self, tool: str, **arguments: Any) -> CallToolResult:
        """Use a tool, also with an error as its result, which must fit the tool's `outputSchema` too."""
        result = await self.counted(tool, arguments)
        schema = self.tools[tool].output_schema
        assert schema is not None
        jsonschema.validate(result.structured_content, schema)
        assert result.content
        return result

    async def done(self, tool: str, **arguments: Any) -> Any:
        """Use a tool that must succeed; its result."""
        result = await self.use(tool, **arguments)
        assert not result.is_error, text_of(result)
        content = result.structured_content
        return content.get("result", content)

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Use a tool that must fail; its error."""
        result = await self.use(tool, **arguments)
        assert result.is_error, text_of(result)
        return result.structured_content["error"]

    async def call(self, application: str, method: str, **params: Any) -> Any:
        """Call a method that must succeed; its result."""
        return await self.done("call", application=application, method=method, params=params)


def text_of(result: CallToolResult) -> str:
    """The texts of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


@asynccontextmanager
async def agent(url: str, *, mode: str = "auto", key: str | None = None) -> AsyncGenerator[Agent]:
    """A client of the gateway at `url`, which has listed the tools."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # A proxy set in the environment must not be used for the loopback.
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=120) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            made = Agent(client)
            await made.learn()
            yield made
