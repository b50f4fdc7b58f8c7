"""Routes of FreeCAD's types, and of objects of any type."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Router, Success
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.types import (
    CREATE_OBJECT,
    GET_TYPE,
    LIST_TYPES,
    ObjectCreation,
    TypeInfo,
    TypeList,
    TypeReference,
    TypeSearch,
)
from cadgate_freecad.routers.dependencies import FreeCAD, FreeCADApplication

router = Router()


@router.operation("GET", "/types", LIST_TYPES)
async def list_types(query: Annotated[TypeSearch, Query()], freecad: FreeCADApplication) -> Success[TypeList]:
    """List the types of objects of all workbenches that work without a window, or find some by words."""
    return Success(await freecad.call(LIST_TYPES, query))


@router.operation("GET", "/types/{type:name}", GET_TYPE, errors=(404,))
async def get_type(type: str, freecad: FreeCADApplication) -> Success[TypeInfo]:
    """Describe a type, with the JSON Schema of its properties."""
    return Success(await freecad.call(GET_TYPE, TypeReference(type=type)))


@router.operation("POST", "/objects", CREATE_OBJECT, status_code=201, errors=(404,))
async def create_object(params: ObjectCreation, freecad: FreeCAD) -> Success[PartInfo]:
    """Add an object of any type, recompute it, and check it as the routes of single types do.

    Types that read or write files or run code are 422 `not_possible`, with the reason and the method that does it.
    """
    return Success(await freecad.call(CREATE_OBJECT, params))
