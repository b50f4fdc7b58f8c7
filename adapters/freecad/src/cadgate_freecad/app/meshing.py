"""Triangles from shapes: estimated first, so that work which would take minutes and gigabytes is refused."""

from __future__ import annotations

from math import acos, pi
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app import attributes, values
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.triangles import Triangles

FAR = 1000.0
"""mm from the origin beyond which a part is meshed near the origin and then moved: meshes have seven digits."""
WELDS = (1e-6, 1e-5, 1e-4)
"""mm within which the ends of triangles are joined if a mesh has gaps."""
ANY = 1e9
"""A deflection with which FreeCAD returns the triangles that are there."""
FINER = ((1.0, 0.6), (0.5, 0.6), (0.5, 0.3))
"""Factors of both deflections, tried in turn if the mesh of a solid has gaps: OpenCASCADE leaves out whole faces."""


def check_limit(items: list[Item], linear: float, angular: float) -> float:
    """Estimate the number of triangles. Raises AppError `limit_exceeded`."""
    total = 0.0
    for item in items:
        faces = _estimates(item, linear, angular)
        if max(faces, default=0) > LIMITS["max_face_facets"]:
            what = f"The estimated number of triangles on one face of {item.name!r}"
            raise limit_exceeded(what, max(faces), LIMITS["max_face_facets"], "max_face_facets")
        total += sum(faces)
    if total > LIMITS["max_facets"]:
        raise limit_exceeded("The estimated number of triangles", total, LIMITS["max_facets"], "max_facets")
    return total + sum(item.mesh.CountFacets for item in items if item.mesh is not None)


def _estimates(item: Item, linear: float, angular: float) -> list[float]:
    """Estimate the triangles of each face of one object, within a factor of about two. A mesh already has them."""
    if item.shape is None:
        return []
    return [_of_face(face, linear, angular) for face in item.shape.Faces]


def _of_face(face: Any, linear: float, angular: float) -> float:
    surface = face.Surface
    kind = surface.TypeId
    low_u, high_u, low_v, high_v = face.ParameterRange
    if kind == "Part::GeomPlane":
        curved = sum(1 for edge in face.Edges if not edge.Degenerated and edge.Curve.TypeId != "Part::GeomLine")
        return len(face.Edges) + curved * 2 * pi / _step(attributes.box(face).DiagonalLength / 2, linear, angular)
    if kind in ("Part::GeomCylinder", "Part::GeomCone"):
        return 5 * (high_u - low_u) / _step(surface.Radius, linear, angular)
    if kind == "Part::GeomToroid":
        around = (high_u - low_u) / _step(surface.MajorRadius + surface.MinorRadius, linear, angular)
        return 6 * around * (high_v - low_v) / _step(surface.MinorRadius, linear, angular)
    radius = getattr(surface, "Radius", None) or attributes.box(face).DiagonalLength / 2
    return 6 * face.Area / max((radius * _step(radius, linear, angular)) ** 2, 1e-12)


def _step(radius: float, linear: float, angular: float) -> float:
    """Return the angle between neighbouring triangles on an arc of `radius` that both deflections allow, radians."""
    by_distance = 2 * acos(1 - linear / radius) if 0 < linear < radius else pi
    return max(min(angular, by_distance), 1e-9)


def triangles_of(item: Item, linear: float, angular: float) -> Triangles:
    """Return the triangles of one object. Raises AppError `degenerate_result` if nothing can be meshed."""
    if item.shape is None:
        return Triangles.of_mesh(item.mesh)
    if not item.shape.Faces:
        raise values.invalid(
            "objects", f"{item.name!r} has no face, so it has no triangles: use STEP, IGES, BREP or DXF"
        )
    triangles = Triangles()
    for part in apart(item.shape):
        triangles.add(_meshed(part, linear, angular))
    if not triangles.facets:
        raise AppError("degenerate_result", f"{item.name!r} gave no triangle", {"name": item.name})
    return triangles


def apart(shape: Any) -> list[Any]:
    """Return the solids one by one if there are several: they may share points and edges, but meshes may not."""
    solids = shape.Solids
    if len(solids) < 2 or sum(len(solid.Faces) for solid in solids) != len(shape.Faces):
        return [shape]
    return solids


def _meshed(shape: Any, linear: float, angular: float) -> Triangles:
    box = attributes.box(shape)
    center = attributes.of(box, "Center")
    is_far = center.Length > max(FAR, 10 * box.DiagonalLength)
    if is_far:
        shape = shape.copy(True, False)
        shape.Placement = FreeCAD.Placement(-center, FreeCAD.Rotation()).multiply(attributes.of(shape, "Placement"))
    triangles = _welded(shape, linear, angular)
    if shape.Solids and triangles.defects()[0]:
        for part_of_linear, part_of_angular in FINER:
            finer = _welded(shape, linear * part_of_linear, angular * part_of_angular)
            if not sum(finer.defects()):
                triangles = finer
                break
    if is_far:
        triangles.move(center.x, center.y, center.z)
    return triangles


def _welded(shape: Any, linear: float, angular: float) -> Triangles:
    """Return the triangles, with small gaps between them closed if it is a solid.

    The shape keeps none of them: its box would be theirs afterwards, even where a face is missing.
    """
    shape = shape.copy(True, False)
    mesh = _mesh_of(shape, linear, angular)
    triangles = Triangles.of_mesh(mesh)
    if shape.Solids:
        for distance in WELDS:
            if not triangles.defects()[0]:
                break
            welded = triangles.welded(min(distance, linear / 10))
            if sum(welded.defects()) < sum(triangles.defects()):
                triangles = welded
    return triangles


def _mesh_of(shape: Any, linear: float, angular: float) -> Any:
    # Its libraries take 60 ms to load, a tenth of FreeCAD's start, and many sessions mesh nothing.
    import MeshPart

    return MeshPart.meshFromShape(Shape=shape, LinearDeflection=linear, AngularDeflection=angular, Relative=False)


def triangulated(shape: Any, linear: float, angular: float) -> tuple[Any, int]:
    """Return a copy that has triangles, for `tessellate` of its faces, and how many faces have none.

    They are finer ones if faces would be left out.
    """
    best: tuple[int, Any] | None = None
    for part_of_linear, part_of_angular in ((1.0, 1.0), *FINER):
        copy = shape.copy(True, False)
        mesh = _mesh_of(copy, linear * part_of_linear, angular * part_of_angular)
        left_out = 0 if shape.Solids and mesh.isSolid() else sum(map(_is_left_out, copy.Faces))
        if best is None or left_out < best[0]:
            best = (left_out, copy)
        if not left_out:
            break
    assert best is not None
    return best[1], best[0]


def _is_left_out(face: Any) -> bool:
    """Return whether triangles cover less than half of a face: even the coarsest round ones cover more."""
    points, facets = face.tessellate(ANY)
    covered = sum(((points[b] - points[a]).cross(points[c] - points[a])).Length for a, b, c in facets) / 2
    return covered < 0.5 * face.Area
