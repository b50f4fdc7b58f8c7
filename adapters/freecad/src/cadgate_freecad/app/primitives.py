"""Parametric primitives of the Part workbench."""

from __future__ import annotations

from math import radians, tan
from typing import Any

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app import values
from cadgate_freecad.app.creation import create
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.limits import LIMITS

SMALL = 1e-4
"""mm. Smaller shapes may be invalid although FreeCAD reports no error, so they are examined."""


@creating("primitives.box", from_nothing=True)
def box(*, length: Any, width: Any, height: Any, **common: Any) -> dict[str, Any]:
    x, y, z = values.length("length", length), values.length("width", width), values.length("height", height)
    return _solid("Part::Box", {"Length": x, "Width": y, "Height": z}, min(x, y, z), common)


@creating("primitives.sphere", from_nothing=True)
def sphere(*, radius: Any, angle1: Any, angle2: Any, angle3: Any, **common: Any) -> dict[str, Any]:
    r = values.length("radius", radius)
    low = values.angle("angle1", angle1, low=-90, high=90)
    high = values.angle("angle2", angle2, low=-90, high=90)
    around = values.angle("angle3", angle3)
    _ascending("angle1", low, "angle2", high)
    properties = {"Radius": r, "Angle1": low, "Angle2": high, "Angle3": around}
    return _solid("Part::Sphere", properties, r, common)


@creating("primitives.cylinder", from_nothing=True)
def cylinder(*, radius: Any, height: Any, angle: Any, **common: Any) -> dict[str, Any]:
    r, h, around = values.length("radius", radius), values.length("height", height), values.angle("angle", angle)
    properties = {"Radius": r, "Height": h, "Angle": around}
    return _solid("Part::Cylinder", properties, min(r, h), common)


@creating("primitives.cone", from_nothing=True)
def cone(*, radius1: Any, radius2: Any, height: Any, angle: Any, **common: Any) -> dict[str, Any]:
    r1 = values.length("radius1", radius1, zero=True)
    r2 = values.length("radius2", radius2, zero=True)
    h, around = values.length("height", height), values.angle("angle", angle)
    if abs(r1 - r2) < 1e-6:
        raise values.invalid(
            "radius2", f"{radius2!r} equals radius1, and FreeCAD cannot make such a cone: use primitives/cylinder"
        )
    properties = {"Radius1": r1, "Radius2": r2, "Height": h, "Angle": around}
    return _solid("Part::Cone", properties, min(max(r1, r2), h), common)


@creating("primitives.torus", from_nothing=True)
def torus(*, radius1: Any, radius2: Any, angle1: Any, angle2: Any, angle3: Any, **common: Any) -> dict[str, Any]:
    r1, r2 = values.length("radius1", radius1), values.length("radius2", radius2)
    if r1 < r2:
        raise values.invalid("radius1", f"{radius1!r} is smaller than radius2: the torus would intersect itself")
    low = values.angle("angle1", angle1, low=-180, high=180)
    high = values.angle("angle2", angle2, low=-180, high=180)
    around = values.angle("angle3", angle3)
    _ascending("angle1", low, "angle2", high)
    properties = {"Radius1": r1, "Radius2": r2, "Angle1": low, "Angle2": high, "Angle3": around}
    return _solid("Part::Torus", properties, r2, common)


@creating("primitives.prism", from_nothing=True)
def prism(*, sides: int, circumradius: Any, height: Any, **common: Any) -> dict[str, Any]:
    if sides > LIMITS["max_sides"]:
        raise limit_exceeded("The number of sides", sides, LIMITS["max_sides"], "max_sides")
    r, h = values.length("circumradius", circumradius), values.length("height", height)
    properties = {"Polygon": sides, "Circumradius": r, "Height": h}
    return _solid("Part::Prism", properties, min(r, h), common)


@creating("primitives.wedge", from_nothing=True)
def wedge(
    *,
    xmin: Any,
    xmax: Any,
    ymin: Any,
    ymax: Any,
    zmin: Any,
    zmax: Any,
    x2min: Any,
    x2max: Any,
    z2min: Any,
    z2max: Any,
    **common: Any,
) -> dict[str, Any]:
    given = {
        "Xmin": xmin,
        "Xmax": xmax,
        "Ymin": ymin,
        "Ymax": ymax,
        "Zmin": zmin,
        "Zmax": zmax,
        "X2min": x2min,
        "X2max": x2max,
        "Z2min": z2min,
        "Z2max": z2max,
    }
    at = {name: values.coordinate(name.lower(), value) for name, value in given.items()}
    for axis in ("X", "Y", "Z"):
        _ascending(f"{axis.lower()}min", at[f"{axis}min"], f"{axis.lower()}max", at[f"{axis}max"])
    for axis in ("X2", "Z2"):
        _ascending(f"{axis.lower()}min", at[f"{axis}min"], f"{axis.lower()}max", at[f"{axis}max"], equal=True)
    return _solid("Part::Wedge", at, min(at[f"{axis}max"] - at[f"{axis}min"] for axis in "XYZ"), common)


@creating("primitives.ellipsoid", from_nothing=True)
def ellipsoid(*, radius1: Any, radius2: Any, radius3: Any, **common: Any) -> dict[str, Any]:
    z, x = values.length("radius1", radius1), values.length("radius2", radius2)
    y = x if radius3 is None else values.length("radius3", radius3)
    properties = {"Radius1": z, "Radius2": x, "Radius3": y}
    return _solid("Part::Ellipsoid", properties, min(x, y, z), common)


@creating("primitives.helix", from_nothing=True)
def helix(*, pitch: Any, height: Any, radius: Any, angle: Any, handedness: str, **common: Any) -> dict[str, Any]:
    p, h, r = values.length("pitch", pitch), values.length("height", height), values.length("radius", radius)
    if h / p > LIMITS["max_turns"]:
        raise limit_exceeded("The number of turns", h / p, LIMITS["max_turns"], "max_turns")
    opening = values.angle("angle", angle, low=-89.99, high=89.99)
    if r + h * tan(radians(opening)) <= 0:
        raise values.invalid(
            "angle", f"{angle!r} closes the helix before it reaches its height: the radius would become 0"
        )
    properties = {
        "Pitch": p,
        "Height": h,
        "Radius": r,
        "Angle": opening,
        "LocalCoord": 0 if handedness == "right" else 1,
        # The old style makes each turn of one kind of curve, which sweeps do not follow well.
        "Style": 1,
    }
    return create("Part::Helix", "Helix", properties, **common)


def _solid(kind: str, properties: dict[str, float], smallest: float, common: dict[str, Any]) -> dict[str, Any]:
    """Create a solid and make sure that it is what was requested."""

    def check(obj: Any) -> None:
        if smallest < SMALL and not obj.Shape.isValid():
            raise AppError("degenerate_result", f"A {kind} of {smallest:g} mm is too small for FreeCAD", {"type": kind})

    return create(kind, kind[len("Part::") :], properties, check=check, **common)


def _ascending(low_name: str, low: float, high_name: str, high: float, *, equal: bool = False) -> None:
    if low > high or (low == high and not equal):
        raise values.invalid(high_name, f"{high:g} must be above {low_name}, which is {low:g}")
