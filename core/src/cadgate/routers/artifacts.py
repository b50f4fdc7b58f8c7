"""Routes of artifacts: list, download, remove, and store the files of applications and clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ValidationFailed
from cadgate.models.common import Params
from cadgate.models.responses import Artifact, Deleted, Result, Success
from cadgate.openapi.operations import IDEMPOTENCY
from cadgate.security.audit import AuditLog
from cadgate.security.caller import audit_event_of, authority_of
from cadgate.web.access import requires
from cadgate.web.context import context_of
from cadgate.web.downloads import file_response
from cadgate.web.incoming import UPLOAD_SCHEMA
from cadgate.web.router import Router, failures
from cadgate.web.uploads import receive_upload

router = Router(prefix="/api/v1/artifacts")


class ArtifactPage(Params):
    """The part of the list to return."""

    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many.")] = 1000
    offset: Annotated[int, Field(ge=0, description="So many are skipped.")] = 0


class ArtifactList(Result):
    """A page of the artifacts, newest first, and their total number."""

    artifacts: list[Artifact]
    total: int


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BYTES = {"application/octet-stream": _BINARY, "*/*": _BINARY}
"""The type that comes is the file's own, which can be any; generators of clients know the first one."""
_KEYED: dict[str, Any] = {"parameters": [IDEMPOTENCY]}
_UPLOAD: dict[str, Any] = {"requestBody": {"required": True, "content": {"multipart/form-data": UPLOAD_SCHEMA}}}


async def _once(request: Request, digest: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run the work of a request; only once, if it has an idempotency key."""
    key = context_of(request).idempotency_key
    if key is None:
        await work()
    else:
        await request.app.state.once.run_once(f"{authority_of(request.scope).identity} {key}", digest, work)


def _store(request: Request) -> ArtifactStore:
    return OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))


@router.get("", dependencies=[requires("read")])
async def list_artifacts(request: Request, page: Annotated[ArtifactPage, Query()]) -> Success[ArtifactList]:
    """List your artifacts, newest first. The scope `admin` lists everybody's."""
    listed, total = await anyio.to_thread.run_sync(_store(request).page, page.offset, page.limit)
    return Success(ArtifactList(artifacts=listed, total=total))


@router.post(
    "",
    status_code=201,
    openapi_extra=_UPLOAD | _KEYED,
    responses=failures(413, 422),
    dependencies=[requires("write", audited_as="artifacts.store")],
)
async def store_artifact(request: Request) -> Success[Artifact]:
    """Store a file: multipart/form-data with the file in the field `file`. Only its name's last segment is kept."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ValidationFailed("The request has no file: send multipart/form-data with the file in the field 'file'")
    return Success(await receive_upload(_store(request), request, key=context_of(request).idempotency_key))


@router.head("/{id:name}", include_in_schema=False, dependencies=[requires("read")])
@router.get(
    "/{id:name}",
    response_class=Response,
    dependencies=[requires("read")],
    responses={
        200: {"description": "The bytes", "content": _BYTES},
        206: {"description": "The requested range", "content": _BYTES},
        304: {"description": "Not changed since the `ETag` that `If-None-Match` names"},
        **failures(404, 416),
    },
)
async def download_artifact(id: str, request: Request) -> Response:
    """Download an artifact: its bytes, with `Range`, `ETag` and `If-None-Match`."""
    return file_response(await anyio.to_thread.run_sync(_store(request).get, id))


@router.delete(
    "/{id:name}",
    openapi_extra=_KEYED,
    responses=failures(404, 422),
    dependencies=[requires("write", audited_as="artifacts.delete")],
)
async def delete_artifact(id: str, request: Request) -> Success[Deleted]:
    """Remove an artifact. Running downloads finish normally. A key can remove only what it has stored itself."""
    audit: AuditLog = request.app.state.audit
    with audit.recording(audit_event_of(request, "artifacts.delete")) as learned:
        identity = authority_of(request.scope).identity

        async def remove() -> None:
            await anyio.to_thread.run_sync(_store(request).delete, id, identity)

        await _once(request, id, remove)
        learned["artifact"] = id
    return Success(Deleted(deleted=id))
