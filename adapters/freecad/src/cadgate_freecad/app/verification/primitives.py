"""Finds by cheap arithmetic which points convex solids of flat faces, whole cylinders and balls contain."""

from __future__ import annotations

from math import isclose, pi
from typing import Any, Callable, Sequence

from cadgate_freecad.app.verification.sides import Side

Holds = Callable[[Any], bool]
MOST_FACES = 30
"""The number of faces up to which a solid is tested for convexity."""


def formula(solid: Any, sides: Sequence[Side]) -> Holds | None:
    """Return the test for a solid that is one of these, or None. `sides` are its faces."""
    if len(sides) > MOST_FACES:
        return None
    kinds = sorted(side.kind for side in sides)
    faces = [side.face for side in sides]
    if kinds == ["Part::GeomSphere"]:
        return _ball(faces[0])
    if kinds == ["Part::GeomCylinder", "Part::GeomPlane", "Part::GeomPlane"]:
        return _cylinder(faces)
    return _convex(solid, faces) if set(kinds) == {"Part::GeomPlane"} else None


def _ball(face: Any) -> Holds | None:
    center, radius = face.Surface.Center, face.Surface.Radius
    if not isclose(face.Area, 4 * pi * radius**2, rel_tol=1e-9):
        return None
    return lambda point: (point - center).Length < radius


def _cylinder(faces: list[Any]) -> Holds | None:
    [wall] = [face for face in faces if face.Surface.TypeId == "Part::GeomCylinder"]
    axis, center, radius = wall.Surface.Axis, wall.Surface.Center, wall.Surface.Radius
    ends = [face for face in faces if face is not wall]
    low, high = sorted((face.Surface.Position - center).dot(axis) for face in ends)
    disk = pi * radius**2
    upright = all(abs(abs(face.Surface.Axis.dot(axis)) - 1) < 1e-12 for face in ends)
    if not upright or not all(isclose(face.Area, disk, rel_tol=1e-9) for face in ends):
        return None
    if not isclose(wall.Area, 2 * pi * radius * (high - low), rel_tol=1e-9):
        return None

    def holds(point: Any) -> bool:
        arm = point - center
        along = arm.dot(axis)
        return low < along < high and (arm - axis * along).Length < radius

    return holds


def _convex(solid: Any, faces: list[Any]) -> Holds | None:
    if any(edge.Degenerated or edge.Curve.TypeId != "Part::GeomLine" for edge in solid.Edges):
        return None
    corners = [vertex.Point for vertex in solid.Vertexes]
    sides = []
    for face in faces:
        normal, position = face.Surface.Axis, face.Surface.Position
        heights = [(corner - position).dot(normal) for corner in corners]
        if max(heights) > 1e-7 and min(heights) < -1e-7:
            return None  # there are corners on both sides of a face
        sides.append((normal if max(heights) <= 1e-7 else normal * -1, position))
    return lambda point: all((point - position).dot(normal) < 0 for normal, position in sides)
