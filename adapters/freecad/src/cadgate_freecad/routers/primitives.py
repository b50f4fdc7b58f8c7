"""Routes that add parametric primitives."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.primitives import BOX, CYLINDER, BoxParams, PartCylinderParams
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/primitives/box", BOX, status_code=201, errors=(404,))
async def create_box(params: BoxParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a box with edges of `length` (X), `width` (Y) and `height` (Z), its corner at `location`."""
    return Success(await freecad.call(BOX, params))


@router.operation("POST", "/primitives/cylinder", CYLINDER, status_code=201, errors=(404,))
async def create_cylinder(params: PartCylinderParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a cylinder of `radius` and `height`, standing along Z on `location`; `angle` below 360 makes a sector."""
    return Success(await freecad.call(CYLINDER, params))
