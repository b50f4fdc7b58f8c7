"""Routes of materials."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from cadgate.plugin import INCOMING_BODY, Application, Deleted, Handler, IncomingFile, Page, Router, Success
from cadgate_blender.models.materials import (
    APPLY,
    CREATE,
    DELETE,
    GET,
    LIST,
    REMOVE_TEXTURE,
    TEXTURE,
    UPDATE,
    ApplyParams,
    MaterialInfo,
    MaterialName,
    MaterialPage,
    MaterialParams,
    MaterialPatch,
    MaterialUpdate,
    TextureParams,
    TextureQuery,
    TextureSlotParams,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender
from cadgate_blender.routers.pictures import brought

router = Router()


@router.operation("POST", "/materials", CREATE, errors=(412,), status_code=201)
async def create_material(params: MaterialParams, blender: Blender) -> Success[MaterialInfo]:
    """Create a material with a Principled BSDF."""
    return Success(await blender.call(CREATE, params))


@router.operation("GET", "/materials", LIST)
async def list_materials(query: Annotated[Page, Query()], blender: Blender) -> Success[MaterialPage]:
    """List materials in order of name."""
    return Success(await blender.call(LIST, query))


@router.operation("POST", "/materials/apply", APPLY, errors=(404, 412))
async def apply_material(params: ApplyParams, blender: Blender) -> Success[ObjectInfo]:
    """Assign a material to a slot of an object."""
    return Success(await blender.call(APPLY, params))


@router.operation("GET", "/materials/{name:name}", GET)
async def get_material(name: str, blender: Blender) -> Success[MaterialInfo]:
    """Describe one material."""
    return Success(await blender.call(GET, MaterialName(name=name)))


@router.operation("PATCH", "/materials/{name:name}", UPDATE, errors=(412,))
async def update_material(name: str, patch: MaterialPatch, blender: Blender) -> Success[MaterialInfo]:
    """Rename a material, or change its values."""
    params = addressed(MaterialUpdate, patch, name=name, renames={"name": "new_name"})
    return Success(await blender.call(UPDATE, params))


@router.operation("DELETE", "/materials/{name:name}", DELETE, errors=(412,))
async def delete_material(name: str, blender: Blender) -> Success[Deleted]:
    """Delete a material; its slots become empty."""
    return Success(await blender.call(DELETE, MaterialName(name=name)))


async def _texture(app: Application, params: TextureParams) -> MaterialInfo:
    async with brought(app, params.artifact) as (path, name):
        made = await app.send(
            "internal.texture",
            {"path": path, "name": name, "material": params.material, "slot": params.slot},
            mutates=True,
        )
    return MaterialInfo.model_validate(made)


TEXTURE_HANDLER = Handler(TEXTURE, _texture)


@router.operation(
    "POST", "/materials/{name:name}/texture", TEXTURE, errors=(412, 413, 415), openapi_extra=INCOMING_BODY
)
async def set_texture(
    name: str,
    file: Annotated[IncomingFile, Depends(IncomingFile.of_request)],
    options: Annotated[TextureQuery, Query()],
    blender: Blender,
) -> Success[MaterialInfo]:
    """Use an image, an upload or an artifact, for one value of a material: its colour, roughness, normal …"""
    params = TextureParams(material=name, artifact=file.artifact.id, slot=options.slot)
    return Success(await blender.call(TEXTURE, params))


@router.operation("DELETE", "/materials/{name:name}/texture", REMOVE_TEXTURE, errors=(412,))
async def remove_texture(
    name: str, options: Annotated[TextureQuery, Query()], blender: Blender
) -> Success[MaterialInfo]:
    """Remove the image from a slot; the value that it was multiplied by stays."""
    return Success(await blender.call(REMOVE_TEXTURE, TextureSlotParams(material=name, slot=options.slot)))
