"""`Peer`: a client of another MCP server, counted like ours. Its results are read, but need fit no schema."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.agents.agent import Agent, text_of

_URL = re.compile(r"MCP_URL=(\S+)")


class NotDone(Exception):
    """The server has no way to do the task; the message says what is missing, or what came instead."""


@dataclass
class Peer(Agent):
    """One client; `folder` is where the server may write files, which is read from there."""

    folder: Path = Path()

    async def answer(self, tool: str, /, **arguments: Any) -> Any:
        """Use a tool that must succeed; its result."""
        result = await self.counted(tool, arguments)
        assert not result.is_error, f"{tool}: {text_of(result)[:500]}"
        if result.structured_content:
            return result.structured_content.get("result", result.structured_content)
        texts = [json.loads(block.text) for block in result.content if block.type == "text"]
        return texts[0] if len(texts) == 1 else texts

    async def failure(self, tool: str, /, **arguments: Any) -> str | None:
        """Use a tool; the text of its error, or None if it succeeded."""
        result = await self.counted(tool, arguments)
        return text_of(result) if result.is_error else None


@asynccontextmanager
async def by_pipe(command: str) -> AsyncGenerator[Peer]:
    """Start a server that speaks on standard input and output."""
    with tempfile.TemporaryDirectory() as folder:
        name, *arguments = shlex.split(command)
        server = StdioServerParameters(command=name, args=arguments, env=dict(os.environ), cwd=folder)
        async with Client(server, mode="legacy") as client:
            made = Peer(client, folder=Path(folder))
            await made.learn()
            yield made


@asynccontextmanager
async def by_http(command: str) -> AsyncGenerator[Peer]:
    """Start a server that prints `MCP_URL=…` when it serves."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = await anyio.open_process(shlex.split(command), stdout=output, stderr=output, cwd=folder)
        try:
            async with asyncio.timeout(60):
                while (found := _URL.search(log.read_text(errors="replace"))) is None:
                    assert process.returncode is None, log.read_text(errors="replace")[-2000:]
                    await asyncio.sleep(0.05)
            async with (
                httpx2.AsyncClient(trust_env=False, timeout=120) as http,
                Client(streamable_http_client(found[1], http_client=http), mode="legacy") as client,
            ):
                made = Peer(client, folder=Path(folder))
                await made.learn()
                yield made
        finally:
            process.terminate()
            with anyio.move_on_after(5, shield=True) as patience:
                await process.wait()
            if patience.cancelled_caught:
                process.kill()
                await process.wait()
