"""Routes of technical drawings; POST /export with `pdf`, `svg` or `dxf` and the drawing's name writes one."""

from __future__ import annotations

from cadgate.plugin import Deleted, Router, Success
from cadgate_freecad.models.drawings import (
    CREATE_DRAWING,
    DELETE_DRAWING,
    GET_DRAWING,
    LIST_DRAWINGS,
    UPDATE_DRAWING,
    DrawingInfo,
    DrawingList,
    DrawingListParams,
    DrawingParams,
    DrawingPatch,
    DrawingReference,
    DrawingUpdate,
)
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/drawings", CREATE_DRAWING, status_code=201, errors=(404,))
async def create_drawing(params: DrawingParams, freecad: FreeCAD) -> Success[DrawingInfo]:
    """Lay out views of objects on a sheet, with dimensions measured in the model.

    `POST /export` with `pdf`, `svg` or `dxf` and the drawing's name in `objects` writes it.
    """
    return Success(await freecad.call(CREATE_DRAWING, params))


@router.operation("GET", "/drawings", LIST_DRAWINGS, errors=(404,))
async def list_drawings(freecad: FreeCAD) -> Success[DrawingList]:
    """List the drawings of the document, without what is on them."""
    return Success(await freecad.call(LIST_DRAWINGS, DrawingListParams()))


@router.operation("GET", "/drawings/{name:name}", GET_DRAWING)
async def get_drawing(name: str, freecad: FreeCAD) -> Success[DrawingInfo]:
    """Describe a drawing as its objects are now: views, scale, and every dimension; what is gone is named."""
    return Success(await freecad.call(GET_DRAWING, DrawingReference(drawing=name)))


@router.operation("PATCH", "/drawings/{name:name}", UPDATE_DRAWING, errors=(412,))
async def update_drawing(name: str, changes: DrawingPatch, freecad: FreeCAD) -> Success[DrawingInfo]:
    """Change what is on a sheet."""
    params = DrawingUpdate(drawing=name, **{field: getattr(changes, field) for field in changes.model_fields_set})
    return Success(await freecad.call(UPDATE_DRAWING, params))


@router.operation("DELETE", "/drawings/{name:name}", DELETE_DRAWING, errors=(412,))
async def delete_drawing(name: str, freecad: FreeCAD) -> Success[Deleted]:
    """Delete a drawing; its objects stay."""
    return Success(await freecad.call(DELETE_DRAWING, DrawingReference(drawing=name)))
