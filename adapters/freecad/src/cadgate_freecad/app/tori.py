"""The box of a face of a torus by formula: OpenCASCADE's search takes 15 ms each, and every round fillet is a torus."""

from __future__ import annotations

from math import atan2, ceil, cos, hypot, isclose, pi, sin
from typing import Any

import FreeCAD

FILLS = 1e-8
"""Relative: a face whose area is so close to that of its range of parameters fills it."""


def box(part: Any) -> Any | None:
    """The bounding box of a face that is a whole range of angles of a torus; None for anything else."""
    if part.ShapeType != "Face":
        return None
    torus = part.Surface
    if torus.TypeId != "Part::GeomToroid" or torus.MinorRadius > torus.MajorRadius:
        return None
    low_u, high_u, low_v, high_v = part.ParameterRange
    around, across = torus.MajorRadius, torus.MinorRadius
    area = (high_u - low_u) * across * (around * (high_v - low_v) + across * (sin(high_v) - sin(low_v)))
    if not isclose(part.Area, area, rel_tol=FILLS):
        return None
    center = torus.Center
    x, y = (torus.value(0, 0) - center).normalize(), (torus.value(pi / 2, 0) - center).normalize()
    z = (torus.value(0, pi / 2) - center - x * around).normalize()
    low, high = FreeCAD.Vector(), FreeCAD.Vector()
    for axis in ("x", "y", "z"):
        a, b, c = getattr(x, axis), getattr(y, axis), getattr(z, axis)
        # A point is at center + (around + across * cos v) * (x cos u + y sin u) + across * sin v * z.
        least, most = _range(a, b, low_u, high_u)
        setattr(low, axis, getattr(center, axis) + around * least + across * _range(least, c, low_v, high_v)[0])
        setattr(high, axis, getattr(center, axis) + around * most + across * _range(most, c, low_v, high_v)[1])
    return FreeCAD.BoundBox(low, high)


def _range(a: float, b: float, low: float, high: float) -> tuple[float, float]:
    """The least and the largest value of a cos t + b sin t for t from `low` to `high`."""
    peak, size = atan2(b, a), hypot(a, b)
    ends = (a * cos(low) + b * sin(low), a * cos(high) + b * sin(high))
    return (
        -size if _reaches(peak + pi, low, high) else min(ends),
        size if _reaches(peak, low, high) else max(ends),
    )


def _reaches(angle: float, low: float, high: float) -> bool:
    """Whether `angle`, or a whole number of turns more or less, lies between `low` and `high`."""
    return angle + ceil((low - angle) / (2 * pi)) * 2 * pi <= high
