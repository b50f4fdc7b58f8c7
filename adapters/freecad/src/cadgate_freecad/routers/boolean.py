"""Routes of boolean operations on solids."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.boolean import INTERSECT, SUBTRACT, UNION, IntersectParams, SubtractParams, UnionParams
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/boolean/union", UNION, status_code=201, errors=(404,))
async def boolean_union(params: UnionParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Fuse two or more solids into one object; the operands become its hidden inputs."""
    return Success(await freecad.call(UNION, params))


@router.operation("POST", "/boolean/subtract", SUBTRACT, status_code=201, errors=(404,))
async def boolean_subtract(params: SubtractParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Cut `object2` (or all but the first of `objects`) out of `object1`; the operands become its hidden inputs."""
    return Success(await freecad.call(SUBTRACT, params))


@router.operation("POST", "/boolean/intersect", INTERSECT, status_code=201, errors=(404,))
async def boolean_intersect(params: IntersectParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Keep what two or more solids have in common; the operands become its hidden inputs."""
    return Success(await freecad.call(INTERSECT, params))
