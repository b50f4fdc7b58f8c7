"""Routes of primitive meshes."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.primitives import (
    CIRCLE,
    CONE,
    CUBE,
    CYLINDER,
    EMPTY,
    GRID,
    MONKEY,
    PLANE,
    SPHERE,
    TEXT,
    TORUS,
    CircleParams,
    ConeParams,
    CubeParams,
    CylinderParams,
    EmptyParams,
    GridParams,
    MonkeyParams,
    PlaneParams,
    SphereParams,
    TextParams,
    TorusParams,
)
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/primitives/cube", CUBE, status_code=201, errors=(404, 412))
async def create_cube(params: CubeParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a cube with edges of `size` Blender units, centred on `location`."""
    return Success(await blender.call(CUBE, params))


@router.operation("POST", "/primitives/sphere", SPHERE, status_code=201, errors=(404, 412))
async def create_sphere(params: SphereParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a sphere of quads between poles, or an ico sphere of equal triangles."""
    return Success(await blender.call(SPHERE, params))


@router.operation("POST", "/primitives/cylinder", CYLINDER, status_code=201, errors=(404, 412))
async def create_cylinder(params: CylinderParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a cylinder along Z, centred on `location`."""
    return Success(await blender.call(CYLINDER, params))


@router.operation("POST", "/primitives/cone", CONE, status_code=201, errors=(404, 412))
async def create_cone(params: ConeParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a cone, or with two radii a truncated cone, along Z, centred on `location`."""
    return Success(await blender.call(CONE, params))


@router.operation("POST", "/primitives/torus", TORUS, status_code=201, errors=(404, 412))
async def create_torus(params: TorusParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a ring around Z, centred on `location`."""
    return Success(await blender.call(TORUS, params))


@router.operation("POST", "/primitives/plane", PLANE, status_code=201, errors=(404, 412))
async def create_plane(params: PlaneParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a square in XY that faces up."""
    return Success(await blender.call(PLANE, params))


@router.operation("POST", "/primitives/grid", GRID, status_code=201, errors=(404, 412))
async def create_grid(params: GridParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a square in XY that is divided into rows and columns."""
    return Success(await blender.call(GRID, params))


@router.operation("POST", "/primitives/circle", CIRCLE, status_code=201, errors=(404, 412))
async def create_circle(params: CircleParams, blender: Blender) -> Success[ObjectInfo]:
    """Add a circle in XY: edges only, or filled."""
    return Success(await blender.call(CIRCLE, params))


@router.operation("POST", "/primitives/monkey", MONKEY, status_code=201, errors=(404, 412))
async def create_monkey(params: MonkeyParams, blender: Blender) -> Success[ObjectInfo]:
    """Add Suzanne, Blender's test model."""
    return Success(await blender.call(MONKEY, params))


@router.operation("POST", "/primitives/empty", EMPTY, status_code=201, errors=(404, 412))
async def create_empty(params: EmptyParams, blender: Blender) -> Success[ObjectInfo]:
    """Add an object without geometry: a parent, a target, an axis."""
    return Success(await blender.call(EMPTY, params))


@router.operation("POST", "/primitives/text", TEXT, status_code=201, errors=(404, 412))
async def create_text(params: TextParams, blender: Blender) -> Success[ObjectInfo]:
    """Add text as a curve object, in Blender's own font or one of `/fonts`."""
    return Success(await blender.call(TEXT, params))
