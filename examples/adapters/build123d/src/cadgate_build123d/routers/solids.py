"""Routes of solids."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Deleted, ObjectPage, Page, Router, Success
from cadgate_build123d.models.solids import (
    BOX,
    CYLINDER,
    DELETE,
    GET,
    LIST,
    MESH,
    SPHERE,
    BoxParams,
    CylinderParams,
    MeshInfo,
    MeshParams,
    MeshQuery,
    SolidInfo,
    SolidName,
    SphereParams,
)
from cadgate_build123d.routers.dependencies import Build123d

router = Router()


@router.operation("POST", "/primitives/box", BOX, status_code=201)
async def create_box(params: BoxParams, build123d: Build123d) -> Success[SolidInfo]:
    """Add a box."""
    return Success(await build123d.call(BOX, params))


@router.operation("POST", "/primitives/cylinder", CYLINDER, status_code=201)
async def create_cylinder(params: CylinderParams, build123d: Build123d) -> Success[SolidInfo]:
    """Add a cylinder along Z."""
    return Success(await build123d.call(CYLINDER, params))


@router.operation("POST", "/primitives/sphere", SPHERE, status_code=201)
async def create_sphere(params: SphereParams, build123d: Build123d) -> Success[SolidInfo]:
    """Add a sphere."""
    return Success(await build123d.call(SPHERE, params))


@router.operation("GET", "/objects", LIST)
async def list_objects(page: Annotated[Page, Query()], build123d: Build123d) -> Success[ObjectPage[SolidInfo]]:
    """List the solids."""
    return Success(await build123d.call(LIST, page))


@router.operation("GET", "/objects/{name:name}", GET)
async def get_object(name: str, build123d: Build123d) -> Success[SolidInfo]:
    """Describe one solid."""
    return Success(await build123d.call(GET, SolidName(name=name)))


@router.operation("GET", "/objects/{name:name}/mesh", MESH)
async def measure_mesh(name: str, query: Annotated[MeshQuery, Query()], build123d: Build123d) -> Success[MeshInfo]:
    """Report how large a mesh of this tolerance would be."""
    return Success(await build123d.call(MESH, MeshParams(name=name, **query.model_dump())))


@router.operation("DELETE", "/objects/{name:name}", DELETE, errors=(412,))
async def delete_object(name: str, build123d: Build123d) -> Success[Deleted]:
    """Remove one solid."""
    return Success(await build123d.call(DELETE, SolidName(name=name)))
