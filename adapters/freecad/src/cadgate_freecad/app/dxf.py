"""DXF files: FreeCAD's frame with our own entities, because FreeCAD writes six digits, and wrong halves of ellipses."""

from __future__ import annotations

from math import degrees, pi
from typing import Any, Iterator, Tuple

import FreeCAD
import Part

from cadgate_freecad.app.scratch import scratch

FIRST_HANDLE = 0xA100
_OWNER = "A02"
Group = Tuple[int, Any]  # code and value


def write(path: str, edges: list[Any]) -> None:
    """Write flat edges as LINE, CIRCLE, ARC, ELLIPSE and SPLINE on layer 0, in millimetres."""
    _write_frame(path)
    with open(path, encoding="utf-8", newline="") as file:
        frame = file.read().replace("\r\n", "\n")
    head, begin, rest = frame.partition("ENTITIES\n")
    _, end, tail = rest.partition("  0\nENDSEC\n")
    head = head.replace("$INSUNITS\n", "$MEASUREMENT\n 70\n1\n  9\n$INSUNITS\n", 1)
    groups = [group for number, edge in enumerate(edges) for group in _entity(FIRST_HANDLE + number, edge)]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(head + begin + "".join([f"{code:3d}\n{_text(value)}\n" for code, value in groups]) + end + tail)


def _write_frame(path: str) -> None:
    import Import

    preferences = FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Mod/Import")
    preferences.SetInt("DxfVersionOut", 14)  # the older version has no ellipses, splines and units
    with scratch() as document:
        feature = document.addObject("Part::Feature", "Drawing")
        feature.Shape = Part.makeLine(FreeCAD.Vector(), FreeCAD.Vector(1, 0, 0))
        Import.writeDXFObject([feature], path)


def _text(value: Any) -> str:
    return f"{value + 0.0:.12g}" if isinstance(value, float) else str(value)


def _entity(handle: int, edge: Any) -> Iterator[Group]:
    low, high = edge.ParameterRange
    curve = edge.Curve
    if curve.TypeId in ("Part::GeomLine", "Part::GeomLineSegment"):
        yield from _begin(handle, "LINE", "AcDbLine")
        yield from _point(10, edge.valueAt(low))
        yield from _point(11, edge.valueAt(high))
    elif curve.TypeId == "Part::GeomCircle":
        is_whole = high - low > 2 * pi - 1e-6
        yield from _begin(handle, "CIRCLE" if is_whole else "ARC", "AcDbCircle")
        yield from _point(10, curve.Center)
        yield 40, float(curve.Radius)
        if not is_whole:
            yield 100, "AcDbArc"
            yield 50, _angle(curve.Center, edge.valueAt(low if curve.Axis.z > 0 else high))
            yield 51, _angle(curve.Center, edge.valueAt(high if curve.Axis.z > 0 else low))
    elif curve.TypeId == "Part::GeomEllipse":
        yield from _begin(handle, "ELLIPSE", "AcDbEllipse")
        yield from _point(10, curve.Center)
        yield from _point(11, curve.value(0) - curve.Center)
        yield 40, curve.MinorRadius / curve.MajorRadius
        yield 41, float(low)
        yield 42, float(high)
    else:
        yield from _begin(handle, "SPLINE", "AcDbSpline")
        yield from _spline(edge)


def _begin(handle: int, kind: str, marker: str) -> Iterator[Group]:
    yield 0, kind
    yield 5, f"{handle:X}"
    yield 330, _OWNER
    yield 100, "AcDbEntity"
    yield 8, "0"
    yield 100, marker


def _point(code: int, point: Any) -> Iterator[Group]:
    yield code, float(point.x)
    yield code + 10, float(point.y)
    yield code + 20, 0.0


def _angle(center: Any, point: Any) -> float:
    return degrees(FreeCAD.Vector(1, 0, 0).getAngle(point - center) * (1 if point.y >= center.y else -1)) % 360


def _spline(edge: Any) -> Iterator[Group]:
    curve = edge.Curve
    if curve.TypeId != "Part::GeomBSplineCurve":
        curve = edge.toNurbs().Edges[0].Curve
    curve = curve.copy()
    low, high = edge.ParameterRange
    if low > curve.FirstParameter + 1e-12 or high < curve.LastParameter - 1e-12:
        curve.segment(low, high)
    if curve.isPeriodic():
        curve.setNotPeriodic()
    knots, poles, is_rational = curve.KnotSequence, curve.getPoles(), curve.isRational()
    yield 210, 0.0
    yield 220, 0.0
    yield 230, 1.0
    yield 70, 8 + 4 * is_rational
    yield 71, curve.Degree
    yield 72, len(knots)
    yield 73, len(poles)
    yield 74, 0
    for knot in knots:
        yield 40, float(knot)
    if is_rational:
        for weight in curve.getWeights():
            yield 41, float(weight)
    for pole in poles:
        yield from _point(10, pole)
