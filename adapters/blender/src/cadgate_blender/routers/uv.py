"""Routes of UV maps."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Router, Success
from cadgate_blender.models.uv import GET, UNWRAP, UvInfo, UvMapParams, UvOptions, UvParams, UvQuery
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/objects/{name:name}/uv", GET)
async def get_uv(name: str, query: Annotated[UvQuery, Query()], blender: Blender) -> Success[UvInfo]:
    """Measure a UV map: its pieces, what overlaps, how far it is stretched, how much of the square it covers."""
    return Success(await blender.call(GET, UvMapParams(object=name, map=query.map)))


@router.operation("POST", "/objects/{name:name}/uv", UNWRAP, errors=(412,))
async def unwrap_uv(name: str, options: UvOptions, blender: Blender) -> Success[UvInfo]:
    """Unwrap a mesh, before its modifiers, into the unit square, and measure the result."""
    return Success(await blender.call(UNWRAP, addressed(UvParams, options, object=name)))
