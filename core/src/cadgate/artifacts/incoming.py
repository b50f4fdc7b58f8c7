"""Files that come in: a multipart upload, or an artifact that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.errors import UnsupportedMediaType, ValidationFailed
from cadgate.json_body import parse
from cadgate.models.responses import Artifact
from cadgate.routers.context import require

_CHUNK = 1 << 20


class ArtifactReference(BaseModel):
    """The JSON form of an incoming file."""

    model_config = ConfigDict(extra="forbid")
    artifact: Annotated[str, Field(description="The id of an artifact.")]


async def store_upload(store: ArtifactStore, upload: UploadFile) -> Artifact:
    """Keep an uploaded file as an artifact. Raises ValidationFailed for an empty one, PathNotAllowed for its name."""
    part, name = store.upload_path(upload.filename or "upload")
    try:
        async with await anyio.open_file(part, "wb") as file:
            while chunk := await upload.read(_CHUNK):
                await file.write(chunk)
        if part.stat().st_size == 0:
            raise ValidationFailed(f"The uploaded file {name!r} is empty")
        return await anyio.to_thread.run_sync(store.adopt, part, name)
    finally:
        part.unlink(missing_ok=True)


class IncomingFile:
    """A file of a request, as an artifact. Use it as `Annotated[IncomingFile, Depends(IncomingFile.of_request)]`."""

    def __init__(self, stored: Stored) -> None:
        self.artifact = stored.artifact
        self.path: Path = stored.path

    @staticmethod
    async def of_request(request: Request) -> IncomingFile:
        """The multipart field `file`, or the artifact that the JSON body `{"artifact": id}` names."""
        require(request, "write")
        store: ArtifactStore = request.app.state.artifacts
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type == "multipart/form-data":
            async with request.form(max_files=1) as form:
                upload = form.get("file")
                if not isinstance(upload, UploadFile):
                    raise ValidationFailed("The upload has no file in its field 'file'", details={"field": "file"})
                return IncomingFile(store.get((await store_upload(store, upload)).id))
        if content_type != "application/json":
            raise UnsupportedMediaType('Send multipart/form-data with a field "file", or JSON {"artifact": id}')
        value = parse(await request.body())
        try:
            reference = ArtifactReference.model_validate(value)
        except ValidationError as error:
            raise ValidationFailed(
                'The body must be {"artifact": id}',
                details={"errors": error.errors(include_url=False, include_context=False, include_input=False)},
            ) from error
        return IncomingFile(store.get(reference.artifact))


INCOMING_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"artifact": {"type": "string"}},
                    "required": ["artifact"],
                    "additionalProperties": False,
                },
                "example": {"artifact": "0123456789abcdef0123456789abcdef"},
            },
        },
    }
}
"""OpenAPI of a body that `IncomingFile.of_request` reads: pass it as `openapi_extra`."""
