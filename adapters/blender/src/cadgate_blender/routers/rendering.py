"""Routes of renders, and how the gateway makes one: a copy of the scene, a worker, a file that is read back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, cast

from anyio import to_thread
from fastapi import Query, Request, Response

from cadgate.plugin import Application, CommandExecutionError, Handler, Router, Success, file_answers, file_or_json
from cadgate_blender import limits
from cadgate_blender.models.rendering import PREVIEW, STILL, PreviewParams, Rendered, RenderParams
from cadgate_blender.routers.blender import Blender
from cadgate_blender.settings import BlenderSettings

router = Router()

GPU_REMEDY = "apt-get install -y libegl1 libgl1-mesa-dri"


def check_size(app: Application, width: int, height: int, samples: int) -> None:
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The longer side of the picture", max(width, height), "max_render_size")
    limits.check(settings, "The number of pixels", width * height, "max_render_pixels")
    limits.check(settings, "The number of samples", samples, "max_samples")


@contextmanager
def without_gpu(engine: str) -> Generator[None]:
    """Say what an engine needs if Blender fails in this block."""
    try:
        yield
    except CommandExecutionError as error:
        if engine != "cycles":
            error.message = f"{error.message}. {engine} needs a GPU, or Mesa's software OpenGL: {GPU_REMEDY}"
            error.details = {**error.details, "engine": engine, "remedy": GPU_REMEDY}
        raise


async def render_still(app: Application, params: RenderParams) -> Rendered:
    """Render a copy of the session in a worker; events on topic `render` report the progress."""
    return await _render(app, params, "render")


async def _render(app: Application, params: RenderParams, default: str) -> Rendered:
    width, height = params.resolution
    check_size(app, width, height, params.samples)
    about = {"request_id": app.context.request_id, "engine": params.engine}

    def progress(data: dict[str, Any]) -> None:
        percent = data.get("percent", 0.0)
        app.publish("render", {**about, "state": "rendering", "percent": percent})
        app.report(percent / 100, "rendering")

    async with app.stage(params.output, default=default, suffix=params.suffix) as staged:
        scene_path = str(staged.folder / ".scene.blend")
        chosen = {"camera": params.camera, "objects": params.objects}
        await app.send("internal.render_scene", {"path": scene_path, **chosen})
        wire = params.model_dump(mode="json", exclude={"output"})
        app.publish("render", {**about, "state": "started", "percent": 0.0})
        try:
            async with app.worker() as worker:
                with without_gpu(params.engine):
                    places = {"scene_path": scene_path, "path": str(staged.path), "place": worker.place}
                    made = await worker.send("internal.render", {**wire, **places}, progress)
            artifact = await staged.commit()
            files = {each.name.rpartition("/")[2]: each for each in await staged.related()} if params.passes else {}
            made["passes"] = {name: files[file] for name, file in made.get("passes", {}).items()}
        except BaseException as error:
            app.publish("render", {**about, "state": "failed", "error": getattr(error, "code", "interrupted")})
            raise
    app.publish("render", {**about, "state": "done", "percent": 100.0, "artifact": artifact.id})
    return Rendered.model_validate({**made, "artifact": artifact, "engine": params.engine, "samples": params.samples})


async def render_preview(app: Application, params: PreviewParams) -> Rendered:
    """Render by Workbench in the requested size."""
    if app.context.door != "rest":
        app.require("write")  # its picture is kept; the route returns the bytes and keeps nothing
    height = params.height or max(4, round(params.width * 9 / 16))
    return await _render(
        app,
        RenderParams(
            output=None,
            resolution=(params.width, height),
            engine="workbench",
            samples=8,
            format="png",
            camera=params.camera,
            frame=None,
            transparent=params.transparent,
            background=None,
            denoise=None,
            objects=params.objects,
            pass_format="exr",
        ),
        "preview",
    )


STILL_HANDLER = Handler(STILL, render_still, works_aside=True)
PREVIEW_HANDLER = Handler(PREVIEW, render_preview, works_aside=True)


@router.operation(
    "POST",
    "/render",
    STILL,
    errors=(404,),
    response_model=Success[Rendered],
    responses=file_answers(".png", ".jpg", ".webp", ".exr"),
)
async def render(params: RenderParams, request: Request, blender: Blender) -> Any:
    """Render the scene as it is now to an image file.

    It runs alongside the session, which keeps answering; events on topic `render` report the progress. Without a camera
    the picture frames all objects, without a light a sun is added; neither stays. With `Accept: image/png` (or the
    format's type), the answer is the bytes themselves. A client that disconnects stops the render.
    """
    result = await blender.call(STILL, params)
    return file_or_json(request, result, result.artifact)


@router.operation(
    "GET",
    "/render/preview",
    PREVIEW,
    errors=(404,),
    response_model=Success[Rendered],
    responses=file_answers(".png", default=True),
)
async def preview(query: Annotated[PreviewParams, Query()], request: Request, blender: Blender) -> Any:
    """Render a quick PNG of the scene by Workbench: materials in their plain colours, studio light.

    The answer is the PNG itself, which is not kept; with `Accept: application/json`, it is the usual result with a kept
    artifact, for which a key needs `write`.
    """
    keep = "application/json" in request.headers.get("accept", "")
    if keep:
        blender.require("write")
    result = await blender.call(PREVIEW, query)
    if keep:
        return Success(result)
    try:
        picture = await to_thread.run_sync(blender.artifacts.get(result.artifact.id).path.read_bytes)
    finally:
        # Do this before the answer, so that nothing is kept when the client has it or has disconnected.
        blender.artifacts.delete(result.artifact.id)
    return Response(
        picture,
        media_type=result.artifact.media_type,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
