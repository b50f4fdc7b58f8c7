"""Routes of modelling operations."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_freecad.models import features as models
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()


@router.operation("POST", "/features/fillet", models.FILLET, status_code=201, errors=(404,))
async def create_fillet(params: models.FilletParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Round edges with a `radius`; the edges are chosen by name or by geometry."""
    return Success(await freecad.call(models.FILLET, params))


@router.operation("POST", "/features/chamfer", models.CHAMFER, status_code=201, errors=(404,))
async def create_chamfer(params: models.ChamferParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Bevel edges by `size`; the edges are chosen by name or by geometry."""
    return Success(await freecad.call(models.CHAMFER, params))


@router.operation("POST", "/features/extrude", models.EXTRUDE, status_code=201, errors=(404,))
async def create_extrusion(params: models.ExtrudeParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Pull a sketch, face or wire along its normal or a direction."""
    return Success(await freecad.call(models.EXTRUDE, params))


@router.operation("POST", "/features/revolve", models.REVOLVE, status_code=201, errors=(404,))
async def create_revolution(params: models.RevolveParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Turn a sketch, face or wire around an axis."""
    return Success(await freecad.call(models.REVOLVE, params))


@router.operation("POST", "/features/loft", models.LOFT, status_code=201, errors=(404,))
async def create_loft(params: models.LoftParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Make a skin or a solid through two or more profiles."""
    return Success(await freecad.call(models.LOFT, params))


@router.operation("POST", "/features/sweep", models.SWEEP, status_code=201, errors=(404,))
async def create_sweep(params: models.SweepParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Pull profiles along the edges of a path."""
    return Success(await freecad.call(models.SWEEP, params))


@router.operation("POST", "/features/mirror", models.MIRROR, status_code=201, errors=(404,))
async def create_mirror(params: models.MirrorParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Add the mirror image of an object."""
    return Success(await freecad.call(models.MIRROR, params))


@router.operation("POST", "/features/thickness", models.THICKNESS, status_code=201, errors=(404,))
async def create_thickness(params: models.ThicknessParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Hollow a solid out to walls of a `thickness`, open at the chosen faces."""
    return Success(await freecad.call(models.THICKNESS, params))


@router.operation("POST", "/features/offset", models.OFFSET, status_code=201, errors=(404,))
async def create_offset(params: models.OffsetParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Grow or shrink a shape by a distance."""
    return Success(await freecad.call(models.OFFSET, params))


@router.operation("POST", "/features/linear_pattern", models.LINEAR_PATTERN, status_code=201, errors=(404,))
async def create_linear_pattern(params: models.LinearPatternParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Repeat an object along a line (Draft's orthogonal array)."""
    return Success(await freecad.call(models.LINEAR_PATTERN, params))


@router.operation("POST", "/features/polar_pattern", models.POLAR_PATTERN, status_code=201, errors=(404,))
async def create_polar_pattern(params: models.PolarPatternParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Repeat an object around an axis (Draft's polar array)."""
    return Success(await freecad.call(models.POLAR_PATTERN, params))


@router.operation("POST", "/features/section", models.SECTION, status_code=201, errors=(404,))
async def create_section(params: models.SectionParams, freecad: FreeCAD) -> Success[PartInfo]:
    """Cut an object with a plane or another object, as wires."""
    return Success(await freecad.call(models.SECTION, params))
