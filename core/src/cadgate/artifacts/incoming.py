"""Files that come in: a multipart upload, or an artifact that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.artifacts.upload import receive_raw, receive_upload
from cadgate.errors import UnsupportedMediaType, ValidationFailed
from cadgate.json_body import parse
from cadgate.routers.context import require


class ArtifactReference(BaseModel):
    """The JSON form of an incoming file."""

    model_config = ConfigDict(extra="forbid")
    artifact: Annotated[str, Field(description="The id of an artifact.")]


class IncomingFile:
    """A file of a request, as an artifact. Use it as `Annotated[IncomingFile, Depends(IncomingFile.of_request)]`."""

    def __init__(self, stored: Stored) -> None:
        self.artifact = stored.artifact
        self.path: Path = stored.path

    @staticmethod
    async def of_request(request: Request) -> IncomingFile:
        """The multipart field `file`, or the artifact that the JSON body `{"artifact": id}` names.

        Raises what `receive_upload` raises, MalformedJson, ValidationFailed, ArtifactNotFound, UnsupportedMediaType,
        and Forbidden for a caller who may not write.
        """
        require(request, "write")
        store: ArtifactStore = request.app.state.artifacts
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type == "multipart/form-data":
            return IncomingFile(store.get((await receive_upload(store, request)).id))
        body = await request.body()
        if content_type != "application/json" and body:
            raise UnsupportedMediaType('Send multipart/form-data with a field "file", or JSON {"artifact": id}')
        if not body:
            raise ValidationFailed('The request has no body: send a file in the field "file", or {"artifact": id}')
        try:
            reference = ArtifactReference.model_validate(parse(body))
        except ValidationError as error:
            raise ValidationFailed(
                'The body must be {"artifact": id}',
                details={"errors": error.errors(include_url=False, include_context=False, include_input=False)},
            ) from error
        return IncomingFile(store.get(reference.artifact))

    @staticmethod
    async def of_raw_body(request: Request, name: str) -> IncomingFile:
        """The bytes of the body, under this name. Raises what `receive_raw` raises."""
        store: ArtifactStore = request.app.state.artifacts
        return IncomingFile(store.get((await receive_raw(store, request, name)).id))


UPLOAD_SCHEMA: dict[str, Any] = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}
"""OpenAPI of a multipart body with the field `file`."""

INCOMING_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": UPLOAD_SCHEMA,
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
