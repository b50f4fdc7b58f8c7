"""Dimensions of drawings: what they are on, found again after changes, and what that measures in the model."""

from __future__ import annotations

from math import acos, degrees, tau
from typing import Any, Callable, NamedTuple

from cadgate_freecad.app import chosen, shapes, values
from cadgate_freecad.app.elements import Element, Lost, elements, find_again
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.ties import Primitive, alike, primitive_of


class Measured(NamedTuple):
    """A number, two points in the document between which it is drawn, and the elements that it is between.

    `has` says of a radius or diameter whether the face or edge is there in a direction from its centre. The length of a
    curve has its middle as both points.
    """

    value: float
    start: Any
    end: Any
    one: Primitive | None = None
    two: Primitive | None = None
    has: Callable[[Any], bool] | None = None
    parts: tuple[Any, ...] = ()
    """The faces and edges themselves, in the document."""


_ROUND = ("Part::GeomCircle", "Part::GeomCylinder", "Part::GeomSphere")


class Gone(Exception):
    """An element of a dimension is no longer there; the text says which."""


def prepare(field: str, given: dict[str, Any], objects: list[Any]) -> dict[str, Any]:
    """Return what is kept of a dimension. Raises AppError `validation_error` for one that cannot be measured."""
    obj = objects[0] if given["object"] is None else next((o for o in objects if o.Name == given["object"]), None)
    if obj is None:
        raise values.invalid(f"{field}.object", f"{given['object']!r} is not among the objects of the drawing")
    sides: list[dict[str, Any]] = []
    for index, selection in enumerate(given["of"]):
        kind = _kind(given["type"], selection)
        numbers = chosen_numbers(obj, kind, f"{field}.of.{index}", selection)
        _require_one(f"{field}.of.{index}", given["type"], obj, kind, numbers)
        groups = chosen.groups_of(chosen.Reference("", obj, kind, numbers[:1]))
        sides.append({"kind": kind, "number": numbers[0], "groups": groups})
    kept = {"type": given["type"], "view": given["view"], "object": obj.Name, "sides": sides}
    try:
        measure(kept, obj)
    except Gone as error:
        raise values.invalid(f"{field}.of", str(error)) from None
    return kept


def _require_one(field: str, type: str, obj: Any, kind: str, numbers: list[int]) -> None:
    """Raise AppError `validation_error` if several elements fit that differ in what is measured."""
    shape = shapes.required_shape(obj)
    parts = [(shape.Edges if kind == "Edge" else shape.Faces)[number - 1] for number in numbers]
    if type in ("diameter", "radius"):
        sizes = {round(_radius(each) or 0.0, 9) for each in parts}
        same = len(sizes) == 1
    else:
        found = [primitive_of(each) for each in parts]
        first = found[0]
        same = len(parts) == 1 or all(first is not None and each is not None and alike(first, each) for each in found)
        same = same or (kind == "Edge" and len({round(each.Length, 9) for each in parts}) == 1)
    if not same:
        names = ", ".join(f"{kind}{number}" for number in numbers[:10])
        raise values.invalid(field, f"{names} of {obj.Name!r} fit, which differ: choose one of them")


def _kind(type: str, selection: Any) -> str:
    if isinstance(selection, list):
        return "Edge" if any(isinstance(each, str) and each.startswith("Edge") for each in selection) else "Face"
    given = {key for key, value in selection.items() if value is not None}
    edges = given & {"min_length", "max_length", "on_face"} or selection.get("type") in ("line", "circle", "ellipse")
    return "Edge" if edges or (type == "length" and selection.get("type") is None) else "Face"


def name(kept: dict[str, Any]) -> str:
    return f"{kept['type']} of {' and '.join(side['kind'] + str(side['number']) for side in kept['sides'])}"


def measure(kept: dict[str, Any], obj: Any) -> Measured:
    """Measure a dimension in the model as it is now, in the document's coordinates. Raises Gone."""
    whole = shapes.required_shape(obj)
    if len(whole.Faces) != len(obj.Shape.Faces):
        raise Gone(f"{name(kept)}: FreeCAD's shape of {obj.Name!r} shows its folders' objects twice: name one of them")
    parts = [_found(kept, side, obj, whole) for side in kept["sides"]]
    return _measured(kept, parts)._replace(parts=tuple(parts))


def _measured(kept: dict[str, Any], parts: list[Any]) -> Measured:
    one, two = _at(parts[0]), _at(parts[1]) if len(parts) > 1 else None
    if kept["type"] in ("diameter", "radius"):
        radius = _radius(parts[0])
        if radius is None or one is None:
            raise Gone(f"{name(kept)}: it is not round: choose a circle, a cylinder or a sphere")
        value = radius * (2 if kept["type"] == "diameter" else 1)
        return Measured(value, one.point, one.point, one, has=lambda way: _has(parts[0], one.point + way * radius))
    if kept["type"] == "angle":
        if one is None or two is None or "point" in (one.kind, two.kind):
            raise Gone(f"{name(kept)}: an angle is between two flat or straight elements")
        angle = _angle(one, two)
        return Measured(angle, parts[0].CenterOfMass, parts[1].CenterOfMass, one, two)
    if len(parts) == 1:
        if parts[0].ShapeType != "Edge":
            raise Gone(f"{name(kept)}: the length of a face is not defined: choose an edge, or two elements")
        edge = parts[0]
        if one is None or one.kind != "axis":
            middle = edge.valueAt(edge.getParameterByLength(edge.Length / 2))
            return Measured(edge.Length, middle, middle)
        return Measured(edge.Length, edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter))
    return _between(kept, one, two)


def _at(part: Any) -> Primitive | None:
    """Return what a face or edge is, an axis with the point beside the face: a surface may begin far from it."""
    found = primitive_of(part)
    if found is None or found.kind != "axis" or part.ShapeType != "Face":
        return found
    return found._replace(point=found.point + found.direction * (part.CenterOfMass - found.point).dot(found.direction))


def _radius(part: Any) -> float | None:
    """Return the radius of a circle, a cylinder or a sphere; a cone and a torus have no one radius."""
    shape = part.Curve if part.ShapeType == "Edge" else part.Surface
    return float(shape.Radius) if shape.TypeId in _ROUND else None


def _angle(one: Primitive, two: Primitive) -> float:
    """Return the degrees between planes, in the material, or the smaller angle to a line; a circle is flat as well."""
    angle = degrees(acos(max(-1.0, min(1.0, one.direction.dot(two.direction)))))
    if one.kind == two.kind == "plane":
        return 180 - angle
    angle = min(angle, 180 - angle)
    # The direction of what is flat is its normal.
    return angle if (one.kind == "axis") == (two.kind == "axis") else 90 - angle


def _has(part: Any, point: Any) -> bool:
    """Return whether a round face or edge goes around as far as a point of its whole circle."""
    if part.ShapeType == "Edge":
        angle, (first, last) = part.Curve.parameter(point), part.ParameterRange
    else:
        angle, (first, last) = part.Surface.parameter(point)[0], part.ParameterRange[:2]
    return (angle - first) % tau <= last - first + 1e-9


def _between(kept: dict[str, Any], one: Primitive | None, two: Primitive | None) -> Measured:
    if one is None or two is None:
        raise Gone(f"{name(kept)}: a length is between flat, straight or round elements")
    parallel = one.direction.cross(two.direction).Length <= 1e-7
    kinds = {one.kind, two.kind}
    if len(kinds) == 1 and not parallel:
        raise Gone(f"{name(kept)}: they are not parallel, so no one length is between them")
    if kinds == {"plane", "axis"} and abs(one.direction.dot(two.direction)) > 1e-7:
        raise Gone(f"{name(kept)}: the axis is not parallel to the plane, so no one length is between them")
    between = two.point - one.point
    if "plane" in kinds:
        normal = (one if one.kind == "plane" else two).direction
        length = between.dot(normal)
        return Measured(abs(length), one.point, one.point + normal * length)
    if kinds == {"axis", "circle"} and not parallel:
        circle, line = (one, two) if one.kind == "circle" else (two, one)
        if abs(between.dot(circle.direction)) > 1e-6 or abs(line.direction.dot(circle.direction)) > 1e-7:
            raise Gone(f"{name(kept)}: the line is not in the plane of the circle, so no one length is between them")
    # From a line or an axis; without one, from the axis of a circle; between points, from one to the other.
    line = next((each for kind in ("axis", "circle", "point") for each in (one, two) if each.kind == kind), one)
    across = between - line.direction * between.dot(line.direction)
    if across.Length < 1e-6 and line.kind == "axis":
        raise Gone(f"{name(kept)}: they are on one axis, so no length is between them")
    if across.Length < 1e-6:
        # Two circles around one axis, or a ball on the axis of a circle: along it.
        across = between
    start, end = (two.point - across, two.point) if line is one else (one.point, one.point + across)
    return Measured(across.Length, start, end)


def _found(kept: dict[str, Any], side: dict[str, Any], obj: Any, whole: Any) -> Any:
    """Return the element as it is now; `whole` is the shape in its place in the document, as the views show it."""
    by_key: dict[str, list[Element]] = {}
    now = elements(obj, side["kind"])
    for each in now:
        by_key.setdefault(each.key, []).append(each)
    number = side["number"]
    for group in side["groups"]:
        before = [Element._make([*row[:6], tuple(row[6])]) for row in group["members"]]
        candidates = by_key.get(before[0].key, []) or chosen.at_the_same_place(before, group["chosen"], now)
        try:
            places = find_again(before, group["chosen"], candidates)
        except Lost as error:
            raise Gone(f"{name(kept)} of {obj.Name!r} is gone: {error}") from None
        number = min(place for each in places.values() for place in each)
    return (whole.Edges if side["kind"] == "Edge" else whole.Faces)[number - 1]
