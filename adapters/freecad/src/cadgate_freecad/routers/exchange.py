"""Routes that write documents to files and read files into documents."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from cadgate.plugin import (
    TRUSTABLE_BODY,
    Application,
    Handler,
    Router,
    Success,
    UnsupportedFormat,
    Warned,
    file_answers,
    file_or_json,
)
from cadgate_freecad.models.exchange import (
    EXPORT,
    FORMATS,
    IMPORT,
    PartExported,
    PartExportParams,
    PartImported,
    PartImportParams,
)
from cadgate_freecad.routers.dependencies import FreeCAD, FreeCADTrustable
from cadgate_freecad.routers.elsewhere import elsewhere

router = Router()

BY_OTHERS = ("usd", "usdz")
"""What FreeCAD reads by way of another application: its own export writes USDZ, so it must come back."""

INLINE_FACETS = 20_000
"""Meshes of more triangles than this are made in a worker, because FreeCAD answers nobody while it meshes."""


async def _export(app: Application, params: PartExportParams) -> PartExported:
    async with app.stage(params.filepath, default="export", suffix=params.suffix) as staged:
        how: dict[str, Any] = {
            "path": str(staged.path),
            "format": params.format,
            "folder": str(staged.folder / "items"),
            "linear_deflection": params.linear_deflection,
            "angular_deflection": params.angular_deflection,
        }
        chosen = {"objects": params.objects, "verify": params.verify, "inline_facets": INLINE_FACETS}
        answer = await app.send("internal.export", {**how, **chosen})
        if answer.pop("deferred", False):
            how |= {"title": answer.pop("title"), "verify": answer.pop("verify")}
            answer |= await elsewhere(app, "internal.write", how)
        artifact = await staged.commit()
    return PartExported.model_validate({"artifact": artifact, "format": params.format, **answer})


async def _import(app: Application, params: PartImportParams) -> PartImported:
    try:
        return await _read(app, params.artifact, trusted=params.trusted)
    except UnsupportedFormat as refusal:
        if refusal.details.get("kind") not in BY_OTHERS:
            raise
        return await _by_others(app, params.artifact, refusal)


async def _read(app: Application, artifact: str, *, trusted: bool) -> PartImported:
    stored = app.artifacts.get(artifact)
    async with app.stage(None, default="import") as staged:
        how = {"path": str(await staged.bring(stored)), "name": stored.artifact.name, "folder": str(staged.folder)}
        # Importers crash on some files and take minutes on others; neither may affect the session.
        read = await elsewhere(app, "internal.read", {**how, "trusted": trusted})
        made = await app.send("internal.import", {**how, **read}, mutates=True)
    return PartImported.model_validate(made)


async def _by_others(app: Application, artifact: str, refusal: UnsupportedFormat) -> PartImported:
    """Import what another application makes of the file. Raises `refusal` if there is none that can."""
    try:
        converted, warnings = await app.converted(artifact, "glb")
    except UnsupportedFormat as error:
        raise (refusal if "reachable" in error.details else error) from None
    try:
        made = await _read(app, converted.id, trusted=False)
    finally:
        app.artifacts.delete(converted.id, app.context.identity)
    name = app.artifacts.get(artifact).artifact.name
    said = Warned(code="converted", message=f"{name!r} was read by another application, as meshes")
    kind = str(refusal.details["kind"])
    return made.model_copy(update={"format": kind, "warnings": [said, *warnings, *made.warnings]})


EXPORT_HANDLER = Handler(EXPORT, _export)
IMPORT_HANDLER = Handler(IMPORT, _import)


@router.operation(
    "POST", "/export", EXPORT, errors=(404,), response_model=Success[PartExported], responses=file_answers(*FORMATS)
)
async def export_objects(params: PartExportParams, request: Request, freecad: FreeCAD) -> Any:
    """Write objects to a file: exact shapes (STEP, IGES, BREP, FCStd), meshes, or drawings (DXF, SVG from above).

    The file is read back before the answer. With the file's media type in `Accept`, the answer is the bytes themselves.
    """
    result = await freecad.call(EXPORT, params)
    return file_or_json(request, result, result.artifact)


@router.operation("POST", "/import", IMPORT, errors=(404, 413, 415), openapi_extra=TRUSTABLE_BODY)
async def import_file(file: FreeCADTrustable, freecad: FreeCAD) -> Success[PartImported]:
    """Add the contents of a file (an upload or an artifact) to the document; the format is recognised by content.

    STEP, IGES, BREP and DXF become shapes, STL, OBJ, PLY, OFF, 3MF, AMF and glTF meshes; USD and USDZ too, if another
    application reads them (warning `converted`). An FCStd keeps its features, without its code and names of other
    files: `warnings` name them, and `trusted` reads it as it is.
    """
    return Success(await freecad.call(IMPORT, PartImportParams(artifact=file.id, trusted=file.trusted)))
