"""The contents of sketches: converts elements and constraints to FreeCAD's, and both back to JSON."""

from __future__ import annotations

from math import degrees, radians
from typing import Any

import FreeCAD
import Part
import Sketcher

from cadgate_freecad.app import values
from cadgate_freecad.app.values import clean, significant

KINDS = {
    "coincident": "Coincident",
    "point_on_object": "PointOnObject",
    "horizontal": "Horizontal",
    "vertical": "Vertical",
    "parallel": "Parallel",
    "perpendicular": "Perpendicular",
    "tangent": "Tangent",
    "equal": "Equal",
    "symmetric": "Symmetric",
    "distance": "Distance",
    "distance_x": "DistanceX",
    "distance_y": "DistanceY",
    "radius": "Radius",
    "diameter": "Diameter",
    "angle": "Angle",
    "block": "Block",
}
NAMES = {name: kind for kind, name in KINDS.items()}
DIMENSIONS = ("Distance", "DistanceX", "DistanceY", "Radius", "Diameter", "Angle")
"""The types that have a value."""
POINTS = {None: 0, "start": 1, "end": 2, "center": 3}
FIXED = {"origin": (-1, 1), "x_axis": (-1, 0), "y_axis": (-2, 0)}
_NOWHERE = -2000
"""FreeCAD's index for no geometry."""
# The degrees of freedom that each type removes; a tangent or perpendicular at end points also joins them.
_EQUATIONS = {"Coincident": 2, "Symmetric": 2}
_PARAMETERS = {"Part::GeomLineSegment": 4, "Part::GeomCircle": 3, "Part::GeomArcOfCircle": 5, "Part::GeomPoint": 2}


class Drawn:
    """Geometry about to be added, and the constraints that come with it. `count`: how many there are afterwards."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.shapes: list[tuple[Any, bool]] = []
        self.constraints: list[Any] = []

    @property
    def count(self) -> int:
        return self.first + len(self.shapes)

    def put(self, shape: Any, construction: bool) -> int:
        self.shapes.append((shape, construction))
        return self.count - 1


def _point(field: str, xy: Any) -> Any:
    return FreeCAD.Vector(values.coordinate(f"{field}.0", xy[0]), values.coordinate(f"{field}.1", xy[1]), 0)


def draw(elements: list[dict[str, Any]], first: int = 0) -> Drawn:
    """Make geometry from elements. Raises AppError `validation_error` for a line or an arc without extent."""
    drawn = Drawn(first)
    for number, element in enumerate(elements):
        _DRAW[element["type"]](drawn, f"geometry.{number}", element, element["construction"])
    return drawn


def _segment(field: str, start: Any, end: Any) -> Any:
    if (end - start).Length < 1e-7:
        raise values.invalid(field, "the line has no length")
    return Part.LineSegment(start, end)


def _line(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    start, end = _point(f"{field}.start", element["start"]), _point(f"{field}.end", element["end"])
    drawn.put(_segment(field, start, end), construction)


def _circle_of(field: str, element: dict[str, Any]) -> Any:
    center = _point(f"{field}.center", element["center"])
    return Part.Circle(center, FreeCAD.Vector(0, 0, 1), values.length(f"{field}.radius", element["radius"]))


def _circle(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    drawn.put(_circle_of(field, element), construction)


def _arc(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    low, high = element["start_angle"], element["end_angle"]
    if (high - low) % 360 < 1e-9:
        raise values.invalid(field, "the arc has no angle; use a circle for a whole turn")
    drawn.put(Part.ArcOfCircle(_circle_of(field, element), radians(low), radians(high)), construction)


def _joined(drawn: Drawn, field: str, points: list[Any], closed: bool, construction: bool) -> int:
    pairs = list(zip(points, [*points[1:], points[0]] if closed else points[1:]))
    base = drawn.count
    for start, end in pairs:
        drawn.put(_segment(field, start, end), construction)
    for index in range(len(pairs) if closed else len(pairs) - 1):
        following = base + (index + 1) % len(pairs)
        drawn.constraints.append(Sketcher.Constraint("Coincident", base + index, 2, following, 1))
    return base


def _polyline(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    points = [_point(f"{field}.points.{index}", point) for index, point in enumerate(element["points"])]
    if element["closed"] and len(points) < 3:
        raise values.invalid(field, "a closed polyline needs three points")
    _joined(drawn, field, points, element["closed"], construction)


def _rectangle(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    corner = _point(f"{field}.corner", element["corner"])
    width, height = (
        values.length(f"{field}.width", element["width"]),
        values.length(f"{field}.height", element["height"]),
    )
    across, up = FreeCAD.Vector(width, 0, 0), FreeCAD.Vector(0, height, 0)
    points = [corner, corner + across, corner + across + up, corner + up]
    base = _joined(drawn, field, points, True, construction)
    drawn.constraints += [
        Sketcher.Constraint("Horizontal", base),
        Sketcher.Constraint("Vertical", base + 1),
        Sketcher.Constraint("Horizontal", base + 2),
        Sketcher.Constraint("Vertical", base + 3),
    ]
    if element["fixed"]:
        drawn.constraints += [
            Sketcher.Constraint("DistanceX", base, 1, base, 2, width),
            Sketcher.Constraint("DistanceY", base + 1, 1, base + 1, 2, height),
        ]
        if corner.Length < 1e-9:
            drawn.constraints.append(Sketcher.Constraint("Coincident", base, 1, -1, 1))
        else:
            drawn.constraints += [
                Sketcher.Constraint("DistanceX", -1, 1, base, 1, corner.x),
                Sketcher.Constraint("DistanceY", -1, 1, base, 1, corner.y),
            ]


def _dot(drawn: Drawn, field: str, element: dict[str, Any], construction: bool) -> None:
    drawn.put(Part.Point(_point(f"{field}.at", element["at"])), construction)


_DRAW = {
    "line": _line,
    "circle": _circle,
    "arc": _arc,
    "rectangle": _rectangle,
    "polyline": _polyline,
    "point": _dot,
}


def constraints(wanted: list[dict[str, Any]], count: int) -> list[tuple[Any, str | None]]:
    """Return FreeCAD's constraints with their names. `count`: how many geometries there will be."""
    return [(_constraint(f"constraints.{number}", each, count), each["name"]) for number, each in enumerate(wanted)]


def _constraint(field: str, wanted: dict[str, Any], count: int) -> Any:
    arguments: list[Any] = []
    for part in ("first", "second", "third"):
        place = wanted[part]
        if place is not None:
            arguments += _place(f"{field}.{part}", place, count)
    kind = KINDS[wanted["type"]]
    if wanted["value"] is not None:
        arguments.append(_value(f"{field}.value", kind, wanted["value"]))
    try:
        return Sketcher.Constraint(kind, *arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise values.invalid(
            field, f"FreeCAD has no {wanted['type']!r} constraint between these places: {values.words(error)}"
        ) from None


def _place(field: str, place: dict[str, Any], count: int) -> list[int]:
    """Return the index, and the point if one is meant: a whole geometry is the index alone."""
    geometry, point = place["geometry"], POINTS[place["point"]]
    if isinstance(geometry, str):
        index, at = FIXED[geometry]
        return [index, at] if at else [index]
    if geometry >= count:
        raise values.invalid(f"{field}.geometry", f"{geometry} is not a valid index: the sketch has {count} geometries")
    return [geometry, point] if point else [geometry]


def _value(field: str, kind: str, value: Any) -> float:
    if kind == "Angle":
        return radians(values.angle(field, value, low=-360, high=360))
    if kind in ("Radius", "Diameter", "Distance"):
        return values.length(field, value)
    return values.coordinate(field, value)


def datum(constraint: Any, value: Any, field: str) -> Any:
    """Return the new value of a dimension as a quantity. `field` is where the request has the value."""
    kind = constraint.Type
    if kind not in DIMENSIONS:
        raise values.invalid(field, f"the constraint is {NAMES.get(kind, kind)!r}, which has no value")
    value = _value(field, kind, value)
    if kind == "Angle":
        return FreeCAD.Units.Quantity(degrees(value), FreeCAD.Units.Angle)
    return FreeCAD.Units.Quantity(value, FreeCAD.Units.Length)


def by_index(sketch: Any, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return new values with the index of each constraint, which may be given by its name."""
    indices = {constraint.Name: index for index, constraint in enumerate(sketch.Constraints) if constraint.Name}
    found: list[dict[str, Any]] = []
    for number, each in enumerate(wanted):
        name = each.get("name")
        if name is not None and name not in indices:
            raise values.invalid(
                f"values.{number}.name",
                f"{name!r} is not a constraint of {sketch.Name!r}; named ones are {', '.join(indices) or 'none'}",
            )
        found.append(each if name is None else {**each, "index": indices[name]})
    return found


def check_indices(sketch: Any, indices: list[int], field: str) -> None:
    count = sketch.ConstraintCount
    for index in indices:
        if index >= count:
            raise values.invalid(field, f"{index} is not a valid index: the sketch has {count} constraints")


def add(sketch: Any, drawn: Drawn, wanted: list[tuple[Any, str | None]]) -> None:
    """Add geometry and constraints to a sketch."""
    for shape, construction in drawn.shapes:
        sketch.addGeometry(shape, construction)
    if drawn.constraints:
        sketch.addConstraint(drawn.constraints)
    for constraint, name in wanted:
        index = sketch.addConstraint(constraint)
        if name is not None:
            sketch.renameConstraint(index, name)


# --- back to JSON ----------------------------------------------------------------------------------------------------


def contents(sketch: Any) -> dict[str, Any]:
    """Return `geometry`, `constraints`, `degrees_of_freedom`, `fully_constrained`."""
    return {
        "geometry": [_geometry_json(sketch, index, each) for index, each in enumerate(sketch.Geometry)],
        "constraints": [constraint_json(index, each) for index, each in enumerate(sketch.Constraints)],
        "degrees_of_freedom": freedom(sketch),
        "fully_constrained": bool(sketch.FullyConstrained),
    }


def _xy(point: Any) -> list[float]:
    return [clean(point.x, 9), clean(point.y, 9)]


def _geometry_json(sketch: Any, index: int, geometry: Any) -> dict[str, Any]:
    kind = geometry.TypeId
    described: dict[str, Any] = {
        "index": index,
        "type": {
            "Part::GeomLineSegment": "line",
            "Part::GeomCircle": "circle",
            "Part::GeomArcOfCircle": "arc",
            "Part::GeomPoint": "point",
        }.get(kind, kind.split("::Geom")[-1].lower()),
        "construction": bool(sketch.getConstruction(index)),
    }
    if kind == "Part::GeomPoint":
        described["center"] = _xy(geometry)
    if hasattr(geometry, "StartPoint"):
        described["start"], described["end"] = _xy(geometry.StartPoint), _xy(geometry.EndPoint)
    if hasattr(geometry, "Center"):
        described["center"] = _xy(geometry.Center)
    if hasattr(geometry, "Radius"):
        described["radius"] = significant(geometry.Radius)
    return described


def constraint_json(index: int, constraint: Any) -> dict[str, Any]:
    kind = constraint.Type
    dimensional = kind in DIMENSIONS
    value = degrees(constraint.Value) if kind == "Angle" else constraint.Value
    return {
        "index": index,
        "type": NAMES.get(kind, kind),
        "first": constraint.First,
        "second": None if constraint.Second == _NOWHERE else constraint.Second,
        "third": None if constraint.Third == _NOWHERE else constraint.Third,
        "value": significant(value) if dimensional else None,
        "name": constraint.Name or None,
    }


def freedom(sketch: Any) -> int | None:
    """Count the degrees of freedom: parameters less equations, exact because redundant constraints are refused.

    FreeCAD's own number is only in its GUI. Returns None for geometry or constraints that this does not count.
    """
    total = 0
    for geometry in sketch.Geometry:
        if geometry.TypeId not in _PARAMETERS:
            return None
        total += _PARAMETERS[geometry.TypeId]
    for constraint in sketch.Constraints:
        kind = constraint.Type
        if kind not in NAMES or kind == "Block":
            return 0 if sketch.FullyConstrained else None
        if not constraint.Driving:
            continue
        joins = kind in ("Tangent", "Perpendicular") and constraint.FirstPos and constraint.SecondPos
        total -= 3 if joins else _EQUATIONS.get(kind, 1)
    # The solver knows whether any freedom is left; the count must not contradict it.
    return total if total >= 0 and (total == 0) == bool(sketch.FullyConstrained) else None
