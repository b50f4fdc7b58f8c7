"""Routes that add parametric primitives."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models import primitives as models
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/primitives/box", models.BOX, status_code=201, errors=(404,))
async def create_box(params: models.BoxParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a box with edges of `length` (X), `width` (Y) and `height` (Z), its corner at `location`."""
    return Success(await freecad.call(models.BOX, params))


@router.operation("POST", "/primitives/sphere", models.SPHERE, status_code=201, errors=(404,))
async def create_sphere(params: models.PartSphereParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a sphere of `radius` around `location`, or the part of it between latitudes and around Z."""
    return Success(await freecad.call(models.SPHERE, params))


@router.operation("POST", "/primitives/cylinder", models.CYLINDER, status_code=201, errors=(404,))
async def create_cylinder(params: models.PartCylinderParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a cylinder of `radius` and `height`, standing along Z on `location`; `angle` below 360 makes a sector."""
    return Success(await freecad.call(models.CYLINDER, params))


@router.operation("POST", "/primitives/cone", models.CONE, status_code=201, errors=(404,))
async def create_cone(params: models.PartConeParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a cone from `radius1` at `location` to `radius2` at `height`; equal radii are a cylinder and refused."""
    return Success(await freecad.call(models.CONE, params))


@router.operation("POST", "/primitives/torus", models.TORUS, status_code=201, errors=(404,))
async def create_torus(params: models.PartTorusParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a torus: a tube of `radius2` around a circle of `radius1`, which must not be smaller."""
    return Success(await freecad.call(models.TORUS, params))


@router.operation("POST", "/primitives/prism", models.PRISM, status_code=201, errors=(404,))
async def create_prism(params: models.PrismParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a regular prism with a number of `sides`, standing along Z on `location`."""
    return Success(await freecad.call(models.PRISM, params))


@router.operation("POST", "/primitives/wedge", models.WEDGE, status_code=201, errors=(404,))
async def create_wedge(params: models.WedgeParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a wedge between two rectangles, or between a rectangle and an edge or a point."""
    return Success(await freecad.call(models.WEDGE, params))


@router.operation("POST", "/primitives/ellipsoid", models.ELLIPSOID, status_code=201, errors=(404,))
async def create_ellipsoid(params: models.EllipsoidParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add an ellipsoid around `location` with a radius along Z, X and Y."""
    return Success(await freecad.call(models.ELLIPSOID, params))


@router.operation("POST", "/primitives/helix", models.HELIX, status_code=201, errors=(404,))
async def create_helix(params: models.HelixParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add a helix, a wire of `pitch`, `height` and `radius` to sweep a profile along."""
    return Success(await freecad.call(models.HELIX, params))
