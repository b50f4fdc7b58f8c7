"""Dimensions of drawings: what they are on, found again after changes, and what that measures in the model."""

from __future__ import annotations

from math import acos, degrees, isclose, tau
from typing import Any, Callable, NamedTuple

from cadgate_freecad.app import chosen, shapes, values
from cadgate_freecad.app.elements import Element, Lost, elements, find_again
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.ties import Primitive, alike, primitive_of


class Measured(NamedTuple):
    """A number, two points in the document between which it is drawn, and the elements that it is between.

    `has` says of a radius or diameter whether the face or edge is there in a direction from its centre.
    """

    value: float
    start: Any
    end: Any
    one: Primitive | None = None
    two: Primitive | None = None
    has: Callable[[Any], bool] | None = None


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
        sizes = {round(getattr(getattr(each, "Curve", None) or each.Surface, "Radius", 0.0), 9) for each in parts}
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
    one, two = _at(parts[0]), _at(parts[1]) if len(parts) > 1 else None
    if kept["type"] in ("diameter", "radius"):
        radius = getattr(getattr(parts[0], "Curve", None) or parts[0].Surface, "Radius", None)
        if radius is None:
            raise Gone(f"{name(kept)}: it is not round")
        assert one is not None
        value = radius * (2 if kept["type"] == "diameter" else 1)
        return Measured(value, one.point, one.point, one, has=lambda way: _has(parts[0], one.point + way * radius))
    if kept["type"] == "angle":
        if one is None or two is None:
            raise Gone(f"{name(kept)}: an angle is between two flat or straight elements")
        cosine = max(-1.0, min(1.0, one.direction.dot(two.direction)))
        angle = degrees(acos(cosine))
        # The angle between faces is that of the material; between edges the smaller one.
        angle = 180 - angle if one.kind == two.kind == "plane" else min(angle, 180 - angle)
        return Measured(angle, parts[0].CenterOfMass, parts[1].CenterOfMass, one, two)
    if len(parts) == 1:
        if parts[0].ShapeType != "Edge":
            raise Gone(f"{name(kept)}: the length of a face is not defined: choose an edge, or two elements")
        edge = parts[0]
        return Measured(edge.Length, edge.valueAt(edge.FirstParameter), edge.valueAt(edge.LastParameter))
    return _between(kept, one, two)


def _at(part: Any) -> Primitive | None:
    """Return what a face or edge is, an axis with the point beside the face: a surface may begin far from it."""
    found = primitive_of(part)
    if found is None or found.kind != "axis" or part.ShapeType != "Face":
        return found
    return found._replace(point=found.point + found.direction * (part.CenterOfMass - found.point).dot(found.direction))


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
    if not isclose(one.direction.cross(two.direction).Length, 0, abs_tol=1e-7) and one.kind == two.kind:
        raise Gone(f"{name(kept)}: they are not parallel, so no one length is between them")
    between = two.point - one.point
    if {one.kind, two.kind} == {"plane", "axis"} and abs(one.direction.dot(two.direction)) > 1e-7:
        raise Gone(f"{name(kept)}: the axis is not parallel to the plane, so no one length is between them")
    if "plane" in (one.kind, two.kind):
        normal = (one if one.kind == "plane" else two).direction
        length = between.dot(normal)
        return Measured(abs(length), one.point, one.point + normal * length)
    across = between - one.direction * between.dot(one.direction)
    return Measured(across.Length, one.point, one.point + across)


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
