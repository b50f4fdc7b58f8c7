"""Finds which points a solid contains, and chooses points on both sides of every face. Never raises an AppError.

Every point is a valid test: wherever it is, a boolean's result contains it exactly if the operands require it.
Points next to faces are tested because that is where a wrong result differs from a right one.
"""

from __future__ import annotations

from math import atan2, pi, sqrt
from typing import Any, Callable, Iterator, Tuple

import FreeCAD
import Part

from cadgate_freecad.app import meshing
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.verification import rays
from cadgate_freecad.app.verification.primitives import formula
from cadgate_freecad.app.verification.sides import ELEMENTARY, Facts, Side, facts

ANGULAR = 0.5
"""The greatest angle between the triangles of `Mesh`, as FreeCAD has it if nothing is said."""
ON = 1e-7
"""mm: the tolerance of OpenCASCADE's classifier."""
BESIDE = 1e-3
"""The distance from a face at which to test, relative to the face's size."""
NEAREST, FARTHEST = 1e-6, 0.1
"""mm: the bounds of that distance."""
TRIES = 40
"""Points of a face's rectangle of parameters that are tried for one that is on the face."""
GRID = 10
"""Points of a face's rectangle of parameters, each way, from which its area is estimated."""
AREA_SLACK = 0.2
"""A fraction of the rectangle's area: the error of such an estimate."""


Triangle = Tuple[Tuple[float, float, float], ...]


class Region:
    """The solids of a shape, with their boxes: most points are outside these, which is cheap to find out."""

    def __init__(self, shape: Any) -> None:
        known = shape if isinstance(shape, Facts) else facts(shape)
        self.shape = known.shape
        self.is_elementary = known.is_elementary
        self._meshes: dict[float, Mesh] = {}
        self.solids = known.solids
        self.boxes = known.boxes
        tests = [_test(*each) for each in known.solids]
        self.is_quick = all(quick for _, quick in tests)
        """Whether a point is found inside or outside without OpenCASCADE, which takes a millisecond."""
        self._tests = [
            (*(box.XMin, box.YMin, box.ZMin, box.XMax, box.YMax, box.ZMax), test)
            for (test, _), box in zip(tests, self.boxes)
        ]

    def holds(self, point: Any) -> bool:
        """Return whether the point lies within any of the solids."""
        x, y, z = point.x, point.y, point.z
        for low_x, low_y, low_z, high_x, high_y, high_z, test in self._tests:
            if low_x <= x <= high_x and low_y <= y <= high_y and low_z <= z <= high_z and test(point):
                return True
        return False

    def surely_holds(self, point: Any, deflection: float) -> bool:
        """Do the same by OpenCASCADE's classifier; near splines, where it sometimes errs, by the triangulation.

        The triangulation is meaningful for points that are farther from the surface than `deflection`.
        """
        if self.is_elementary:
            return any(box.isInside(point) and _asked(each, point) for (each, _), box in zip(self.solids, self.boxes))
        return self.mesh(deflection).holds(point)

    def mesh(self, deflection: float) -> Mesh:
        """Return the triangulation that is nowhere farther from the surface than `deflection`."""
        if deflection not in self._meshes:
            self._meshes[deflection] = Mesh(self.shape, deflection)
        return self._meshes[deflection]

    def touches(self, point: Any, margin: float) -> bool:
        """Return whether the point is closer to the boundary than `margin`, so that it proves nothing."""
        vertex = Part.Vertex(point)
        return any(vertex.distToShape(shell)[0] <= margin for solid, _ in self.solids for shell in solid.Shells)


def region(known: Facts) -> Region:
    """Return the region of a shape, which is made once: several checks ask the same operands."""
    if known.region is None:
        known.region = Region(known)
    found: Region = known.region
    return found


def _asked(solid: Any, point: Any) -> bool:
    return bool(solid.isInside(point, ON, False))


def _test(solid: Any, sides: list[Side]) -> tuple[Callable[[Any], bool], bool]:
    """Return the cheapest test of whether a solid contains a point, and whether that rarely asks OpenCASCADE."""
    known = formula(solid, sides)
    if known is not None:
        return known, True
    if not all(side.kind in ELEMENTARY for side in sides):
        return lambda point: _asked(solid, point), False

    def crossed(point: Any) -> bool:
        held = rays.holds(sides, point)
        return _asked(solid, point) if held is None else held

    return crossed, True


class Mesh:
    """Solids as triangles: a point is inside if the surface winds round it, even if it has gaps."""

    def __init__(self, shape: Any, deflection: float) -> None:
        self.surfaces: list[list[Triangle]] = []
        """The triangles of each solid."""
        for solid in shape.Solids:
            meshed, _ = meshing.triangulated(solid, deflection, ANGULAR)
            points, triangles = meshed.tessellate(meshing.ANY)
            corners = [(point.x, point.y, point.z) for point in points]
            self.surfaces.append([(corners[a], corners[b], corners[c]) for a, b, c in triangles])
        self.count = sum(map(len, self.surfaces))

    def holds(self, point: Any) -> bool:
        return any(abs(_winding(surface, point.x, point.y, point.z)) > 0.5 for surface in self.surfaces)


def _winding(surface: list[Triangle], x: float, y: float, z: float) -> float:
    """Return how often the triangles go round a point: the sum of their solid angles, by Van Oosterom and Strackee."""
    total = 0.0
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in surface:
        ax, ay, az, bx, by, bz, cx, cy, cz = ax - x, ay - y, az - z, bx - x, by - y, bz - z, cx - x, cy - y, cz - z
        a, b, c = (
            sqrt(ax * ax + ay * ay + az * az),
            sqrt(bx * bx + by * by + bz * bz),
            sqrt(cx * cx + cy * cy + cz * cz),
        )
        volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
        total += atan2(
            volume,
            a * b * c
            + (ax * bx + ay * by + az * bz) * c
            + (bx * cx + by * cy + bz * cz) * a
            + (cx * ax + cy * ay + cz * az) * b,
        )
    return total / (2 * pi)


def on_face(face: Any, count: int) -> Iterator[tuple[Any, Any]]:
    """Yield up to `count` points of a face (or its `Side`) with the normals there, the same ones each time."""
    side = face if isinstance(face, Side) else Side(face)
    low_u, high_u, low_v, high_v = side.range
    found = 0
    for number in range(TRIES):
        a, b = _spread(number)
        u, v = low_u + a * (high_u - low_u), low_v + b * (high_v - low_v)
        if not side.holds_at(u, v):
            continue
        try:
            normal = side.normal_at(u, v)
        except (RuntimeError, ValueError, FreeCADError, Part.OCCError):
            continue  # there is none at an apex or a pole
        found += 1
        yield side.surface.value(u, v), normal
        if found >= count:
            return


def area_is_plausible(face: Any) -> bool:
    """Return whether the area that OpenCASCADE integrates is about that of the face's domain.

    A face with a wrong boundary may pass the classifier and still have the area, and the share of the volume, of a
    whole sphere.
    """
    low_u, high_u, low_v, high_v = face.ParameterRange
    step_u, step_v = (high_u - low_u) / GRID, (high_v - low_v) / GRID
    inside = whole = 0.0
    for i in range(GRID):
        for j in range(GRID):
            u, v = low_u + (i + 0.5) * step_u, low_v + (j + 0.5) * step_v
            along, across = face.derivative1At(u, v)
            cell = along.cross(across).Length * step_u * step_v
            whole += cell
            if face.isPartOfDomain(u, v):
                inside += cell
    return abs(abs(face.Area) - inside) <= AREA_SLACK * whole


def _spread(number: int) -> tuple[float, float]:
    """Return points that fill the unit square evenly, however many are used (R2 sequence), near the middle first."""
    return (0.48 + 0.7548776662466927 * number) % 1.0, (0.47 + 0.5698402909980532 * number) % 1.0


def beside(face: Any, count: int, margin: float = 0.0) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of points on both sides of a face, well outside `margin` from it."""
    side = face if isinstance(face, Side) else Side(face)
    step = max(4 * margin, min(FARTHEST, max(NEAREST, BESIDE * side.scale())))
    for point, normal in on_face(side, count):
        away = normal * step
        yield point - away, point + away


DEEPER = (1, 4, 16, 64)
"""How many times farther from the face a differing point is tested again."""


def around(point: Any, step: float) -> Iterator[Any]:
    """Yield the point's neighbours, for a second test."""
    for x, y, z in ((1, 0.3, 0.2), (-0.2, 1, 0.3), (0.3, -0.2, -1), (-0.7, -0.6, 0.5)):
        yield point + FreeCAD.Vector(x, y, z) * step
