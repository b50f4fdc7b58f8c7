"""Routes of objects."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Deleted, ObjectPage, Response, Router, Success
from cadgate_blender.models.objects import (
    DELETE,
    DUPLICATE,
    GET,
    LIST,
    UPDATE,
    DuplicateOptions,
    DuplicateParams,
    ObjectInfo,
    ObjectName,
    ObjectPatch,
    ObjectQuery,
    ObjectUpdate,
)
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/objects", LIST, response_model=Success[ObjectPage[ObjectInfo]])
async def list_objects(query: Annotated[ObjectQuery, Query()], blender: Blender) -> Response:
    """List objects in order of name, all or by `type` and `name`."""
    return await blender.answer(LIST, query)


@router.operation("GET", "/objects/{name:name}", GET)
async def get_object(name: str, blender: Blender) -> Success[ObjectInfo]:
    """Describe one object."""
    return Success(await blender.call(GET, ObjectName(name=name)))


@router.operation("DELETE", "/objects/{name:name}", DELETE, errors=(412,))
async def delete_object(name: str, blender: Blender) -> Success[Deleted]:
    """Delete an object, and its mesh, light or camera data if nothing else uses them; children stay where they are."""
    return Success(await blender.call(DELETE, ObjectName(name=name)))


@router.operation("PATCH", "/objects/{name:name}", UPDATE, errors=(412,))
async def update_object(name: str, patch: ObjectPatch, blender: Blender) -> Success[ObjectInfo]:
    """Rename, move, turn, scale, parent, show or hide an object."""
    return Success(await blender.call(UPDATE, addressed(ObjectUpdate, patch, name=name, renames={"name": "new_name"})))


@router.operation("POST", "/objects/{name:name}/duplicate", DUPLICATE, errors=(412,), status_code=201)
async def duplicate_object(name: str, copy: DuplicateOptions, blender: Blender) -> Success[ObjectInfo]:
    """Copy an object with its modifiers and materials."""
    return Success(await blender.call(DUPLICATE, addressed(DuplicateParams, copy, object=name)))
