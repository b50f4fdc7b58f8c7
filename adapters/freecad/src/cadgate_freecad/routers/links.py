"""The route that shows an object again in another place."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models.links import CREATE_LINK, LinkParams, LinkPlace
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/objects/{name:name}/links", CREATE_LINK, errors=(404,), status_code=201)
async def create_link(name: str, link: LinkPlace, freecad: FreeCAD) -> Success[PartInfo]:
    """Show an object, a body, a part or a group again at a `location`; the link follows every change of it."""
    params = LinkParams(object=name, **{field: getattr(link, field) for field in link.model_fields_set})
    return Success(await freecad.call(CREATE_LINK, params))


@router.operation("POST", "/links", CREATE_LINK, errors=(404,), status_code=201)
async def create_link_of_object(params: LinkParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Do what `POST /objects/{name}/links` does, for the `object` in the body."""
    return Success(await freecad.call(CREATE_LINK, params))
