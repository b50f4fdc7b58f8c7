"""Finds by cheap arithmetic which points convex solids of flat faces, whole cylinders and balls contain."""

from __future__ import annotations

from math import isclose, pi
from typing import Any, Callable, Sequence

from cadgate_freecad.app import attributes
from cadgate_freecad.app.verification.sides import CYLINDER, Side

Holds = Callable[[Any], bool]
MOST_FACES = 30
"""The number of faces up to which a solid is tested for convexity."""


def formula(solid: Any, sides: Sequence[Side]) -> Holds | None:
    """Return the test for a solid that is one of these, or None. `sides` are its faces."""
    if len(sides) > MOST_FACES:
        return None
    kinds = sorted(side.kind for side in sides)
    if kinds == ["Part::GeomSphere"]:
        return _ball(sides[0])
    if kinds == ["Part::GeomCylinder", "Part::GeomPlane", "Part::GeomPlane"]:
        return _cylinder(sides)
    return _convex(solid, sides) if set(kinds) == {"Part::GeomPlane"} else None


def _ball(side: Side) -> Holds | None:
    center, radius = attributes.of(side.surface, "Center"), side.surface.Radius
    if not isclose(side.area, 4 * pi * radius**2, rel_tol=1e-9):
        return None
    return lambda point: (point - center).Length < radius


def _cylinder(sides: Sequence[Side]) -> Holds | None:
    [wall] = [side for side in sides if side.kind == CYLINDER]
    axis, center, radius = (
        attributes.of(wall.surface, "Axis"),
        attributes.of(wall.surface, "Center"),
        wall.surface.Radius,
    )
    ends = [side for side in sides if side is not wall]
    low, high = sorted((attributes.of(side.surface, "Position") - center).dot(axis) for side in ends)
    disk = pi * radius**2
    upright = all(abs(abs(attributes.of(side.surface, "Axis").dot(axis)) - 1) < 1e-12 for side in ends)
    if not upright or not all(isclose(side.area, disk, rel_tol=1e-9) for side in ends):
        return None
    if not isclose(wall.area, 2 * pi * radius * (high - low), rel_tol=1e-9):
        return None
    x, y, z = center
    along_x, along_y, along_z = axis
    most = radius * radius

    # Plain numbers, because this is asked thousands of times.
    def holds(point: Any) -> bool:
        a, b, c = point.x - x, point.y - y, point.z - z
        along = a * along_x + b * along_y + c * along_z
        if not low < along < high:
            return False
        a, b, c = a - along * along_x, b - along * along_y, c - along * along_z
        return a * a + b * b + c * c < most

    return holds


def _convex(solid: Any, sides: Sequence[Side]) -> Holds | None:
    if any(edge.Degenerated or edge.Curve.TypeId != "Part::GeomLine" for edge in solid.Edges):
        return None
    corners = [vertex.Point for vertex in solid.Vertexes]
    planes = []
    for side in sides:
        normal, position = attributes.of(side.surface, "Axis"), attributes.of(side.surface, "Position")
        heights = [(corner - position).dot(normal) for corner in corners]
        if max(heights) > 1e-7 and min(heights) < -1e-7:
            return None  # there are corners on both sides of a face
        planes.append((normal if max(heights) <= 1e-7 else normal * -1, position))
    return lambda point: all((point - position).dot(normal) < 0 for normal, position in planes)
