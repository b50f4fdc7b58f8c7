"""Routes of objects."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Deleted, ObjectPage, Router, Success
from cadgate_blender.models.objects import DELETE, GET, LIST, ObjectInfo, ObjectName, ObjectQuery
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/objects", LIST)
async def list_objects(query: Annotated[ObjectQuery, Query()], blender: Blender) -> Success[ObjectPage[ObjectInfo]]:
    """List objects in order of name, all or by `type` and `name`."""
    return Success(await blender.call(LIST, query))


@router.operation("GET", "/objects/{name:name}", GET)
async def get_object(name: str, blender: Blender) -> Success[ObjectInfo]:
    """Describe one object."""
    return Success(await blender.call(GET, ObjectName(name=name)))


@router.operation("DELETE", "/objects/{name:name}", DELETE, errors=(412,))
async def delete_object(name: str, blender: Blender) -> Success[Deleted]:
    """Delete an object, and its mesh, light or camera data if nothing else uses them; children stay where they are."""
    return Success(await blender.call(DELETE, ObjectName(name=name)))
