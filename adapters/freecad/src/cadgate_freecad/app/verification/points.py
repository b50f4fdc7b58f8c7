"""Which points a solid holds, and where to look: on both sides of every face. Nothing here raises an AppError.

Every point is a valid question: whatever it lies near, a boolean's result holds it exactly if the operands say so.
Points beside faces are asked because that is where a result that is wrong differs from one that is right.
"""

from __future__ import annotations

from math import atan2, pi, sqrt
from typing import Any, Iterator

import FreeCAD
import Part

from cadgate_freecad.app.verification.primitives import formula

ON = 1e-7
"""mm: the tolerance of OpenCASCADE's classifier."""
BESIDE = 1e-3
"""How far beside a face to look, relative to the face's size."""
NEAREST, FARTHEST = 1e-6, 0.1
"""mm: the bounds of that."""
TRIES = 40
"""Points of a face's rectangle of parameters that are tried for one that is on the face."""
ELEMENTARY = (
    "Part::GeomPlane",
    "Part::GeomCylinder",
    "Part::GeomCone",
    "Part::GeomSphere",
)
GRID = 10
"""Points of a face's rectangle of parameters, each way, that its area is estimated from."""
AREA_SLACK = 0.2
"""Of the rectangle's area: what such an estimate may be off by."""


class Region:
    """The solids of a shape, with their boxes: most points are outside of those, which costs nothing to find out."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape
        self.is_elementary = shape is None or shape.isNull() or is_elementary(shape)
        self._mesh: Mesh | None = None
        solids = [] if shape is None or shape.isNull() else shape.Solids
        self.solids = [(each, _wide(each.BoundBox)) for each in solids]
        self._tests = [
            (box, formula(solid) or (lambda point, solid=solid: solid.isInside(point, ON, False)))
            for solid, box in self.solids
        ]

    def holds(self, point: Any) -> bool:
        """Whether the point lies within any of the solids."""
        return any(box.isInside(point) and test(point) for box, test in self._tests)

    def surely_holds(self, point: Any, deflection: float) -> bool:
        """The same by the triangulation, where OpenCASCADE's classifier errs at times: beside splines.

        Means something for points that are farther from the surface than `deflection`.
        """
        if self.is_elementary:
            return self.holds(point)
        if self._mesh is None:
            self._mesh = Mesh(self.shape, deflection)
        return self._mesh.holds(point)

    def touches(self, point: Any, margin: float) -> bool:
        """Whether the point is nearer to the boundary than `margin`, so that no answer about it proves anything."""
        vertex = Part.Vertex(point)
        return any(vertex.distToShape(shell)[0] <= margin for solid, _ in self.solids for shell in solid.Shells)


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


def _wide(box: Any) -> Any:
    box.enlarge(1e-6)
    return box


def is_elementary(shape: Any) -> bool:
    """Whether all faces lie on planes, cylinders, cones and spheres, whose sections OpenCASCADE knows best."""
    return all(face.Surface.TypeId in ELEMENTARY for face in shape.Faces)


def is_flat(shape: Any) -> bool:
    """Whether all faces are flat and all edges straight: their volumes are exact."""
    return all(face.Surface.TypeId == "Part::GeomPlane" for face in shape.Faces) and not any(
        edge.Degenerated or edge.Curve.TypeId != "Part::GeomLine" for edge in shape.Edges
    )


def on_face(face: Any, count: int) -> Iterator[tuple[Any, Any]]:
    """Up to `count` points of a face with its normals there, the same ones each time."""
    low_u, high_u, low_v, high_v = face.ParameterRange
    found = 0
    for number in range(TRIES):
        a, b = _spread(number)
        u, v = low_u + a * (high_u - low_u), low_v + b * (high_v - low_v)
        if not face.isPartOfDomain(u, v):
            continue
        try:
            normal = face.normalAt(u, v)
        except (RuntimeError, ValueError, FreeCAD.Base.FreeCADError, Part.OCCError):
            continue  # at an apex or a pole there is none
        found += 1
        yield face.valueAt(u, v), normal
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
    step = max(4 * margin, min(FARTHEST, max(NEAREST, BESIDE * sqrt(abs(face.Area)))))
    for point, normal in on_face(face, count):
        away = normal * step
        yield point - away, point + away


DEEPER = (1, 4, 16, 64)
"""How many times as far from the face as a point that differs its second look goes."""


def around(point: Any, step: float) -> Iterator[Any]:
    """The point's neighbours, for a second look."""
    for x, y, z in ((1, 0.3, 0.2), (-0.2, 1, 0.3), (0.3, -0.2, -1), (-0.7, -0.6, 0.5)):
        yield point + FreeCAD.Vector(x, y, z) * step


class Faces:
    """Finds out whether a face is one of a shape's, unchanged: OpenCASCADE keeps those that were not cut."""

    def __init__(self, faces: list[Any]) -> None:
        self._by_hash: dict[int, list[Any]] = {}
        for face in faces:
            self._by_hash.setdefault(face.hashCode(), []).append(face)

    def __contains__(self, face: Any) -> bool:
        return any(each.isSame(face) for each in self._by_hash.get(face.hashCode(), ()))
