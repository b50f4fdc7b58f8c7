"""Which points a solid holds, and where to look: on both sides of every face. Nothing here raises an AppError.

Every point is a valid question: whatever it lies near, a boolean's result holds it exactly if the operands say so.
Points beside faces are asked because that is where a result that is wrong differs from one that is right.
"""

from __future__ import annotations

from math import atan2, pi, sqrt
from typing import Any, Callable, Iterator

import FreeCAD
import Part

from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.verification import rays
from cadgate_freecad.app.verification.primitives import formula
from cadgate_freecad.app.verification.sides import ELEMENTARY, Facts, Side, facts

ON = 1e-7
"""mm: the tolerance of OpenCASCADE's classifier."""
BESIDE = 1e-3
"""How far beside a face to look, relative to the face's size."""
NEAREST, FARTHEST = 1e-6, 0.1
"""mm: the bounds of that."""
TRIES = 40
"""Points of a face's rectangle of parameters that are tried for one that is on the face."""
GRID = 10
"""Points of a face's rectangle of parameters, each way, that its area is estimated from."""
AREA_SLACK = 0.2
"""Of the rectangle's area: what such an estimate may be off by."""


class Region:
    """The solids of a shape, with their boxes: most points are outside of those, which costs nothing to find out."""

    def __init__(self, shape: Any) -> None:
        known = shape if isinstance(shape, Facts) else facts(shape)
        self.shape = known.shape
        self.is_elementary = known.is_elementary
        self._mesh: Mesh | None = None
        self.solids = known.solids
        self.boxes = known.boxes
        self._tests = [(box, _test(*each)) for each, box in zip(known.solids, self.boxes)]

    def holds(self, point: Any) -> bool:
        """Whether the point lies within any of the solids."""
        return any(box.isInside(point) and test(point) for box, test in self._tests)

    def surely_holds(self, point: Any, deflection: float) -> bool:
        """The same by OpenCASCADE's classifier; by the triangulation beside splines, where that one errs at times.

        The triangulation means something for points that are farther from the surface than `deflection`.
        """
        if self.is_elementary:
            return any(box.isInside(point) and _asked(each, point) for (each, _), box in zip(self.solids, self.boxes))
        if self._mesh is None:
            self._mesh = Mesh(self.shape, deflection)
        return self._mesh.holds(point)

    def touches(self, point: Any, margin: float) -> bool:
        """Whether the point is nearer to the boundary than `margin`, so that no answer about it proves anything."""
        vertex = Part.Vertex(point)
        return any(vertex.distToShape(shell)[0] <= margin for solid, _ in self.solids for shell in solid.Shells)


def _asked(solid: Any, point: Any) -> bool:
    return bool(solid.isInside(point, ON, False))


def _test(solid: Any, sides: list[Side]) -> Callable[[Any], bool]:
    """How to ask a solid whether it holds a point, in the cheapest way."""
    known = formula(solid, sides)
    if known is not None:
        return known
    if not all(side.kind in ELEMENTARY for side in sides):
        return lambda point: _asked(solid, point)

    def crossed(point: Any) -> bool:
        held = rays.holds(sides, point)
        return _asked(solid, point) if held is None else held

    return crossed


class Mesh:
    """Solids as triangles: a point is inside where the surface winds round it, also when that has gaps."""

    def __init__(self, shape: Any, deflection: float) -> None:
        self._surfaces: list[list[tuple[tuple[float, float, float], ...]]] = []
        for solid in shape.Solids:
            points, triangles = solid.copy(True, False).tessellate(deflection)
            corners = [(point.x, point.y, point.z) for point in points]
            self._surfaces.append([(corners[a], corners[b], corners[c]) for a, b, c in triangles])
        self.count = sum(map(len, self._surfaces))

    def holds(self, point: Any) -> bool:
        return any(abs(_winding(surface, point.x, point.y, point.z)) > 0.5 for surface in self._surfaces)


def _winding(surface: list[tuple[tuple[float, float, float], ...]], x: float, y: float, z: float) -> float:
    """How often the triangles go round a point: the sum of their solid angles, by Van Oosterom and Strackee."""
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
    """Up to `count` points of a face (or its `Side`) with its normals there, the same ones each time."""
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
            continue  # at an apex or a pole there is none
        found += 1
        yield side.surface.value(u, v), normal
        if found >= count:
            return


def area_is_plausible(face: Any) -> bool:
    """Whether the area that OpenCASCADE integrates is about that of the face's domain.

    A face whose boundary is wrong can be classified well and have the area, and the share in the volume, of a whole
    sphere.
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
    """Points of the unit square that fill it evenly however many are used (the R2 sequence), near the middle first."""
    return (0.48 + 0.7548776662466927 * number) % 1.0, (0.47 + 0.5698402909980532 * number) % 1.0


def beside(face: Any, count: int, margin: float = 0.0) -> Iterator[tuple[Any, Any]]:
    """Pairs of points at both sides of a face, well outside of `margin` from it."""
    side = face if isinstance(face, Side) else Side(face)
    step = max(4 * margin, min(FARTHEST, max(NEAREST, BESIDE * side.scale())))
    for point, normal in on_face(side, count):
        away = normal * step
        yield point - away, point + away


DEEPER = (1, 4, 16, 64)
"""How many times as far from the face as a point that differs its second look goes."""


def around(point: Any, step: float) -> Iterator[Any]:
    """The point's neighbours, for a second look."""
    for x, y, z in ((1, 0.3, 0.2), (-0.2, 1, 0.3), (0.3, -0.2, -1), (-0.7, -0.6, 0.5)):
        yield point + FreeCAD.Vector(x, y, z) * step
