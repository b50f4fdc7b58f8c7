"""Finds which points a solid of planes, cylinders, cones and spheres contains, by the faces that a ray crosses.

OpenCASCADE's own classifier prepares the whole solid for every point; here, what is known about a face is kept.
"""

from __future__ import annotations

from math import cos, sqrt
from typing import Any, Sequence

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.verification.sides import PLANE, Side

DIRECTIONS = tuple(
    FreeCAD.Vector(*each).normalize()
    for each in ((0.137, 0.291, 0.947), (-0.823, 0.211, 0.527), (0.347, -0.883, 0.317), (0.613, 0.587, -0.529))
)
"""A direction along no axis: axis-parallel rays too often run in faces and through corners."""
GRAZING = 1e-7


def holds(sides: Sequence[Side], point: Any) -> bool | None:
    """Return whether the solid of these faces contains the point; None if no ray decides it clearly."""
    for direction in DIRECTIONS:
        crossings = _crossings(sides, point, direction)
        if crossings is not None:
            return crossings % 2 == 1
    return None


def _crossings(sides: Sequence[Side], point: Any, direction: Any) -> int | None:
    x, y, z = point
    over_x, over_y, over_z = 1 / direction.x, 1 / direction.y, 1 / direction.z
    count = 0
    for side in sides:
        low_x, low_y, low_z, high_x, high_y, high_z = side.box
        one, two = (low_x - x) * over_x, (high_x - x) * over_x
        enter, leave = (one, two) if one < two else (two, one)
        one, two = (low_y - y) * over_y, (high_y - y) * over_y
        if one > two:
            one, two = two, one
        enter, leave = one if one > enter else enter, two if two < leave else leave
        one, two = (low_z - z) * over_z, (high_z - z) * over_z
        if one > two:
            one, two = two, one
        enter, leave = one if one > enter else enter, two if two < leave else leave
        if leave < 0 or enter > leave:
            continue
        hits = _hits(side, point, direction)
        if hits is None:
            return None
        for far in hits:
            if abs(far) < GRAZING:
                return None
            if far > 0:
                there = side.holds(point + direction * far)
                if there is None:
                    return None
                count += there
    return count


def _hits(side: Side, point: Any, direction: Any) -> Sequence[float] | None:
    """Return how far along the ray it meets the face's surface; None if it runs along the surface."""
    surface = side.surface
    if side.kind == PLANE:
        axis = attributes.of(surface, "Axis")
        slope = direction.dot(axis)
        return None if abs(slope) < 1e-6 else ((attributes.of(surface, "Position") - point).dot(axis) / slope,)
    if side.kind == "Part::GeomSphere":
        arm = point - attributes.of(surface, "Center")
        return _roots(1.0, direction.dot(arm), arm.dot(arm) - surface.Radius**2, surface.Radius)
    axis = attributes.of(surface, "Axis")
    if side.kind == "Part::GeomCylinder":
        arm = point - attributes.of(surface, "Center")
        along, up = direction - axis * direction.dot(axis), arm - axis * arm.dot(axis)
        return _roots(along.dot(along), along.dot(up), up.dot(up) - surface.Radius**2, surface.Radius)
    arm = point - attributes.of(surface, "Apex")
    share = cos(surface.SemiAngle) ** 2
    rise, height = direction.dot(axis), arm.dot(axis)
    return _roots(rise**2 - share, rise * height - share * direction.dot(arm), height**2 - share * arm.dot(arm), 1.0)


def _roots(a: float, b: float, c: float, size: float) -> Sequence[float] | None:
    """Return where `a t² + 2 b t + c` is 0; None if it nearly has only one root."""
    under = b * b - a * c
    if abs(a) < 1e-9 or abs(under) < 1e-6 * size * size * abs(a):
        return None
    if under < 0:
        return ()
    root = sqrt(under)
    return (-b - root) / a, (-b + root) / a
