"""The route for meshes made by a client: JSON, or a file of raw arrays."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import Query, Request, Response

from cadgate.plugin import (
    Application,
    Encoded,
    Handler,
    IncomingFile,
    JobAccepted,
    Router,
    Success,
    ValidationFailed,
    run_on_body,
)
from cadgate_blender.mesh_bodies import convert, raw
from cadgate_blender.models.meshes import (
    CREATE,
    EXAMPLE,
    READ,
    UPLOAD,
    MeshData,
    MeshParams,
    MeshQuery,
    MeshReadParams,
    MeshUploadOptions,
    MeshUploadParams,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.blender import Blender

router = Router()


async def _upload(app: Application, params: MeshUploadParams) -> ObjectInfo:
    stored = app.artifacts.get(params.artifact)
    async with app.stage(None, default="mesh") as staged:
        path = str(await staged.bring(stored))
        given = params.model_dump(mode="json", exclude={"artifact"})
        made = await app.send("internal.mesh", {**given, "path": path}, mutates=True)
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
                    "additionalProperties": False,
                }
            },
        },
    }
}


@router.operation("POST", "/meshes", CREATE, status_code=201, errors=(400, 404, 412, 413, 415), openapi_extra=_BODY)
async def create_mesh(
    request: Request, options: Annotated[MeshUploadOptions, Query()], blender: Blender
) -> Success[ObjectInfo]:
    """Add a mesh made by the client: vertices and faces as JSON, or raw arrays.

    Raw arrays come as `application/octet-stream` or as the multipart field `file`; the rest is in the query. All
    numbers are little-endian: the 4 bytes `CGM1`; three uint32: how many vertices, faces, corners; float32 x, y, z of
    each vertex; uint32 number of corners of each face; uint32 index of the vertex of each corner.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        if options.model_fields_set:
            raise ValidationFailed(
                f"With JSON, {sorted(options.model_fields_set)} belong in the body, not in the query"
            )
        return Success(await _from_json(blender, request))
    raw_body = kind == "application/octet-stream"
    incoming = IncomingFile.of_raw_body(request, "mesh.cgm") if raw_body else IncomingFile.of_request(request)
    params = MeshUploadParams(artifact=(await incoming).artifact.id, **options.model_dump())
    return Success(await blender.call(UPLOAD, params))


RAW = "application/octet-stream"


@router.operation(
    "GET",
    "/objects/{name:name}/mesh",
    READ,
    response_model=Success[MeshData],
    responses={200: {"content": {RAW: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def read_mesh(name: str, query: Annotated[MeshQuery, Query()], request: Request, blender: Blender) -> Any:
    """Read the mesh of an object: vertices, faces, UVs, normals, colours and materials of faces.

    With `Accept: application/octet-stream`, the answer is vertices and faces as raw arrays, in the form of an upload.
    """
    result = await blender.call(READ, MeshReadParams(object=name, evaluated=query.evaluated))
    if RAW not in request.headers.get("accept", ""):
        return Success(result)
    data = await to_thread.run_sync(raw, result)
    return Response(data, media_type=RAW, headers={"X-Content-Type-Options": "nosniff"})


async def _from_json(blender: Application, request: Request) -> ObjectInfo:
    """Add the mesh of a JSON body, of which the gateway's own process sees only the bytes."""
    part, name = blender.artifacts.upload_path("mesh.cgm")
    try:
        encoded, about = await run_on_body(request, convert, str(part))
        if encoded is not None:
            return await blender.call(CREATE, Encoded(encoded))
        stored = await to_thread.run_sync(blender.artifacts.adopt, part, name)
        blender.context.uploads.add(stored, unclaimed=False)
        artifact = stored.id
    finally:
        part.unlink(missing_ok=True)
    try:
        return await blender.call(UPLOAD, MeshUploadParams(artifact=artifact, **about))
    except JobAccepted:
        artifact = ""  # its job needs it
        raise
    finally:
        if artifact:
            await to_thread.run_sync(blender.artifacts.delete, artifact)
