"""Makes the results of tools: structured content, a short text, pictures, links to files; and errors as results."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, cast

import anyio.to_thread
from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent

from cadgate.artifacts.store import ArtifactStore
from cadgate.error_bodies import error_body
from cadgate.errors import CadgateError

MAX_TEXT = 2_000
"""How many characters of a result the text repeats; the structured content has all of it."""
MAX_PICTURE = 3 * 1024 * 1024
"""A larger picture is only linked."""
PICTURES = frozenset(("image/png", "image/jpeg", "image/webp", "image/gif"))
ARTIFACTS = "cadgate://artifacts/"
"""The URIs of artifacts as resources."""

_FIELDS = {"id", "name", "media_type", "size", "sha256", "url"}


async def succeeded(content: dict[str, Any], store: ArtifactStore, text: str | None = None) -> CallToolResult:
    """Return the result of a tool: `content`, a text that repeats it in short, its pictures and links to its files."""
    blocks: list[ContentBlock] = [TextContent(text=text if text is not None else _short(content))]
    for artifact in artifacts_in(content):
        if artifact["media_type"] in PICTURES and artifact["size"] <= MAX_PICTURE:
            data = await anyio.to_thread.run_sync(_encoded, store, artifact["id"])
            if data is not None:
                blocks.append(ImageContent(data=data, mime_type=artifact["media_type"]))
        blocks.append(_link(artifact))
    return CallToolResult(content=blocks, structured_content=content)


def failed(error: CadgateError, request_id: str) -> CallToolResult:
    """Return an error as the result of a tool, so that the model sees what to do."""
    body = error_body(error, request_id)
    near: Any = body["details"].get("did_you_mean")
    if near:
        body["did_you_mean"] = near
    parts = [f"{body['code']}: {body['message']}"]
    if near:
        parts.append(f"did_you_mean: {', '.join(map(str, near))}")
    if body["retryable"]:
        parts.append("This may succeed if it is sent again; with the same idempotency_key it is done at most once.")
    trace = body["details"].get("traceback")
    if trace:
        parts.append(str(trace)[-MAX_TEXT:])
    return CallToolResult(
        content=[TextContent(text="\n".join(parts))], structured_content={"error": body}, is_error=True
    )


def artifacts_in(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the artifacts in a result, each once."""
    seen: set[str] = set()
    for each in _artifacts(value, depth):
        if each["id"] not in seen:
            seen.add(each["id"])
            yield each


def _artifacts(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if fields.keys() >= _FIELDS and isinstance(fields["size"], int):
            yield fields
            return
        for each in fields.values():
            yield from _artifacts(each, depth + 1)
    elif isinstance(value, list):
        for each in cast("list[Any]", value)[:200]:
            yield from _artifacts(each, depth + 1)


def _link(artifact: dict[str, Any]) -> ResourceLink:
    return ResourceLink(
        uri=ARTIFACTS + artifact["id"],
        name=artifact["name"],
        mime_type=artifact["media_type"],
        size=artifact["size"],
        description=f"Download: {artifact['url']}",
    )


def _encoded(store: ArtifactStore, identifier: str) -> str | None:
    try:
        return base64.b64encode(store.get(identifier).path.read_bytes()).decode()
    except (OSError, CadgateError):
        return None  # removed meanwhile: the link says what there was


def _short(content: dict[str, Any]) -> str:
    value = content["result"] if set(content) == {"result"} else content
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}… ({len(text) - MAX_TEXT} more characters are in the structured content)"
