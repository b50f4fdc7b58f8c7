"""The route of curves."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.splines import CURVE, CurveParams
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/primitives/curve", CURVE, status_code=201, errors=(404, 412))
async def create_curve(params: CurveParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a curve through points: a line, a tube, or a path that objects follow."""
    return Success(await blender.call(CURVE, params))
