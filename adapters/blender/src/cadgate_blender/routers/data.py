"""Routes of the properties of Blender's data-blocks, by path."""

from __future__ import annotations

from cadgate.plugin import Empty, Router, Success
from cadgate_blender.models.data import (
    CREATE_DATA,
    DELETE_DATA,
    GET_DATA,
    LIST_DATA,
    UPDATE_DATA,
    DataChange,
    DataCollections,
    DataCreated,
    DataCreation,
    DataDeleted,
    DataItem,
    DataItemReference,
    DataReference,
    DataUpdate,
    DataValue,
)
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()
_SLASH = "\ufdd0"
"""A slash within a name, as the gate hands it on."""


def _steps(path: str) -> list[str]:
    return [step.replace(_SLASH, "/") for step in path.strip("/").split("/")]


@router.operation("GET", "/data", LIST_DATA)
async def list_data(blender: Blender) -> Success[DataCollections]:
    """List the collections of the document, in which paths begin."""
    return Success(await blender.call(LIST_DATA, Empty()))


@router.operation("GET", "/data/{path:path}", GET_DATA, errors=(404,))
async def get_data(path: str, blender: Blender) -> Success[DataValue]:
    """Read any property of any data-block, a structure, or the names in a collection."""
    return Success(await blender.call(GET_DATA, DataReference(path=_steps(path))))


@router.operation("PATCH", "/data/{path:path}", UPDATE_DATA, errors=(404, 409, 412))
async def update_data(path: str, change: DataChange, blender: Blender) -> Success[DataValue]:
    """Set a property, checked by Blender's own type, and read it back; what names files or code is refused."""
    return Success(await blender.call(UPDATE_DATA, addressed(DataUpdate, change, path=_steps(path))))


@router.operation("POST", "/data/{path:path}", CREATE_DATA, status_code=201, errors=(404, 409, 412))
async def create_data(path: str, item: DataItem, blender: Blender) -> Success[DataCreated]:
    """Add an item to a collection that allows it; a new object is linked to the scene."""
    return Success(await blender.call(CREATE_DATA, addressed(DataCreation, item, path=_steps(path))))


@router.operation("DELETE", "/data/{path:path}", DELETE_DATA, errors=(404, 412))
async def delete_data(path: str, blender: Blender) -> Success[DataDeleted]:
    """Remove an item from a collection that allows it."""
    return Success(await blender.call(DELETE_DATA, DataItemReference(path=_steps(path))))
