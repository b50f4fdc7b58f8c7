"""Routes of primitive meshes."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.primitives import CUBE, CubeParams
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/primitives/cube", CUBE, status_code=201, errors=(404,))
async def create_cube(params: CubeParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a cube with edges of `size` Blender units, centred on `location`."""
    return Success(await blender.call(CUBE, params))
