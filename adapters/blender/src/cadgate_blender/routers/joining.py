"""The route of joining meshes."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.joining import JOIN, JoinParams
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/objects/join", JOIN, status_code=201, errors=(404, 412))
async def join_objects(params: JoinParams, blender: Blender) -> Success[ObjectInfo]:
    """Make one mesh of several objects, with all their materials.

    The first one stays where it is, and gets the meshes of all, with their modifiers applied; the others are deleted,
    and their children stay where they are. Attributes and UV maps with the same name become one. A warning names what
    the result does not get from an object.
    """
    return Success(await blender.call(JOIN, params))
