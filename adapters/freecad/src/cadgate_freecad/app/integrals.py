"""Volume, area and moments of solids with faces over which OpenCASCADE integrates badly.

OpenCASCADE takes a fixed number of points for each span: too few for rational splines (a cylinder imported as one gets
a volume 0.9 % too large), for faces that are bounded by splines (0.3 % of a cylinder cut by a torus), and for spheres
whose edges pass near a pole (0.08 %). It also takes a boundary with gaps as it is, and is wrong by the gap times its
distance from where the face begins. This module applies the divergence
theorem with as many points as it needs: the integrals over a solid become integrals over its faces, and those over a
face, by Green's theorem, become integrals along its edges in the face's own two coordinates. A result is accepted if
more points give the same, and if the normals of all faces cancel out, as they do around every closed solid, as far as
its edges are sharp.
"""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple, Sequence

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.partners import distinct
from cadgate_freecad.app.quadrature import (
    Grid,
    NotIntegrable,
    Rule,
    area_by_edges,
    is_straight_in,
    loose_ends,
    over_face,
    rule,
)
from cadgate_freecad.app.remembered import Remembered

ORDERS = (5, 8, 12)
"""Points for each span, tried in this order until two results agree."""
AGREE = 2e-5
"""Relative. If two results agree this closely, the error of the better one is about the square of this."""
AS_KERNEL = 5e-7
"""Relative: OpenCASCADE's numbers are used if they are this close."""
CLOSE = 1e-7
"""Relative: how closely two areas along edges must agree."""
SMALL = 2e-5
"""Relative: without better numbers, OpenCASCADE's are called uncertain only above this error."""
CLOSED = 1e-6
"""How far the sum of all faces' normals may be from zero, as a fraction of the area."""
ALIKE = 0.05
"""How far the area may be from OpenCASCADE's, which is never that wrong: beyond this, the edges were misread."""

_CUT_BADLY = ("Part::GeomCone", "Part::GeomCylinder", "Part::GeomPlane", "Part::GeomSphere", "Part::GeomToroid")
NEAR_POLE = 0.7
"""Radians: how near a point of an edge may come to a pole of its sphere. From 0.3 on OpenCASCADE is right to 2e-7, and
the points are up to 0.4 apart."""
_POINTS = 16
"""For so many parts of each edge."""
_SPLINES = ("Part::GeomBSplineSurface", "Part::GeomBezierSurface")
_SPLINE_CURVES = ("Part::GeomBSplineCurve", "Part::GeomBezierCurve")
_OF_CURVES = ("Part::GeomSurfaceOfExtrusion", "Part::GeomSurfaceOfRevolution")


class Sums(NamedTuple):
    """The totals of a shape; the moments are those of its solids, or of its faces if it has no solid."""

    volume: float
    area: float
    center: Any
    """The centre of mass, a vector."""
    inertia: Any | None
    """The inertia matrix about the centre of mass, for a density of 1; None without a solid."""


def of(shape: Any) -> Sums | None:
    """Return the integrals of a shape with badly integrated faces; None for others, or if they cannot be found."""
    return _remembered(shape)[0]


def are_uncertain(shape: Any) -> bool:
    """Return whether OpenCASCADE's numbers are only right to about 1 %, and no better ones could be found."""
    found, needed = _remembered(shape)
    return needed and found is None


def area_of(face: Any) -> float:
    """Return the area of one face, as well as it can be found: see `has_uncertain_area`."""
    try:
        return _area(face)
    except NotIntegrable:
        return float(face.Area)


def has_uncertain_area(face: Any) -> bool:
    """Return whether OpenCASCADE's area of this face is only right to about 1 %, and no better one could be found."""
    try:
        _area(face)
    except NotIntegrable:
        return True
    return False


def _area(face: Any) -> float:
    """Return OpenCASCADE's area of a face, or a better one if that is wrong. Raises NotIntegrable."""
    kernel = face.Area
    if not is_badly_integrated(face):
        return kernel

    def is_right(sums: list[float]) -> bool:
        return abs(sums[0] - kernel) <= AS_KERNEL * kernel

    along_edges = _area_by_edges(face)
    if along_edges is not None:
        return kernel if abs(along_edges - kernel) <= AS_KERNEL * kernel else along_edges
    sums = _refined([face], FreeCAD.Vector(), is_right)
    return kernel if is_right(sums) else sums[0]


def _area_by_edges(face: Any) -> float | None:
    """Return the area of a cylindrical or spherical face by one integral along its edges; None for other surfaces.

    Raises NotIntegrable if more points give another one.
    """
    if face.Surface.TypeId not in ("Part::GeomCylinder", "Part::GeomSphere"):
        return None
    before: float | None = None
    for order in ORDERS:
        area = area_by_edges(face, rule(order))
        if before is not None and abs(area - before) <= CLOSE * area:
            return area
        before = area
    raise NotIntegrable


def _error(face: Any) -> float:
    """Return the relative error of OpenCASCADE's area of a face; its part of a volume is wrong by about as much."""
    if not is_badly_integrated(face):
        return 0.0
    try:
        return abs(_area(face) / face.Area - 1)
    except (NotIntegrable, ZeroDivisionError):
        return math.inf


def is_badly_integrated(face: Any) -> bool:
    """Return whether OpenCASCADE takes too few points for this face."""
    surface = face.Surface
    kind = surface.TypeId
    if kind in _OF_CURVES or (kind in _SPLINES and (surface.isURational() or surface.isVRational())):
        return True
    if kind == "Part::GeomSphere" and _passes_near_pole(face):
        return True
    if loose_ends(face) > 0.0:
        return True
    return _has_hard_edges(face, also_plain=kind in _CUT_BADLY)


def _passes_near_pole(face: Any) -> bool:
    """Return whether an edge of a spherical face, other than a parallel or a meridian, comes near a pole."""
    surface = face.Surface
    center, axis = attributes.of(surface, "Center"), attributes.of(surface, "Axis")
    least = math.cos(NEAR_POLE) * surface.Radius
    for edge in face.Edges:
        if edge.Degenerated or is_straight_in(face, edge):
            continue
        try:
            (low, high), value = edge.ParameterRange, edge.Curve.value
        except (TypeError, RuntimeError):
            continue  # it has no curve
        for part in range(_POINTS + 1):
            if abs((value(low + (high - low) * part / _POINTS) - center).dot(axis)) > least:
                return True
    return False


def _has_hard_edges(face: Any, *, also_plain: bool = False) -> bool:
    """Return whether any edge is a rational spline, or with `also_plain` any spline."""
    for edge in face.Edges:
        try:
            curve = edge.Curve
        except (TypeError, RuntimeError):
            continue  # a degenerated edge has no curve
        if curve.TypeId in _SPLINE_CURVES and (also_plain or curve.isRational()):
            return True
    return False


def _compute(shape: Any) -> tuple[Sums | None, bool]:
    """Return (the integrals, whether they are needed)."""
    faces = shape.Faces
    error = max(map(_error, distinct(faces)), default=0.0)
    if error == 0.0:
        return None, False
    try:
        return (_of_solids(shape) if shape.Solids else _of_faces(faces)), True
    except NotIntegrable:
        return None, error > SMALL


_remembered = Remembered(_compute)


def _of_faces(faces: list[Any]) -> Sums:
    areas = [_area(face) for face in faces]
    whole = sum(areas)
    center = sum(
        (attributes.of(face, "CenterOfMass") * (area / whole) for face, area in zip(faces, areas)), FreeCAD.Vector()
    )
    return Sums(0.0, whole, center, None)


def _of_solids(shape: Any) -> Sums:
    parts = [_solid(solid) for solid in shape.Solids]
    volume = sum(part.volume for part in parts)
    if volume <= 0:
        raise NotIntegrable  # inside out
    center = sum((part.center * (part.volume / volume) for part in parts), FreeCAD.Vector())
    inertia = FreeCAD.Matrix(*([0.0] * 16))
    for part in parts:
        inertia = inertia + _about(part.inertia, part.volume, part.center - center)
    loose = shape.Area - sum(solid.Area for solid in shape.Solids)
    return Sums(volume, sum(part.area for part in parts) + loose, center, inertia)


def _about(inertia: Any, mass: float, arm: Any) -> Any:
    """Return the inertia matrix about a point that is `arm` away from the centre of mass."""
    x, y, z = arm
    return inertia + _matrix(
        mass * (y * y + z * z),
        mass * (x * x + z * z),
        mass * (x * x + y * y),
        -mass * x * y,
        -mass * x * z,
        -mass * y * z,
    )


def _matrix(xx: float, yy: float, zz: float, xy: float, xz: float, yz: float) -> Any:
    return FreeCAD.Matrix(xx, xy, xz, 0.0, xy, yy, yz, 0.0, xz, yz, zz, 0.0, 0.0, 0.0, 0.0, 0.0)


def _solid(solid: Any) -> Sums:
    """Integrate over one solid. Raises NotIntegrable."""
    faces = solid.Faces
    if not any(is_badly_integrated(face) for face in faces):
        return Sums(
            solid.Volume, solid.Area, attributes.of(solid, "CenterOfMass"), attributes.of(solid, "MatrixOfInertia")
        )
    middle = attributes.of(attributes.box(solid), "Center")
    sums = _refined(faces, middle)
    area, volume = sums[0], sums[1] / 3
    unclosed = math.sqrt(sums[11] ** 2 + sums[12] ** 2 + sums[13] ** 2)
    if volume <= 0 or unclosed > CLOSED * area + min(_between_edges(solid), SMALL * area):
        raise NotIntegrable
    first = FreeCAD.Vector(*sums[2:5]) / (4 * volume)
    xx, yy, zz, xy, xz, yz = (moment / 5 for moment in sums[5:11])
    about_middle = _matrix(yy + zz, xx + zz, xx + yy, -xy, -xz, -yz)
    return Sums(volume, area, middle + first, _about(about_middle, -volume, first))


def _between_edges(solid: Any) -> float:
    """Return the most area that can be missing between faces which meet at edges only within their tolerance."""
    return sum(edge.Length * edge.Tolerance for edge in solid.Edges if not edge.Degenerated)


def _refined(faces: Sequence[Any], middle: Any, is_enough: Callable[[list[float]], bool] | None = None) -> list[float]:
    """Return the sums over faces, with as many points as needed, or as `is_enough` asks. Raises NotIntegrable."""
    before: list[float] | None = None
    grid = Grid()
    for order in ORDERS:
        points = rule(order)
        sums = [sum(column, 0.0) for column in zip(*(_face(face, middle, points, grid) for face in faces))]
        if is_enough is not None and is_enough(sums):
            return sums
        if before is not None and all(abs(sums[each] - before[each]) <= AGREE * abs(sums[each]) for each in (0, 1)):
            return sums
        before = sums
    raise NotIntegrable


def _face(face: Any, middle: Any, points: Rule, grid: Grid) -> list[float]:
    """Integrate area, p·n, p(p·n), pp(p·n) and n over a face; p is relative to `middle`, n points outwards."""
    if face.Surface.TypeId == "Part::GeomPlane" and not is_badly_integrated(face):
        return _plane(face, middle)
    sums = over_face(face, middle, points, grid)
    if abs(sums[0] - face.Area) > ALIKE * face.Area:
        raise NotIntegrable
    return sums


def _plane(face: Any, middle: Any) -> list[float]:
    """Return the same sums for a plane, which OpenCASCADE integrates well."""
    area, normal, center = face.Area, face.normalAt(0, 0), attributes.of(face, "CenterOfMass") - middle
    height = center.dot(normal)
    inertia = attributes.of(face, "MatrixOfInertia")
    x, y, z = center
    half = (inertia.A11 + inertia.A22 + inertia.A33) / 2
    seconds = (
        half - inertia.A11 + area * x * x,
        half - inertia.A22 + area * y * y,
        half - inertia.A33 + area * z * z,
        -inertia.A12 + area * x * y,
        -inertia.A13 + area * x * z,
        -inertia.A23 + area * y * z,
    )
    flux = height * area
    return [
        area,
        flux,
        *(flux * each for each in center),
        *(height * each for each in seconds),
        *(area * each for each in normal),
    ]
