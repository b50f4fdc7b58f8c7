"""Files: list, download, remove, store. What applications wrote and what clients uploaded, under one roof."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import Query, Request
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.responses import Response

from cadgate.artifacts.incoming import store_upload
from cadgate.artifacts.outgoing import file_response
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ValidationFailed
from cadgate.models.common import Params
from cadgate.models.responses import Artifact, Deleted, Failure, Result, Success
from cadgate.plugins.router import Router
from cadgate.routers.context import require

router = Router(prefix="/api/v1/artifacts")


class ArtifactPage(Params):
    """Which part of the list."""

    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many.")] = 1000
    offset: Annotated[int, Field(ge=0, description="So many are skipped.")] = 0


class ArtifactList(Result):
    """Some of the artifacts, the newest first, and how many there are in all."""

    artifacts: list[Artifact]
    total: int


_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}


def _store(request: Request) -> ArtifactStore:
    return request.app.state.artifacts


@router.get("")
async def list_artifacts(request: Request, page: Annotated[ArtifactPage, Query()]) -> Success[ArtifactList]:
    """List the artifacts, the newest first."""
    require(request, "read")
    listed, total = await anyio.to_thread.run_sync(_store(request).page, page.offset, page.limit)
    return Success(ArtifactList(artifacts=listed, total=total))


@router.post("", status_code=201, openapi_extra=_UPLOAD, responses={413: {"model": Failure}, 422: {"model": Failure}})
async def store_artifact(request: Request) -> Success[Artifact]:
    """Store a file: multipart/form-data with the file in the field `file`. Its name keeps its last segment only."""
    require(request, "write")
    async with request.form(max_files=1, max_fields=16) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise ValidationFailed("The upload has no file in its field 'file'", details={"field": "file"})
        return Success(await store_upload(_store(request), upload))


@router.head("/{id:name}", include_in_schema=False)
@router.get("/{id:name}", response_class=Response, responses={404: {"model": Failure}})
async def download_artifact(id: str, request: Request) -> Response:
    """Download an artifact: its bytes, with `Range`, `ETag` and `If-None-Match`."""
    require(request, "read")
    stored = await anyio.to_thread.run_sync(_store(request).get, id)
    etag = f'"{stored.artifact.sha256}"'
    given = request.headers.get("if-none-match", "")
    if given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(",")):
        return Response(status_code=304, headers={"ETag": etag, "X-Artifact-Id": id})
    return file_response(stored)


@router.delete("/{id:name}", responses={404: {"model": Failure}})
async def delete_artifact(id: str, request: Request) -> Success[Deleted]:
    """Remove an artifact. A download of it that runs ends normally."""
    require(request, "write")
    await anyio.to_thread.run_sync(_store(request).delete, id)
    return Success(Deleted(deleted=id))
