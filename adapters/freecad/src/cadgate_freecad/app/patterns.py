"""Patterns: Draft's arrays, which stay parametric and survive in the saved document."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError
from cadgate_freecad.app import body_features, shapes, values, versions
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.features import feature, source
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.limits import check_count


@creating("features.linear_pattern")
def linear_pattern(
    *, object: str, direction: Any, spacing: Any, count: int, fuse: bool, **common: Any
) -> dict[str, Any]:
    check_count(count)
    gap = values.length("spacing", spacing)
    along = values.direction("direction", direction)
    step = along * gap
    obj = source("object", object)
    if body_features.is_piece(obj):
        places = [FreeCAD.Placement(step * number, FreeCAD.Rotation()) for number in range(1, count)]
        moves = [body_features.placed(place) for place in places]
        properties: dict[str, Any] = {"Length": gap * (count - 1), "Occurrences": count}
        reference = ("Direction", FreeCAD.Vector(), along, "Reversed")
        return body_features.repeat("PartDesign::LinearPattern", obj, moves, properties, reference, common)
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
    return _array(obj, properties, count, fuse, common)


@creating("features.polar_pattern")
def polar_pattern(
    *, object: str, axis: Any, center: Any, angle: Any, count: int, fuse: bool, **common: Any
) -> dict[str, Any]:
    check_count(count)
    around = values.turn("angle", angle)
    about, middle = values.direction("axis", axis), values.vector("center", center)
    obj = source("object", object)
    if body_features.is_piece(obj):
        step = around / count if abs(abs(around) - 360) < 1e-9 else around / (count - 1)
        places = [
            FreeCAD.Placement(FreeCAD.Vector(), FreeCAD.Rotation(about, step * number), middle)
            for number in range(1, count)
        ]
        moves = [body_features.placed(place) for place in places]
        # FreeCAD's angle has no sign. The sign is kept by `Reversed`, so the axis has the direction of the request.
        properties: dict[str, Any] = {"Angle": abs(around), "Reversed": around < 0, "Occurrences": count}
        reference = ("Axis", middle, about, "")
        return body_features.repeat("PartDesign::PolarPattern", obj, moves, properties, reference, common)
    properties = {
        "ArrayType": "polar",
        "Axis": about,
        "Center": middle,
        "Angle": around,
        "NumberPolar": count,
    }
    return _array(obj, properties, count, fuse, common)


def _array(obj: Any, properties: dict[str, Any], count: int, fuse: bool, common: dict[str, Any]) -> dict[str, Any]:
    shape = shapes.required_shape(obj)
    one, wires = shapes.volume(shape), not shape.Faces
    length = shapes.edge_length(shape)
    if wires and fuse:
        raise values.invalid("fuse", f"{obj.Name!r} ({obj.TypeId}) has only edges, which cannot be fused: leave it out")

    def check(shape: Any) -> None:
        volume = shapes.volume(shape)
        if one > 0 and not fuse and not same(volume, count * one):
            raise AppError("degenerate_result", f"The pattern has {volume:g} mm³ instead of {count} times {one:g}")
        if wires and not same(shapes.edge_length(shape), count * length):
            raise AppError("degenerate_result", f"The pattern of {obj.Name!r} does not have {count} times its edges")

    return feature(
        "Part::FeaturePython",
        "Array",
        {"Base": obj, **properties, "Fuse": fuse},
        [obj],
        common,
        setup=versions.make_array,
        check=check,
        wires=wires,
    )
