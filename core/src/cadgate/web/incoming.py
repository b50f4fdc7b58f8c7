"""Files that a request brings: a multipart upload, or an existing artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import UnsupportedMediaType, ValidationFailed
from cadgate.models.responses import Artifact
from cadgate.security.caller import authority_of, require
from cadgate.web.context import context_of
from cadgate.web.json_body import parse
from cadgate.web.json_request import validate
from cadgate.web.uploads import receive_raw, receive_upload


class ArtifactReference(BaseModel):
    """An incoming file as JSON."""

    model_config = ConfigDict(extra="forbid")
    artifact: Annotated[str, Field(description="The id of an artifact.", examples=["0123456789abcdef0123456789abcdef"])]


class TrustableReference(ArtifactReference):
    """An incoming file as JSON that may be trusted."""

    trusted: Annotated[bool, Field(strict=True)] = False


class IncomingFile:
    """A file of a request, as an artifact. Use it as `Annotated[IncomingFile, Depends(IncomingFile.of_request)]`."""

    def __init__(self, store: ArtifactStore, identifier: str, trusted: bool = False) -> None:
        self._store = store
        self.id = identifier
        """The artifact's id. Whether it exists is checked when it is read."""
        self.trusted = trusted
        """Whether to read the file as it is. Set only by `of_trustable`, whose method requires the scope."""

    @property
    def artifact(self) -> Artifact:
        """The file as an artifact. Raises ArtifactNotFound."""
        return self._store.get(self.id).artifact

    @property
    def path(self) -> Path:
        """The path of the file. Raises ArtifactNotFound."""
        return self._store.get(self.id).path

    @staticmethod
    async def of_request(request: Request) -> IncomingFile:
        """Return the multipart field `file`, or the artifact named by the JSON body `{"artifact": id}`.

        Raises what `receive_upload` raises, MalformedJson, ValidationFailed, ArtifactNotFound, UnsupportedMediaType,
        and Forbidden for a caller without the scope `write`.
        """
        file = await IncomingFile._received(request, ArtifactReference)
        file._store.get(file.id)
        return file

    @staticmethod
    async def of_trustable(
        request: Request,
        trusted: Annotated[
            bool, Query(description="Read the file as it is, with the code that it holds; needs the scope `execute`.")
        ] = False,
    ) -> IncomingFile:
        """Return the same with `trusted`, from the multipart body, the JSON, or the query.

        The artifact is looked up when it is read, after the method has checked the scope.
        """
        file = await IncomingFile._received(request, TrustableReference)
        file.trusted = file.trusted or trusted
        return file

    @staticmethod
    async def _received(request: Request, form: type[ArtifactReference]) -> IncomingFile:
        require(request, "write")
        store = OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type == "multipart/form-data":
            fields: dict[str, str] = dict.fromkeys(form.model_fields.keys() - {"artifact"}, "")
            artifact = await receive_upload(store, request, key=_key(request), fields=fields)
            return IncomingFile(store, artifact.id, _is_true(fields.get("trusted")))
        body = await request.body()
        if content_type != "application/json" and body:
            raise UnsupportedMediaType('Send multipart/form-data with a field "file", or JSON {"artifact": id}')
        if not body:
            raise ValidationFailed('The request has no body: send a file in the field "file", or {"artifact": id}')
        reference = validate(form, parse(body))
        return IncomingFile(store, reference.artifact, getattr(reference, "trusted", False))

    @staticmethod
    async def of_raw_body(request: Request, name: str) -> IncomingFile:
        """Return the bytes of the body as a file of this name. Raises what `receive_raw` raises."""
        store = OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))
        return IncomingFile(store, (await receive_raw(store, request, name, key=_key(request))).id)


def _key(request: Request) -> str | None:
    """Return the key under which a file of this request is stored: only for its route, and its session."""
    context = context_of(request)
    if context.idempotency_key is None:
        return None
    return f"{context.idempotency_key} {context.session or ''} {request.scope['path']}"


def _is_true(value: str | None) -> bool:
    if value is None or value.strip().lower() in ("", "false", "0"):
        return False
    if value.strip().lower() in ("true", "1"):
        return True
    message = f"{value[:100]!r} must be true or false"
    raise ValidationFailed(
        f"trusted: {message}",
        details={"errors": [{"type": "bool_parsing", "loc": ["body", "trusted"], "msg": message}]},
    )


UPLOAD_SCHEMA: dict[str, Any] = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
        "additionalProperties": False,
    }
}
"""OpenAPI of a multipart body with the field `file`."""


def _body(**more: Any) -> dict[str, Any]:
    upload: dict[str, Any] = UPLOAD_SCHEMA["schema"]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": {**upload, "properties": {**upload["properties"], **more}}},
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"artifact": {"type": "string"}, **more},
                        "required": ["artifact"],
                        "additionalProperties": False,
                    },
                    "example": {"artifact": "0123456789abcdef0123456789abcdef"},
                },
            },
        }
    }


INCOMING_BODY: dict[str, Any] = _body()
"""OpenAPI of a body that `IncomingFile.of_request` reads: pass it as `openapi_extra`."""

TRUSTABLE_BODY: dict[str, Any] = _body(
    trusted={
        "type": "boolean",
        "default": False,
        "description": "Read the file as it is, with the code that it holds; needs the scope `execute`.",
    }
)
"""OpenAPI of a body that `IncomingFile.of_trustable` reads."""
