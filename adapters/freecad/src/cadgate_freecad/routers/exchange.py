"""Routes that write documents to files and read files into documents."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from cadgate.plugin import Application, Handler, Router, Success, file_or_json
from cadgate_freecad.models.exchange import EXPORT, PartExported, PartExportParams
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


async def _export(app: Application, params: PartExportParams) -> PartExported:
    async with app.stage(params.filepath, default="export", suffix=params.suffix) as staged:
        written = await app.send(
            "internal.export",
            {
                "path": str(staged.path),
                "format": params.format,
                "objects": params.objects,
                "linear_deflection": params.linear_deflection,
                "angular_deflection": params.angular_deflection,
            },
        )
        artifact = await staged.commit()
    return PartExported.model_validate({"artifact": artifact, "format": params.format, **written})


EXPORT_HANDLER = Handler(EXPORT, _export)


@router.operation("POST", "/export", EXPORT, errors=(404,), response_model=Success[PartExported])
async def export_objects(params: PartExportParams, request: Request, freecad: FreeCAD) -> Any:
    """Write objects to a file: exact shapes (STEP, IGES, BREP, FCStd), meshes, or drawings (DXF, SVG).

    The file is read back before the answer. `Accept` with the file's media type answers the bytes themselves.
    """
    result = await freecad.call(EXPORT, params)
    return file_or_json(request, result, result.artifact)
