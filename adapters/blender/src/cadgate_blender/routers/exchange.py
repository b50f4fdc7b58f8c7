"""Routes that write the scene to files and read files into it; a worker does both, alongside the session."""

from __future__ import annotations

from typing import Annotated, Any, cast

from anyio import to_thread
from fastapi import Depends, Query, Request

from cadgate.plugin import (
    TRUSTABLE_BODY,
    Application,
    Handler,
    IncomingFile,
    Router,
    Success,
    ValidationFailed,
    file_answers,
    file_or_json,
)
from cadgate_blender import incoming, limits
from cadgate_blender.models.exchange import (
    EXPORT,
    FORMATS,
    IMPORT,
    UP,
    Exported,
    ExportParams,
    Imported,
    ImportParams,
    ImportQuery,
)
from cadgate_blender.routers.blender import Blender
from cadgate_blender.settings import BlenderSettings

router = Router()


async def export_scene(app: Application, params: ExportParams) -> Exported:
    """Save a copy of the session, and let a worker write the file from it."""
    async with app.stage(params.filepath, default="scene", suffix=params.suffix) as staged:
        scene_path = staged.folder / ".scene.blend"
        chosen = await app.send(
            "internal.export_scene",
            {"path": str(scene_path), "format": params.format, "objects": params.objects},
        )
        async with app.worker() as worker:
            made = await worker.send(
                "internal.export",
                {
                    "scene_path": str(scene_path),
                    "excerpt": chosen["excerpt"],
                    "path": str(staged.path),
                    "format": params.format,
                    "objects": chosen["objects"],
                    "apply_modifiers": params.apply_modifiers,
                    "scale": params.scale or 1.0,
                    "up": params.up or UP[params.format],
                    "compression": params.compression,
                    "images": params.images,
                    "verify": params.verify or cast("BlenderSettings", app.settings).verify,
                },
            )
        artifact = await staged.commit()
        related = await staged.related()
    return Exported.model_validate(
        {
            "artifact": artifact,
            "format": params.format,
            "objects": made["objects"],
            "related": related,
            "warnings": [*chosen.get("warnings", []), *made.get("warnings", [])],
        }
    )


async def import_file(app: Application, params: ImportParams) -> Imported:
    """Let a worker read the file into a separate .blend, and append its objects to the session."""
    stored = app.artifacts.get(params.artifact)
    format = await to_thread.run_sync(incoming.format_of, stored.artifact.name, stored.path)
    if params.up is not None and format not in ("obj", "stl", "ply"):
        raise ValidationFailed(f"{format} files define the axis that points up themselves: leave out up={params.up!r}")
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The size of the file in bytes", stored.artifact.size, "max_import_bytes")
    async with app.stage(None, default="import", suffix=".blend") as staged:
        path = await to_thread.run_sync(incoming.bring, stored.path, stored.artifact.name, format, staged, settings)
        into = str(staged.folder / ".read.blend")
        async with app.worker() as worker:
            read = await worker.send(
                "internal.read",
                {
                    "path": str(path),
                    "format": format,
                    "into": into,
                    "scale": params.scale,
                    "up": params.up,
                    "roots": incoming.readable(app),
                    "trusted": params.trusted,
                },
            )
        taken = await app.send(
            "internal.append",
            {"path": into, "collection": params.collection, "standing": read["standing"]},
            mutates=True,
        )
    warnings = [*read.get("warnings", []), *taken.get("warnings", [])]
    return Imported.model_validate({**taken, "warnings": warnings})


EXPORT_HANDLER = Handler(EXPORT, export_scene)
IMPORT_HANDLER = Handler(IMPORT, import_file)


@router.operation(
    "POST", "/export", EXPORT, errors=(404,), response_model=Success[Exported], responses=file_answers(*FORMATS)
)
async def export(params: ExportParams, request: Request, blender: Blender) -> Any:
    """Write objects to a file: glb, gltf, obj, stl, ply, fbx, usd, abc or blend.

    The file is read back before the answer. With the file's media type in `Accept`, the answer is the bytes themselves.
    """
    result = await blender.call(EXPORT, params)
    return file_or_json(request, result, result.artifact)


@router.operation("POST", "/import", IMPORT, errors=(404, 413, 415), openapi_extra=TRUSTABLE_BODY)
async def import_(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_trustable)],
    options: Annotated[ImportQuery, Query()],
    blender: Blender,
) -> Success[Imported]:
    """Add the contents of a file: an upload (multipart field `file`), or an artifact.

    The suffix of its name determines the format, and its content must match. Blender renames objects whose names are
    in use; the answer has their names.
    """
    params = ImportParams(artifact=file.id, trusted=file.trusted, **options.model_dump(exclude={"trusted"}))
    return Success(await blender.call(IMPORT, params))
