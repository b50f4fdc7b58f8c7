"""Runs the tools that find out: search, describe, docs."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from mcp.types import CallToolResult

from cadgate.errors import NotFound
from cadgate.mcp.agent_call import AgentCall
from cadgate.mcp.answers import succeeded
from cadgate.mcp.api_search import search_api
from cadgate.mcp.guide import Guide
from cadgate.mcp.tools import DescribeArguments, DocsArguments, SearchArguments


async def search(use: AgentCall, given: SearchArguments) -> CallToolResult:
    """Find methods by what they do."""
    application = None if given.application is None else use.runtime(given.application).served.name
    found, total = await anyio.to_thread.run_sync(use.catalogue.search, given.query, application, given.limit)
    methods = [{"application": each.served.name, "method": each.method.name, "summary": each.summary} for each in found]
    content: dict[str, Any] = {
        "methods": methods,
        "total": total,
        **await search_api(use, given.query, application, given.session),
    }
    lines = [f"{each['application']} {each['method']}: {each['summary']}" for each in methods]
    for each in content["api"]:
        lines.append(
            f"{each['application']}'s own {each['name']}: call {each['call']['method']} {each['call']['params']}"
        )
    text = "\n".join(lines) or "Nothing was found: try other words, or `execute` with the application's own Python API."
    return await succeeded(content, use.artifacts, text)


async def describe(use: AgentCall, given: DescribeArguments) -> CallToolResult:
    """Describe a method."""
    application = use.runtime(given.application).served.name
    content = await anyio.to_thread.run_sync(use.catalogue.describe, application, given.method)
    return await succeeded({"result": content}, use.artifacts)


async def docs(use: AgentCall, given: DocsArguments) -> CallToolResult:
    """Return a page of the guide, the parts that hold some words, or the list of pages."""
    guide = Guide.read()
    if given.page is not None:
        page = guide.page(given.page)
        if page is None:
            near = guide.nearest(given.page)
            raise NotFound(
                f"There is no page {given.page[:100]!r}; there are: {', '.join(guide.names)}",
                details={"page": given.page[:100], "did_you_mean": near},
            )
        return await succeeded({"page": page.name, "text": page.text}, use.artifacts, page.text)
    if given.query:
        found = guide.search(given.query)
        content = {"sections": [{"page": each.page, "title": each.title, "text": each.text} for each in found]}
        text = "\n\n".join(each.text for each in found) or f"Nothing about it; pages: {', '.join(guide.names)}"
        return await succeeded(content, use.artifacts, text)
    pages = [{"page": each.name, "summary": each.summary} for each in guide.pages]
    return await succeeded({"pages": pages}, use.artifacts)
