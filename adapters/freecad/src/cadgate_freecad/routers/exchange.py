"""Routes that write documents to files and read files into documents."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from cadgate.plugin import TRUSTABLE_BODY, Application, Handler, Router, Success, file_answers, file_or_json
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
    stored = app.artifacts.get(params.artifact)
    async with app.stage(None, default="import") as staged:
        how = {"path": str(await staged.bring(stored)), "name": stored.artifact.name, "folder": str(staged.folder)}
        # Importers crash on some files and take minutes on others; neither may affect the session.
        read = await elsewhere(app, "internal.read", {**how, "trusted": params.trusted})
        made = await app.send("internal.import", {**how, **read}, mutates=True)
    return PartImported.model_validate(made)


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

    STEP, IGES, BREP and DXF become shapes, STL, OBJ, PLY, OFF, 3MF, AMF and glTF meshes; an FCStd keeps its features,
    without its code and names of other files: `warnings` name them, and `trusted` reads it as it is.
    """
    return Success(await freecad.call(IMPORT, PartImportParams(artifact=file.id, trusted=file.trusted)))
