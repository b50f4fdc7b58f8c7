"""Artifacts, the guide and the adapters' own texts as resources.

`cadgate://artifacts/{id}`, `cadgate://docs/{page}` and `cadgate://adapters/{adapter}/{name}`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import anyio.to_thread
from mcp import types
from mcp.shared.exceptions import MCPError

from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.errors import ArtifactNotFound
from cadgate.mcp.answers import ARTIFACTS
from cadgate.mcp.guide import Guide
from cadgate.models.responses import Artifact
from cadgate.plugins.guidance import Resource

DOCS = "cadgate://docs/"
OWN = "cadgate://adapters/"
Texts = Mapping[str, Resource]
"""The adapters' own resources, by URI."""
PAGE = 50
"""How many artifacts one request lists."""
MAX_BYTES = 4 * 1024 * 1024
"""A larger file must be downloaded."""

_TEXTS = ("text/", "application/json", "model/gltf+json", "model/obj", "model/step", "model/iges", "image/svg+xml")

TEMPLATES = [
    types.ResourceTemplate(
        name="artifact", uri_template=ARTIFACTS + "{id}", description="A file that was exported, rendered or uploaded."
    ),
    types.ResourceTemplate(
        name="page", uri_template=DOCS + "{page}", description="A page of the guide.", mime_type="text/markdown"
    ),
]


async def listed(store: ArtifactStore, own: Texts, cursor: str | None) -> types.ListResourcesResult:
    """Return the pages of the guide, the adapters' own texts, then the artifacts, newest first."""
    if cursor is not None and not cursor.isdecimal():
        raise MCPError(types.INVALID_PARAMS, "The cursor is none of those that were answered: list without one")
    offset = int(cursor or 0)
    pages = [
        types.Resource(
            uri=DOCS + page.name,
            name=page.name,
            description=page.summary,
            mime_type="text/markdown",
            size=len(page.text),
        )
        for page in (Guide.read().pages if offset == 0 else ())
    ]
    texts = [
        types.Resource(
            uri=uri, name=each.name, description=each.description, mime_type="text/markdown", size=len(each.text)
        )
        for uri, each in (own.items() if offset == 0 else ())
    ]
    artifacts, total = await anyio.to_thread.run_sync(store.page, offset, PAGE)
    more = offset + PAGE
    return types.ListResourcesResult(
        resources=[*pages, *texts, *map(_described, artifacts)], next_cursor=str(more) if more < total else None
    )


async def read(store: ArtifactStore, own: Texts, uri: str) -> types.ReadResourceResult:
    """Return the contents of a resource. Raises MCPError."""
    if uri in own:
        text = types.TextResourceContents(uri=uri, text=own[uri].text, mime_type="text/markdown")
        return types.ReadResourceResult(contents=[text])
    if uri.startswith(DOCS):
        page = Guide.read().page(uri.removeprefix(DOCS))
        if page is None:
            raise _missing(uri, f"; there are: {', '.join(Guide.read().names)}")
        text = types.TextResourceContents(uri=uri, text=page.text, mime_type="text/markdown")
        return types.ReadResourceResult(contents=[text])
    if not uri.startswith(ARTIFACTS):
        raise _missing(uri, f": URIs begin with {ARTIFACTS} or {DOCS}")
    try:
        stored = await anyio.to_thread.run_sync(store.get, uri.removeprefix(ARTIFACTS))
        return types.ReadResourceResult(contents=[await anyio.to_thread.run_sync(_contents, uri, stored)])
    except (ArtifactNotFound, OSError) as error:
        raise _missing(uri, ": it was removed, or never was") from error


def _contents(uri: str, stored: Stored) -> types.TextResourceContents | types.BlobResourceContents:
    artifact = stored.artifact
    if artifact.size > MAX_BYTES:
        raise MCPError(
            types.INVALID_PARAMS,
            f"{artifact.name} has {artifact.size} bytes, more than {MAX_BYTES}: download {_url(artifact)}",
        )
    data = stored.path.read_bytes()
    kind = artifact.media_type
    if kind.startswith(_TEXTS):
        try:
            return types.TextResourceContents(uri=uri, text=data.decode("utf-8"), mime_type=kind)
        except UnicodeDecodeError:
            pass
    return types.BlobResourceContents(uri=uri, blob=base64.b64encode(data).decode(), mime_type=kind)


def _described(artifact: Artifact) -> types.Resource:
    return types.Resource(
        uri=ARTIFACTS + artifact.id,
        name=artifact.name,
        mime_type=artifact.media_type,
        size=artifact.size,
        description=f"Download: {_url(artifact)}",
    )


def _url(artifact: Artifact) -> str:
    return str(artifact.model_dump()["url"])


def _missing(uri: str, why: str) -> MCPError:
    return MCPError(types.INVALID_PARAMS, f"There is no resource {uri[:200]!r}{why}", {"uri": uri[:200]})
