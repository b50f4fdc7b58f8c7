"""Routes of booleans and fillets."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_build123d.models.operations import BOOLEAN, FILLET, BooleanParams, Fillet, FilletParams
from cadgate_build123d.models.solids import SolidInfo
from cadgate_build123d.routers.dependencies import Build123d

router = Router()


@router.operation("POST", "/booleans", BOOLEAN, status_code=201, errors=(404,))
async def create_boolean(params: BooleanParams, build123d: Build123d) -> Success[SolidInfo]:
    """Make a solid of others: fuse, cut or common. An event on topic `build` reports it."""
    return Success(await build123d.call(BOOLEAN, params))


@router.operation("POST", "/objects/{name:name}/fillet", FILLET, errors=(412,))
async def fillet_object(name: str, params: Fillet, build123d: Build123d) -> Success[SolidInfo]:
    """Round edges of a solid. An event on topic `build` reports it."""
    return Success(await build123d.call(FILLET, FilletParams(name=name, **params.model_dump())))
