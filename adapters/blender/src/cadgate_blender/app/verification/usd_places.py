"""Where the meshes of a USD file are, by USD's own modules: Blender does not follow everything that says so."""

from __future__ import annotations

import os
from typing import Any, Iterator, Sequence

import numpy

from cadgate_blender.app import usd_files
from cadgate_blender.app.verification import extents
from cadgate_blender.app.verification.extents import Shape

_NONE = numpy.empty((0, 3), numpy.int64)


def settled(path: str) -> str:
    """Return a file to import instead of `path`, in which every place is relative to the prim above.

    Blender puts what begins its places anew (`!resetXformStack!`) below its parent all the same. A package is returned
    as it is: what it contains cannot be changed here.
    """
    usd, geometry = usd_files.module("Usd"), usd_files.module("UsdGeom")
    stage = usd.Stage.Open(path)
    found = [prim for prim in stage.Traverse() if _begins_anew(prim, geometry)]
    if not found or path.lower().endswith(".usdz"):
        return path
    # Read all of them first: one may be below another one.
    places = [(geometry.Xformable(prim), [*_local(prim, usd, geometry)]) for prim in found]
    for placed, samples in places:
        operation = placed.MakeMatrixXform()
        for time, matrix in samples:
            operation.Set(matrix, time)
    folder, name = os.path.split(path)
    target = os.path.join(folder, "settled-" + name)
    stage.GetRootLayer().Export(target)
    return target


def _begins_anew(prim: Any, geometry: Any) -> bool:
    return prim.IsA(geometry.Xformable) and geometry.Xformable(prim).GetResetXformStack()


def _local(prim: Any, usd: Any, geometry: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the matrix of a prim relative to the one above, at each time when one of them is said anew."""
    times: set[float] = set()
    each = prim
    while each:
        if each.IsA(geometry.Xformable):
            times.update(geometry.Xformable(each).GetTimeSamples())
        each = each.GetParent()
    for time in sorted(times) or [usd.TimeCode.Default()]:
        cache = geometry.XformCache(time)
        outer = cache.GetLocalToWorldTransform(prim.GetParent())
        if outer.GetDeterminant():
            yield time, cache.GetLocalToWorldTransform(prim) * outer.GetInverse()


def shape_of(path: str) -> Shape | None:
    """Return the box of all that the file shows, in metres with Blender's axes; None if it cannot be known from points
    and transforms alone: for what moves, has bones, repeats, or is not a mesh.
    """
    usd, geometry = usd_files.module("Usd"), usd_files.module("UsdGeom")
    stage = usd.Stage.Open(path)
    cache = geometry.XformCache(usd.TimeCode.EarliestTime())
    found: list[Shape | None] = []
    for prim in usd.PrimRange(stage.GetPseudoRoot(), usd.TraverseInstanceProxies()):
        if prim.IsA(geometry.Xformable) and geometry.Xformable(prim).TransformMightBeTimeVarying():
            return None
        if not prim.IsA(geometry.Boundable) or not _is_shown(prim, geometry):
            continue
        if not prim.IsA(geometry.Mesh) or _is_posed(prim):
            return None
        attribute = geometry.Mesh(prim).GetPointsAttr()
        if attribute.ValueMightBeTimeVarying():
            return None
        points = numpy.asarray(attribute.Get(usd.TimeCode.EarliestTime()) or (), numpy.float64).reshape(-1, 3)
        world = numpy.array(cache.GetLocalToWorldTransform(prim))
        found.append(extents.of(points @ world[:3, :3] + world[3, :3], _NONE))
    whole = extents.together(shape for shape in found if shape is not None)
    if whole is None:
        return None
    metres = geometry.GetStageMetersPerUnit(stage)
    is_y_up = geometry.GetStageUpAxis(stage) == geometry.Tokens.y
    return extents.turned(whole, (extents.TO_Y_UP.T if is_y_up else numpy.eye(3)) * metres)


def _is_shown(prim: Any, geometry: Any) -> bool:
    seen = geometry.Imageable(prim)
    return seen.ComputeVisibility() != geometry.Tokens.invisible and seen.ComputePurpose() in _SHOWN


_SHOWN: Sequence[str] = ("default", "render")


def _is_posed(prim: Any) -> bool:
    return prim.HasRelationship("skel:skeleton") or prim.HasRelationship("skel:blendShapeTargets")
