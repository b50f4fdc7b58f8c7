"""Routes that list, read, change and delete the objects of a document."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import ObjectPage, Response, Router, Success
from cadgate_freecad.models.objects import (
    DELETE_OBJECT,
    DUPLICATE_OBJECT,
    GET_OBJECT,
    LIST_OBJECTS,
    UPDATE_OBJECT,
    PartCopy,
    PartDeleted,
    PartDeletion,
    PartDuplication,
    PartInfo,
    PartListParams,
    PartListQuery,
    PartPatch,
    PartReference,
    PartUpdate,
)
from cadgate_freecad.routers.dependencies import FreeCAD, FreeCADApplication

router = Router()


@router.operation("GET", "/objects", LIST_OBJECTS, errors=(404,), response_model=Success[ObjectPage[PartInfo]])
async def list_objects(query: Annotated[PartListQuery, Query()], freecad: FreeCADApplication) -> Response:
    """List the objects of the document in their order, filtered and in pages."""
    params = PartListParams(**query.model_dump(exclude={"document"}))
    return await freecad.bind(document=query.document).answer(LIST_OBJECTS, params)


@router.operation("GET", "/objects/{name:name}", GET_OBJECT)
async def get_object(name: str, freecad: FreeCAD) -> Success[PartInfo]:
    """Describe one object with its measures (mm, mm², mm³) and its typed properties."""
    return Success(await freecad.call(GET_OBJECT, PartReference(name=name)))


@router.operation("PATCH", "/objects/{name:name}", UPDATE_OBJECT, errors=(412,))
async def update_object(name: str, changes: PartPatch, freecad: FreeCAD) -> Success[PartInfo]:
    """Change label, placement, visibility and properties, and recompute it with everything that depends on it.

    If any of them would become invalid, nothing is changed and the answer is 422 `degenerate_result`.
    """
    params = PartUpdate(name=name, **{field: getattr(changes, field) for field in changes.model_fields_set})
    return Success(await freecad.call(UPDATE_OBJECT, params))


@router.operation("POST", "/objects/{name:name}/duplicate", DUPLICATE_OBJECT, errors=(412,), status_code=201)
async def duplicate_object(name: str, copy: PartCopy, freecad: FreeCAD) -> Success[PartInfo]:
    """Copy an object: on the same inputs, or with copies of everything that it is made from (`inputs`)."""
    params = PartDuplication(object=name, **{field: getattr(copy, field) for field in copy.model_fields_set})
    return Success(await freecad.call(DUPLICATE_OBJECT, params))


@router.operation("DELETE", "/objects/{name:name}", DELETE_OBJECT, errors=(412,))
async def delete_object(
    name: str,
    freecad: FreeCAD,
    cascade: Annotated[bool, Query(description="Also delete what depends on it.")] = False,
) -> Success[PartDeleted]:
    """Delete an object; 409 `conflict` when others depend on it, unless `cascade=true` deletes them too."""
    return Success(await freecad.call(DELETE_OBJECT, PartDeletion(name=name, cascade=cascade)))
