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

    The first one stays where it is, and has the meshes of all, their modifiers applied; the others are gone, and their
    children stay where they are. Attributes and UV maps of one name become one. What the others had and the result
    has not is a warning.
    """
    return Success(await blender.call(JOIN, params))
