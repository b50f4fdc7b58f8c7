"""Files that go out: the bytes themselves where the client's `Accept` asks for them, the JSON envelope otherwise."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.models.responses import Artifact, Success


def wants(accept: str, media_type: str) -> bool:
    """Whether an Accept header names `media_type` (or its family), and not JSON or everything."""
    family = media_type.partition("/")[0] + "/*"
    offered = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return media_type in offered or (family in offered and family != "application/*")


def file_response(stored: Stored, *, attachment: bool = True, headers: dict[str, str] | None = None) -> Response:
    """The bytes of an artifact, with Range and ETag support."""
    artifact = stored.artifact
    base = artifact.name.rsplit("/", 1)[-1]
    disposition = "attachment" if attachment else "inline"
    return FileResponse(
        stored.path,
        media_type=artifact.media_type,
        headers={
            "ETag": f'"{artifact.sha256}"',
            "X-Artifact-Id": artifact.id,
            # Whatever a client stored as HTML or SVG must not run as a page of the gateway.
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(base)}",
            **(headers or {}),
        },
    )


def file_or_json(request: Request, result: BaseModel, artifact: Artifact) -> Any:
    """The artifact's bytes when the client accepts its media type, else the envelope of `result`."""
    if wants(request.headers.get("accept", ""), artifact.media_type):
        store: ArtifactStore = request.app.state.artifacts
        return file_response(store.get(artifact.id), attachment=False)
    return Success(result)
