"""Routes of shading, separating, applying transforms and setting origins."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.mesh_operations import (
    APPLY,
    ORIGIN,
    SEPARATE,
    SHADE,
    ApplyOptions,
    ApplyTransformParams,
    OriginOptions,
    OriginParams,
    Separated,
    SeparateOptions,
    SeparateParams,
    ShadeOptions,
    ShadeParams,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/objects/{name:name}/separate", SEPARATE, errors=(412,))
async def separate_object(name: str, options: SeparateOptions, blender: Blender) -> Success[Separated]:
    """Make an object of each connected part of a mesh, or of the faces of each material."""
    return Success(await blender.call(SEPARATE, addressed(SeparateParams, options, name=name)))


@router.operation("POST", "/objects/{name:name}/shade", SHADE, errors=(412,))
async def shade_object(name: str, options: ShadeOptions, blender: Blender) -> Success[ObjectInfo]:
    """Shade a mesh smooth, flat, or smooth except at sharp edges."""
    return Success(await blender.call(SHADE, addressed(ShadeParams, options, name=name)))


@router.operation("POST", "/objects/{name:name}/apply", APPLY, errors=(412,))
async def apply_transform(name: str, options: ApplyOptions, blender: Blender) -> Success[ObjectInfo]:
    """Apply an object's location, rotation and scale to its mesh; its appearance does not change.

    A mesh that other objects share is copied first, with the warning `single_user`.
    """
    return Success(await blender.call(APPLY, addressed(ApplyTransformParams, options, name=name)))


@router.operation("POST", "/objects/{name:name}/origin", ORIGIN, errors=(412,))
async def set_origin(name: str, options: OriginOptions, blender: Blender) -> Success[ObjectInfo]:
    """Move an object's origin to its geometry, its bounding box or a point; its appearance does not change."""
    return Success(await blender.call(ORIGIN, addressed(OriginParams, options, name=name)))
