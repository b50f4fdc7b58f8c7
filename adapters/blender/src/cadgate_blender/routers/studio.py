"""The route of the studio."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.studio import STUDIO, StudioInfo, StudioParams
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/studio", STUDIO, status_code=201, errors=(404,))
async def set_studio(params: StudioParams, blender: Blender) -> Success[StudioInfo]:
    """Add three lights, a ground and a camera that frames the objects; with `turn`, a turntable.

    A second call replaces what the first one added. The objects themselves do not change.
    """
    return Success(await blender.call(STUDIO, params))
