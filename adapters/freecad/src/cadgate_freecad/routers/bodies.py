"""Routes of PartDesign: bodies, pads and pockets."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.bodies import (
    CREATE_BODY,
    HOLE,
    PAD,
    POCKET,
    BodyParams,
    HoleParams,
    PadParams,
    PocketParams,
)
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/bodies", CREATE_BODY, status_code=201, errors=(404,))
async def create_body(params: BodyParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add an empty body, which sketches, pads and pockets build up to one solid."""
    return Success(await freecad.call(CREATE_BODY, params))


@router.operation("POST", "/features/pad", PAD, status_code=201, errors=(404,))
async def create_pad(params: PadParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add material of a `length` above a sketch of a body; the volume is that of the whole body."""
    return Success(await freecad.call(PAD, params))


@router.operation("POST", "/features/pocket", POCKET, status_code=201, errors=(404,))
async def create_pocket(params: PocketParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Remove material below a sketch of a body, to a `length` or through all; the volume is the whole body's."""
    return Success(await freecad.call(POCKET, params))


@router.operation("POST", "/features/hole", HOLE, status_code=201, errors=(404,))
async def create_hole(params: HoleParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Drill a hole for each circle of a sketch of a body, plain, counterbored or countersunk."""
    return Success(await freecad.call(HOLE, params))
