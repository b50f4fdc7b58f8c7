"""The route of renders, and how one is made: a folder, a worker, an OpenSCAD, a file that is read back."""

from __future__ import annotations

from typing import Any, cast

from cadgate.plugin import Application, Handler, LimitExceeded, Request, Router, Success, file_answers, file_or_json
from cadgate_openscad.models.rendering import RENDER, Picture, Rendered, RenderParams
from cadgate_openscad.routers.dependencies import OpenSCAD
from cadgate_openscad.settings import OpenSCADSettings
from cadgate_openscad.sources import lay_out

router = Router()
SUFFIXES = (".stl", ".3mf", ".amf", ".svg", ".dxf", ".png")


async def render_source(app: Application, params: RenderParams) -> Rendered:
    """Render in a worker. A deadline, or a client that disconnects, ends the worker and OpenSCAD with it."""
    picture = _checked(app, params)
    about = {"request_id": app.context.request_id, "format": params.format}

    def report(data: dict[str, Any]) -> None:
        app.publish("render", {**about, "state": "rendering", **data})

    async with app.stage(params.filepath, default="model", suffix=f".{params.format}") as staged:
        folder = await lay_out(app, params, staged)
        wire = {
            "folder": str(folder),
            "path": str(staged.path),
            "format": params.format,
            "parameters": params.parameters,
            "picture": None if picture is None else picture.model_dump(mode="json"),
        }
        app.publish("render", {**about, "state": "started"})
        try:
            async with app.worker() as worker:
                made = await worker.send("internal.render", wire, report)
            artifact = await staged.commit()
        except BaseException as error:
            app.publish("render", {**about, "state": "failed", "error": getattr(error, "code", "interrupted")})
            raise
    app.publish("render", {**about, "state": "done", "artifact": artifact.id})
    return Rendered.model_validate(
        {**made, "artifact": artifact, "format": params.format, "parameters": params.parameters}
    )


def _checked(app: Application, params: RenderParams) -> Picture | None:
    """Return the settings of the picture, if it is one. Raises LimitExceeded."""
    if params.format != "png":
        return None
    picture = params.picture or Picture.model_validate({})
    width, height = picture.resolution
    limit = cast("OpenSCADSettings", app.settings).max_picture_pixels
    if width * height > limit:
        raise LimitExceeded(
            f"The number of pixels is {width * height}, above the limit of {limit}; the setting is max_picture_pixels",
            details={"limit": "max_picture_pixels", "value": width * height, "maximum": limit},
        )
    return picture


RENDER_HANDLER = Handler(RENDER, render_source)


@router.operation(
    "POST",
    "/render",
    RENDER,
    errors=(404,),
    response_model=Success[Rendered],
    responses=file_answers(*SUFFIXES),
)
async def render(params: RenderParams, request: Request, openscad: OpenSCAD) -> Any:
    """Make a file of a source: a solid (stl, 3mf, off, amf, csg), a drawing (svg, dxf) or a picture (png).

    `parameters` override what the customizer shows; they are checked against it first. The file is read back before
    the answer. With the file's media type in `Accept`, the answer is the bytes. A client that disconnects stops it.
    Events on topic `render` have what OpenSCAD prints meanwhile.
    """
    result = await openscad.call(RENDER, params)
    return file_or_json(request, result, result.artifact)
