"""Routes of lights."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.light import CREATE, GET, UPDATE, LightInfo, LightName, LightParams, LightPatch, LightUpdate
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/light", CREATE, status_code=201, errors=(404, 412))
async def create_light(params: LightParams, blender: Blender) -> Success[LightInfo]:
    """Add a point light, a sun, a spot or an area light."""
    return Success(await blender.call(CREATE, params))


@router.operation("GET", "/light/{name:name}", GET)
async def get_light(name: str, blender: Blender) -> Success[LightInfo]:
    """Describe one light with its own settings."""
    return Success(await blender.call(GET, LightName(name=name)))


@router.operation("PATCH", "/light/{name:name}", UPDATE, errors=(412,))
async def update_light(name: str, patch: LightPatch, blender: Blender) -> Success[LightInfo]:
    """Change a light's own settings, or turn it to a point."""
    return Success(await blender.call(UPDATE, addressed(LightUpdate, patch, name=name)))
