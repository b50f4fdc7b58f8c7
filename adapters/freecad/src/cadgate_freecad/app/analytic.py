"""Formulas of the primitives. They prove that FreeCAD made what was requested, and make measuring it unnecessary.

FreeCAD clamps and caps dimensions silently (a sphere of radius 1e100 comes out with 3e38), so a primitive whose
shape does not have its formula's volume is refused.
"""

from __future__ import annotations

from math import isclose, pi, radians, sin, sqrt
from typing import Any, Callable, NamedTuple

import FreeCAD

from cadgate_freecad.app.attributes import base, number, of, optional, rotation, type_id
from cadgate_freecad.app.attributes import box as box_of

TOLERANCE = 1e-6
"""The relative tolerance of the volume."""

_UPRIGHT = (0.0, 0.0, 0.0, 1.0)


class Known(NamedTuple):
    """What is known about a whole primitive, in its own coordinates. Extents: half-widths along the document's axes."""

    area: float
    center: tuple[float, float, float]
    box: Callable[[Any], Any] | None = None
    """Makes the bounding box from the placement; None: the shape's own is exact."""


def agrees(obj: Any, volume: float) -> bool:
    """Return whether the measured volume is the formula's; True for objects that no formula covers."""
    formula = _VOLUMES.get(type_id(obj))
    expected = None if formula is None else formula(obj)
    if expected is None:
        return formula is None or volume > 0
    return isclose(volume, expected, rel_tol=TOLERANCE)


class Proved(NamedTuple):
    """What is known about an upright box whose extents are those that it should have."""

    volume: float
    area: float
    center: tuple[float, float, float]
    """In its own coordinates."""
    box: Any


def proved(obj: Any, shape: Any) -> Proved | None:
    """Return the measures of an upright box, which its extents prove; None for anything else."""
    if type_id(obj) != "Part::Box" or rotation(of(shape, "Placement")).Q != _UPRIGHT:
        return None
    box = box_of(shape)
    x, y, z = number(obj, "Length"), number(obj, "Width"), number(obj, "Height")
    if not (
        isclose(box.XLength, x, rel_tol=1e-9)
        and isclose(box.YLength, y, rel_tol=1e-9)
        and isclose(box.ZLength, z, rel_tol=1e-9)
    ):
        return None
    return Proved(x * y * z, 2 * (x * y + y * z + z * x), (x / 2, y / 2, z / 2), box)


def known(obj: Any, volume: float) -> Known | None:
    """Return area, centre and box of a whole primitive, if its shape has exactly the formula's volume."""
    formula = _KNOWN.get(obj.TypeId)
    if formula is None:
        return None
    expected = _VOLUMES[obj.TypeId](obj)
    if expected is None or not isclose(volume, expected, rel_tol=1e-9):
        return None
    return formula(obj)


# --- volumes ---------------------------------------------------------------------------------------------------------


def _box(obj: Any) -> float:
    return number(obj, "Length") * number(obj, "Width") * number(obj, "Height")


def _sphere(obj: Any) -> float:
    low, high = sin(radians(number(obj, "Angle1"))), sin(radians(number(obj, "Angle2")))
    around = number(obj, "Angle3") / 360
    return around * pi * number(obj, "Radius") ** 3 * (high - low - (high**3 - low**3) / 3)


def _cylinder(obj: Any) -> float:
    return number(obj, "Angle") / 360 * pi * number(obj, "Radius") ** 2 * number(obj, "Height")


def _cone(obj: Any) -> float:
    below, above = number(obj, "Radius1"), number(obj, "Radius2")
    return number(obj, "Angle") / 360 * pi * number(obj, "Height") * (below**2 + below * above + above**2) / 3


def _torus(obj: Any) -> float | None:
    if number(obj, "Angle2") - number(obj, "Angle1") != 360:
        return None
    return number(obj, "Angle3") / 360 * 2 * pi**2 * number(obj, "Radius1") * number(obj, "Radius2") ** 2


def _prism(obj: Any) -> float:
    sides = obj.Polygon
    return sides / 2 * number(obj, "Circumradius") ** 2 * sin(2 * pi / sides) * number(obj, "Height")


def _wedge(obj: Any) -> float:
    x, z = number(obj, "Xmax") - number(obj, "Xmin"), number(obj, "Zmax") - number(obj, "Zmin")
    x2, z2 = number(obj, "X2max") - number(obj, "X2min"), number(obj, "Z2max") - number(obj, "Z2min")
    # A prismatoid: Simpson's rule over the areas below, in the middle and above is exact.
    return (number(obj, "Ymax") - number(obj, "Ymin")) / 6 * (x * z + (x + x2) * (z + z2) + x2 * z2)


def _ellipsoid(obj: Any) -> float | None:
    if (number(obj, "Angle1"), number(obj, "Angle2"), number(obj, "Angle3")) != (-90, 90, 360):
        return None
    second = number(obj, "Radius2")
    return 4 / 3 * pi * number(obj, "Radius1") * second * (number(obj, "Radius3") or second)


_VOLUMES: dict[str, Callable[[Any], float | None]] = {
    "Part::Box": _box,
    "Part::Sphere": _sphere,
    "Part::Cylinder": _cylinder,
    "Part::Cone": _cone,
    "Part::Torus": _torus,
    "Part::Prism": _prism,
    "Part::Wedge": _wedge,
    "Part::Ellipsoid": _ellipsoid,
}


# --- whole primitives ------------------------------------------------------------------------------------------------


def _known_box(obj: Any) -> Known:
    x, y, z = number(obj, "Length"), number(obj, "Width"), number(obj, "Height")
    return Known(2 * (x * y + y * z + z * x), (x / 2, y / 2, z / 2))


def _known_sphere(obj: Any) -> Known | None:
    if (number(obj, "Angle1"), number(obj, "Angle2"), number(obj, "Angle3")) != (-90, 90, 360):
        return None
    r = number(obj, "Radius")
    return Known(4 * pi * r**2, (0, 0, 0), lambda placement: _around(base(placement), (r, r, r)))


def _known_cylinder(obj: Any) -> Known | None:
    # A skewed cylinder has the volume of an upright one.
    if number(obj, "Angle") != 360 or optional(obj, "FirstAngle") or optional(obj, "SecondAngle"):
        return None
    r, h = number(obj, "Radius"), number(obj, "Height")
    return Known(2 * pi * r * (r + h), (0, 0, h / 2), lambda placement: _of_disks(placement, r, r, h))


def _known_cone(obj: Any) -> Known | None:
    if number(obj, "Angle") != 360:
        return None
    a, b, h = number(obj, "Radius1"), number(obj, "Radius2"), number(obj, "Height")
    height = h / 4 * (a**2 + 2 * a * b + 3 * b**2) / (a**2 + a * b + b**2)
    area = pi * (a**2 + b**2 + (a + b) * sqrt((a - b) ** 2 + h**2))
    return Known(area, (0, 0, height), lambda placement: _of_disks(placement, a, b, h))


def _known_torus(obj: Any) -> Known | None:
    if number(obj, "Angle3") != 360:
        return None
    r1, r2 = number(obj, "Radius1"), number(obj, "Radius2")

    def box(placement: Any) -> Any:
        return _around(base(placement), [r1 * across + r2 for across in _across(placement)])

    return Known(4 * pi**2 * r1 * r2, (0, 0, 0), box)


_KNOWN: dict[str, Callable[[Any], Known | None]] = {
    "Part::Box": _known_box,
    "Part::Sphere": _known_sphere,
    "Part::Cylinder": _known_cylinder,
    "Part::Cone": _known_cone,
    "Part::Torus": _known_torus,
}


def _across(placement: Any) -> list[float]:
    """Return how far a unit circle around the placement's Z reaches along X, Y and Z."""
    axis = rotation(placement).multVec(FreeCAD.Vector(0, 0, 1))
    return [sqrt(max(0.0, 1 - part**2)) for part in axis]


def _around(center: Any, extents: Any) -> Any:
    box = FreeCAD.BoundBox()
    box.add(center - FreeCAD.Vector(*extents))
    box.add(center + FreeCAD.Vector(*extents))
    return box


def _of_disks(placement: Any, below: float, above: float, height: float) -> Any:
    """Return the box of two disks, `height` apart along the placement's Z."""
    across = _across(placement)
    box = _around(base(placement), [below * each for each in across])
    box.add(_around(placement.multVec(FreeCAD.Vector(0, 0, height)), [above * each for each in across]))
    return box
