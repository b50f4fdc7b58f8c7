"""The route of meshes that a client made itself: JSON, or a file of raw arrays."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import open_file, to_thread
from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from cadgate.plugin import Application, Handler, IncomingFile, Router, Success, ValidationFailed
from cadgate_blender.models.meshes import (
    CREATE,
    EXAMPLE,
    UPLOAD,
    MeshParams,
    MeshUploadOptions,
    MeshUploadParams,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.blender import Blender

router = Router()


async def _upload(app: Application, params: MeshUploadParams) -> ObjectInfo:
    stored = app.artifacts.get(params.artifact)
    made = await app.send(
        "internal.mesh",
        {
            **params.model_dump(mode="json", exclude={"artifact"}),
            "path": str(stored.path),
            "location": (0, 0, 0),
            "rotation": (0, 0, 0),
        },
        mutates=True,
    )
    return ObjectInfo.model_validate(made)


UPLOAD_HANDLER = Handler(UPLOAD, _upload)


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": MeshParams.model_json_schema(), "example": EXAMPLE},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


@router.operation("POST", "/meshes", CREATE, status_code=201, errors=(400, 404, 413, 415), openapi_extra=_BODY)
async def create_mesh(
    request: Request, options: Annotated[MeshUploadOptions, Query()], blender: Blender
) -> Success[ObjectInfo]:
    """Add a mesh that the client made: vertices and faces as JSON, or raw arrays.

    Raw arrays come as `application/octet-stream` or as the multipart field `file`, and say the rest in the query. All
    numbers are little-endian: the 4 bytes `CGM1`; three uint32: how many vertices, faces, corners; float32 x, y, z of
    each vertex; uint32 number of corners of each face; uint32 index of the vertex of each corner.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        if options.model_fields_set:
            raise ValidationFailed(f"With JSON, {sorted(options.model_fields_set)} belong into the body, not the query")
        return Success(await blender.call(CREATE, _mesh(await request.json())))
    artifact = await _store_raw(blender, request) if kind == "application/octet-stream" else await _store_form(request)
    params = MeshUploadParams(artifact=artifact, **options.model_dump())
    return Success(await blender.call(UPLOAD, params))


def _mesh(body: Any) -> MeshParams:
    try:
        return MeshParams.model_validate(body)
    except ValidationError as error:
        # As FastAPI says it of a body that it reads itself.
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error


async def _store_form(request: Request) -> str:
    return (await IncomingFile.of_request(request)).artifact.id


async def _store_raw(blender: Application, request: Request) -> str:
    part, name = blender.artifacts.upload_path("mesh.cgm")
    try:
        async with await open_file(part, "wb") as file:
            async for chunk in request.stream():
                await file.write(chunk)
        return (await to_thread.run_sync(blender.artifacts.adopt, part, name)).id
    finally:
        part.unlink(missing_ok=True)
