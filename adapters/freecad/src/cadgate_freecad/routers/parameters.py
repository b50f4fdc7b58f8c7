"""Routes of the named values of a document."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.parameters import (
    GET_PARAMETERS,
    SET_PARAMETERS,
    UPDATE_PARAMETERS,
    ParameterChanges,
    ParametersInfo,
    ParametersPatch,
    ParametersPut,
    ParametersReference,
    ParameterTable,
)
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("GET", "/parameters", GET_PARAMETERS, errors=(404,))
async def get_parameters(freecad: FreeCAD) -> Success[ParametersInfo]:
    """List the named values of the document, which expressions refer to as `Parameters.width`."""
    return Success(await freecad.call(GET_PARAMETERS, ParametersReference()))


@router.operation("PUT", "/parameters", SET_PARAMETERS, errors=(404, 409))
async def set_parameters(table: ParameterTable, freecad: FreeCAD) -> Success[ParametersInfo]:
    """Set parameters by name, each as a whole, and recompute what uses them; null removes one, the others stay.

    A unit that does not fit, a circle and an unknown name are 422; `details.chain` names how one leads to the other.
    """
    return Success(await freecad.call(SET_PARAMETERS, ParametersPut(parameters=table.root)))


@router.operation("PATCH", "/parameters", UPDATE_PARAMETERS, errors=(404, 409))
async def update_parameters(changes: ParameterChanges, freecad: FreeCAD) -> Success[ParametersInfo]:
    """Change parameters by name, field by field: a new `value` keeps unit and description."""
    return Success(await freecad.call(UPDATE_PARAMETERS, ParametersPatch(parameters=changes.root)))
