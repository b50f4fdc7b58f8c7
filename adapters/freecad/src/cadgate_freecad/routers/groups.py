"""Routes of groups and parts."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.groups import CREATE_GROUP, UPDATE_GROUP, GroupChange, GroupParams, GroupUpdate
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/groups", CREATE_GROUP, errors=(404,), status_code=201)
async def create_group(params: GroupParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a container with `objects`: a plain `group`, or a `part`, which moves everything in it."""
    return Success(await freecad.call(CREATE_GROUP, params))


@router.operation("PATCH", "/groups/{name:name}", UPDATE_GROUP, errors=(412,))
async def update_group(name: str, change: GroupChange, freecad: FreeCAD) -> Success[PartInfo]:
    """Add objects to a group or part, or remove them; PATCH /objects changes label, place and material."""
    params = GroupUpdate(name=name, **{field: getattr(change, field) for field in change.model_fields_set})
    return Success(await freecad.call(UPDATE_GROUP, params))
