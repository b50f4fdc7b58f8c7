"""Routes of the scene and the world, and of saving and opening .blend files."""

from __future__ import annotations

from typing import Annotated, Any, cast

from anyio import to_thread
from fastapi import Depends, Request

from cadgate.plugin import (
    INCOMING_BODY,
    TRUSTABLE_BODY,
    Application,
    Empty,
    Handler,
    IncomingFile,
    Router,
    Success,
    UnsupportedFormat,
    file_answers,
    file_or_json,
)
from cadgate_blender import incoming, limits
from cadgate_blender.models.scene import (
    CLEAR,
    GET,
    OPEN,
    SAVE,
    UPDATE,
    WORLD_GET,
    WORLD_IMAGE,
    WORLD_UPDATE,
    Cleared,
    OpenParams,
    Saved,
    SaveParams,
    SceneInfo,
    ScenePatch,
    WorldImageParams,
    WorldInfo,
    WorldPatch,
)
from cadgate_blender.routers.blender import Blender
from cadgate_blender.routers.pictures import brought
from cadgate_blender.settings import BlenderSettings

router = Router()


@router.operation("GET", "/scene", GET)
async def get_scene(blender: Blender) -> Success[SceneInfo]:
    """Describe the scene, its objects in short, and its settings."""
    return Success(await blender.call(GET, Empty()))


@router.operation("PATCH", "/scene", UPDATE, errors=(404,))
async def update_scene(patch: ScenePatch, blender: Blender) -> Success[SceneInfo]:
    """Change the scene's settings: frames, camera, engine, units."""
    return Success(await blender.call(UPDATE, patch))


@router.operation("DELETE", "/scene", CLEAR)
async def clear_scene(blender: Blender) -> Success[Cleared]:
    """Remove every object, collection and video strip, and all meshes, materials and images that become unused."""
    return Success(await blender.call(CLEAR, Empty()))


@router.operation("GET", "/world", WORLD_GET)
async def get_world(blender: Blender) -> Success[WorldInfo]:
    """Describe the world around the scene."""
    return Success(await blender.call(WORLD_GET, Empty()))


@router.operation("PATCH", "/world", WORLD_UPDATE)
async def update_world(patch: WorldPatch, blender: Blender) -> Success[WorldInfo]:
    """Change the colour and strength of the world around the scene."""
    return Success(await blender.call(WORLD_UPDATE, patch))


# --- files -------------------------------------------------------------------------------------------------------


async def _save(app: Application, params: SaveParams) -> Saved:
    async with app.stage(params.filepath, default="scene", suffix=".blend") as staged:
        await app.send("internal.save", {"path": str(staged.path)})
        return Saved(artifact=await staged.commit())


async def _open(app: Application, params: OpenParams) -> SceneInfo:
    """Let a worker open the file first: a crash there does not cost the session."""
    stored = app.artifacts.get(params.artifact)
    name = stored.artifact.name
    if await to_thread.run_sync(incoming.format_of, name, stored.path) != "blend":
        raise UnsupportedFormat(
            f"The file {name!r} is not a .blend file: POST /import adds other files to the scene",
            details={"name": name},
        )
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The size of the file in bytes", stored.artifact.size, "max_import_bytes")
    async with app.stage(None, default="open", suffix=".blend") as staged:
        path = await to_thread.run_sync(incoming.bring, stored.path, name, "blend", staged, settings)
        into = str(staged.folder / ".read.blend")
        async with app.worker() as worker:
            about = {"path": str(path), "into": into, "roots": incoming.readable(app), "trusted": params.trusted}
            read = await worker.send("internal.read_document", about)
        opened = await app.send("internal.open", {"path": into}, mutates=True)
    return SceneInfo.model_validate({**opened, "warnings": read.get("warnings", [])})


async def _world_image(app: Application, params: WorldImageParams) -> WorldInfo:
    async with brought(app, params.artifact) as (path, name):
        made = await app.send("internal.world_image", {"path": path, "name": name}, mutates=True)
    return WorldInfo.model_validate(made)


SAVE_HANDLER = Handler(SAVE, _save)
OPEN_HANDLER = Handler(OPEN, _open)
WORLD_IMAGE_HANDLER = Handler(WORLD_IMAGE, _world_image)


@router.operation("POST", "/scene/save", SAVE, response_model=Success[Saved], responses=file_answers(".blend"))
async def save_scene(request: Request, blender: Blender, params: SaveParams | None = None) -> Any:
    """Save the whole session as a .blend file, including all images."""
    result = await blender.call(SAVE, params or SaveParams(filepath=None))
    return file_or_json(request, result, result.artifact)


@router.operation("POST", "/scene/open", OPEN, errors=(404, 413, 415), openapi_extra=TRUSTABLE_BODY)
async def open_scene(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_trustable)], blender: Blender
) -> Success[SceneInfo]:
    """Replace the session by a .blend file: an upload or an artifact. What leads out of it or runs code is left out.

    `warnings` name what was left out. `trusted` opens the file as it is, and needs the scope `execute`.
    """
    return Success(await blender.call(OPEN, OpenParams(artifact=file.id, trusted=file.trusted)))


@router.operation("POST", "/world/image", WORLD_IMAGE, errors=(404, 413, 415), openapi_extra=INCOMING_BODY)
async def set_world_image(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_request)], blender: Blender
) -> Success[WorldInfo]:
    """Surround the scene with an equirectangular image: an upload or an artifact."""
    return Success(await blender.call(WORLD_IMAGE, WorldImageParams(artifact=file.artifact.id)))
