"""Patterns: Draft's arrays, which stay parametric and survive in the saved document."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError, limit_exceeded, method
from cadgate_freecad.app import shapes, values, versions
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.features import feature, source
from cadgate_freecad.app.limits import LIMITS


@method("features.linear_pattern")
def linear_pattern(
    *, object: str, direction: Any, spacing: Any, count: int, fuse: bool, **common: Any
) -> dict[str, Any]:
    check_count(count)
    step = values.direction("direction", direction) * values.length("spacing", spacing)
    nowhere = FreeCAD.Vector(0, 0, 0)
    properties = {
        "ArrayType": "ortho",
        "IntervalX": step,
        "IntervalY": nowhere,
        "IntervalZ": nowhere,
        "NumberX": count,
        "NumberY": 1,
        "NumberZ": 1,
    }
    return _array(source("object", object), properties, count, fuse, common)


@method("features.polar_pattern")
def polar_pattern(
    *, object: str, axis: Any, center: Any, angle: Any, count: int, fuse: bool, **common: Any
) -> dict[str, Any]:
    check_count(count)
    around = values.angle("angle", angle, low=-360, high=360)
    if abs(around) < 1e-9:
        raise values.invalid("angle", "0 puts all copies into one place")
    properties = {
        "ArrayType": "polar",
        "Axis": values.direction("axis", axis),
        "Center": values.vector("center", center),
        "Angle": around,
        "NumberPolar": count,
    }
    return _array(source("object", object), properties, count, fuse, common)


def check_count(count: int) -> None:
    """Raise AppError `limit_exceeded` for more copies than the settings allow."""
    if count > LIMITS["max_copies"]:
        raise limit_exceeded("The number of copies", count, LIMITS["max_copies"], "max_copies")


def _array(obj: Any, properties: dict[str, Any], count: int, fuse: bool, common: dict[str, Any]) -> dict[str, Any]:
    one = shapes.volume(obj.Shape)

    def check(shape: Any) -> None:
        volume = shapes.volume(shape)
        if one > 0 and not fuse and not same(volume, count * one):
            raise AppError("degenerate_result", f"The pattern has {volume:g} mm³ instead of {count} times {one:g}")

    return feature(
        "Part::FeaturePython",
        "Array",
        {"Base": obj, **properties, "Fuse": fuse},
        [obj],
        common,
        setup=versions.make_array,
        check=check,
    )
