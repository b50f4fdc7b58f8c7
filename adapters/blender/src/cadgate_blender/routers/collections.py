"""Routes of collections."""

from __future__ import annotations

from cadgate.plugin import Deleted, Empty, Router, Success
from cadgate_blender.models.collections import (
    CREATE,
    DELETE,
    GET,
    INSTANCE,
    LIST,
    MOVE,
    CollectionInfo,
    CollectionList,
    CollectionName,
    CollectionParams,
    InstanceBody,
    InstanceParams,
    MoveBody,
    MoveParams,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/collections", LIST)
async def list_collections(blender: Blender) -> Success[CollectionList]:
    """List every collection, the scene's own first."""
    return Success(await blender.call(LIST, Empty()))


@router.operation("POST", "/collections", CREATE, status_code=201, errors=(404,))
async def create_collection(params: CollectionParams, blender: Blender) -> Success[CollectionInfo]:
    """Create a collection in the scene's tree."""
    return Success(await blender.call(CREATE, params))


@router.operation("GET", "/collections/{name:name}", GET)
async def get_collection(name: str, blender: Blender) -> Success[CollectionInfo]:
    """Describe one collection."""
    return Success(await blender.call(GET, CollectionName(name=name)))


@router.operation("DELETE", "/collections/{name:name}", DELETE)
async def delete_collection(name: str, blender: Blender) -> Success[Deleted]:
    """Delete a collection; its objects stay, in the scene's own collection if they are in no other."""
    return Success(await blender.call(DELETE, CollectionName(name=name)))


@router.operation("POST", "/collections/{name:name}/objects", MOVE)
async def move_objects(name: str, body: MoveBody, blender: Blender) -> Success[CollectionInfo]:
    """Add objects to a collection, and remove them from their others unless `keep` is true."""
    return Success(await blender.call(MOVE, addressed(MoveParams, body, name=name)))


@router.operation("POST", "/collections/{name:name}/instances", INSTANCE, status_code=201, errors=(404, 412))
async def add_instance(name: str, body: InstanceBody, blender: Blender) -> Success[ObjectInfo]:
    """Show a collection again at another place: an empty, which follows whatever changes in the collection."""
    return Success(await blender.call(INSTANCE, addressed(InstanceParams, body, source=name)))
