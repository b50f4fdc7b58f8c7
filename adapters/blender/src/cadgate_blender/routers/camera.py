"""Routes of cameras."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.camera import (
    CREATE,
    GET,
    UPDATE,
    CameraInfo,
    CameraName,
    CameraParams,
    CameraPatch,
    CameraUpdate,
)
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/camera", CREATE, status_code=201, errors=(404, 412))
async def create_camera(params: CameraParams, blender: Blender) -> Success[CameraInfo]:
    """Add a camera, which renders use from then on unless `active` is false."""
    return Success(await blender.call(CREATE, params))


@router.operation("GET", "/camera/{name:name}", GET)
async def get_camera(name: str, blender: Blender) -> Success[CameraInfo]:
    """Describe one camera with its own settings."""
    return Success(await blender.call(GET, CameraName(name=name)))


@router.operation("PATCH", "/camera/{name:name}", UPDATE, errors=(412,))
async def update_camera(name: str, patch: CameraPatch, blender: Blender) -> Success[CameraInfo]:
    """Change a camera's own settings, or turn it to a point."""
    return Success(await blender.call(UPDATE, addressed(CameraUpdate, patch, name=name)))
