"""Routes of sketches."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.sketches import (
    CREATE_SKETCH,
    GET_SKETCH,
    UPDATE_SKETCH,
    SketchChanges,
    SketchInfo,
    SketchParams,
    SketchReference,
    SketchUpdate,
)
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/sketches", CREATE_SKETCH, status_code=201, errors=(404,))
async def create_sketch(params: SketchParams, freecad: FreeCAD) -> Success[SketchInfo]:
    """Draw geometry with constraints in a plane, in a body, or on a flat face, and solve it.

    Constraints that contradict each other or are redundant are 422 `degenerate_result`.
    """
    return Success(await freecad.call(CREATE_SKETCH, params))


@router.operation("GET", "/sketches/{name:name}", GET_SKETCH)
async def get_sketch(name: str, freecad: FreeCAD) -> Success[SketchInfo]:
    """Describe a sketch: geometry, constraints, and how many degrees of freedom are left."""
    return Success(await freecad.call(GET_SKETCH, SketchReference(name=name)))


@router.operation("PATCH", "/sketches/{name:name}", UPDATE_SKETCH, errors=(412,))
async def update_sketch(name: str, changes: SketchChanges, freecad: FreeCAD) -> Success[SketchInfo]:
    """Add geometry and constraints, change dimensions, and recompute everything made from the sketch."""
    params = SketchUpdate(
        name=name,
        geometry=changes.geometry,
        constraints=changes.constraints,
        values=changes.values,
        delete_constraints=changes.delete_constraints,
    )
    return Success(await freecad.call(UPDATE_SKETCH, params))
