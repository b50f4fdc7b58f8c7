"""Routes that list a source's parameters."""

from __future__ import annotations

from typing import Annotated

from cadgate.plugin import INCOMING_BODY, Application, Depends, Handler, IncomingFile, Router, Success
from cadgate_openscad.models.parameters import PARAMETERS, ParameterList, ParametersQuery
from cadgate_openscad.routers.dependencies import OpenSCAD
from cadgate_openscad.sources import lay_out, source_of

router = Router()


async def list_parameters(app: Application, params: ParametersQuery) -> ParameterList:
    """Let OpenSCAD read the source, and take the parameters from its result."""
    async with app.stage(None, default="parameters") as staged, app.worker() as worker:
        folder = await lay_out(app, params, staged)
        found = await worker.send("internal.parameters", {"folder": str(folder)})
    return ParameterList.model_validate({**found, "artifact": source_of(app, params)})


PARAMETERS_HANDLER = Handler(PARAMETERS, list_parameters)


@router.operation("POST", "/parameters", PARAMETERS, errors=(404,))
async def parameters(params: ParametersQuery, openscad: OpenSCAD) -> Success[ParameterList]:
    """List the parameters of a source: name, type, default, range or options, group, description.

    It is what OpenSCAD's customizer shows. A source that cannot be read is 422, with OpenSCAD's message and the line.
    """
    return Success(await openscad.call(PARAMETERS, params))


@router.operation("POST", "/sources", PARAMETERS, errors=(404, 413, 415), openapi_extra=INCOMING_BODY, status_code=201)
async def upload_source(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_request)], openscad: OpenSCAD
) -> Success[ParameterList]:
    """Upload a .scad file and get its parameters; /render accepts the artifact's id.

    Upload a source that reads other files to /api/v1/artifacts instead, like these files.
    """
    params = ParametersQuery.model_validate({"artifact": file.artifact.id})
    return Success(await openscad.call(PARAMETERS, params))
