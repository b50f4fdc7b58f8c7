"""Speaks to `/mcp` as an attacker does: single messages, by hand."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.attack.field import Field

HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


def post(field: Field, content: bytes, *, scopes: str | None = None) -> httpx.Response:
    """Send bytes as a message."""
    with field.client("", scopes=scopes) as client:
        return client.post("/mcp", content=content, headers={**HEADERS, "Content-Type": "application/json"})


def ask(
    field: Field, method: str, params: dict[str, Any] | None = None, *, scopes: str | None = None
) -> dict[str, Any]:
    """Send a request; the whole answer, with `result` or `error`."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    answer = post(field, json.dumps(message).encode(), scopes=scopes)
    return read(answer)


def read(answer: httpx.Response) -> dict[str, Any]:
    """The last message of an answer."""
    text = answer.text
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        text = [line[5:] for line in text.splitlines() if line.startswith("data:") and line[5:].strip()][-1]
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"error": {"code": answer.status_code, "message": text[:200]}}


def tool(field: Field, name: str, arguments: dict[str, Any], *, scopes: str | None = None) -> dict[str, Any]:
    """Use a tool; its result, with `isError`, or `{"isError": true}` for an error of the protocol."""
    answer = ask(field, "tools/call", {"name": name, "arguments": arguments}, scopes=scopes)
    return answer.get("result") or {"isError": True, **answer}
