"""Copies objects: one alone, on the same inputs, or with copies of everything that it is made from."""

from __future__ import annotations

import re
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, about_to_change, method
from cadgate_freecad.app import chosen, colours, holders, materials, painting, shapes, values, versions
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe, problem
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.recomputing import recompute

_NOT_COPIED = {
    "Label",
    "ExpressionEngine",
    "Proxy",
    "Visibility",
    "_Body",
    "_GroupTouched",
    chosen.PROPERTY,
    colours.FACES,
}


@method("objects.duplicate")
def duplicate(
    *,
    object: str,
    name: str | None,
    label: str | None,
    on_conflict: str,
    location: Any,
    rotation: Any,
    inputs: bool,
    expressions: dict[str, Any],
    material: Any,
    color: Any,
    face_colors: Any,
) -> dict[str, Any]:
    document = target()
    obj = find(document, object)
    sources = [*(_made_from(obj) if inputs else []), obj]
    for each in sources:
        _check(each)
    place = None
    if location is not None or rotation is not None:
        place = FreeCAD.Placement(
            obj.Placement.Base if location is None else values.vector("location", location),
            obj.Placement.Rotation if rotation is None else values.rotation(rotation),
        )
    slot = Slot(document, _base(obj), name, on_conflict, sources)
    made_of = materials.prepare(material)
    about_to_change(slot.revision or (lambda: describe(obj)["revision"]))
    copies: dict[Any, Any] = {}
    for each in sources:
        last = each is obj
        own = slot if last else Slot(document, _base(each), None, "error")
        copies[each] = _copy(each, own, label if last else None, copies)
        if last and place is not None:
            copies[each].Placement = place
        recompute(copies[each])
        _compare(each, copies[each])
        if colored := colours.own_faces(each):
            painting.write_faces(copies[each], colored)
        if not last:
            copies[each].Visibility = False
    copy = copies[obj]
    if material is not None:
        materials.assign(copy, made_of, instead=True)
    if expressions:
        determined = expressing.apply(copy, expressions)
        recompute(copy)
        expressing.confirm(copy, determined)
    if color is not None:
        painting.set_color(copy, color)
    if face_colors:
        painting.set_faces(copy, face_colors)
    if place is not None and not expressions and not values.same_placement(copy.Placement, place):
        raise AppError("conflict", f"The copy of {object!r} cannot be placed: it is attached to something")
    return describe(copy)


def _base(obj: Any) -> str:
    return obj.Name.rstrip("0123456789") or obj.Name


def _made_from(obj: Any) -> list[Any]:
    """Return everything that `obj` is made from, inputs first, without what belongs to the document."""
    found: list[Any] = []

    def visit(current: Any) -> None:
        for other in sorted(current.OutList, key=lambda each: each.Name):
            if other not in found and hasattr(other, "Shape") and other.getParentGeoFeatureGroup() is None:
                visit(other)
                found.append(other)

    visit(obj)
    return found


def _check(obj: Any) -> None:
    """Raise AppError `validation_error` for what cannot be copied alone."""
    if obj.getParentGeoFeatureGroup() is not None or obj.hasExtension("App::GeoFeatureGroupExtension"):
        raise values.invalid(
            "object",
            f"{obj.Name!r} ({obj.TypeId}) is a body or part, or belongs to one, which cannot be copied: repeat it with "
            "features/linear_pattern, or export it to fcstd and import that",
        )
    if obj.TypeId in ("App::LinkGroup", "App::LinkElement"):
        raise values.invalid("object", f"{obj.Name!r} ({obj.TypeId}) cannot be copied: make a link to it (POST /links)")
    if shapes.shape_of(obj) is None or (hasattr(obj, "Proxy") and not hasattr(obj, "ArrayType")):
        raise values.invalid("object", f"{obj.Name!r} ({obj.TypeId}) cannot be copied")
    wrong = problem(obj)
    if wrong is not None:
        raise values.invalid("object", wrong)


def _copy(obj: Any, slot: Slot, label: str | None, copies: dict[Any, Any]) -> Any:
    copy = slot.fill(obj.TypeId, label)
    if hasattr(obj, "ArrayType"):
        versions.make_array(copy)
    for name in obj.PropertiesList:
        if name in _NOT_COPIED or (name == "ElementList" and holders.count(obj)):
            continue
        if name not in copy.PropertiesList:
            copy.addProperty(
                obj.getTypeIdOfProperty(name), name, obj.getGroupOfProperty(name), obj.getDocumentationOfProperty(name)
            )
        copy.restorePropertyContent(name, obj.dumpPropertyContent(name))
        if "Link" in obj.getTypeIdOfProperty(name) and copies:
            setattr(copy, name, _instead(getattr(obj, name), copies))
    if holders.count(obj):
        # FreeCAD has made elements of its own for the copy.
        for one, two in zip(obj.ElementList, copy.ElementList):
            two.Placement, two.ScaleVector, two.Visibility = one.Placement, one.ScaleVector, one.Visibility
            painting.paint(two, colours.own(one), {})
    for path, text in obj.ExpressionEngine:
        copy.setExpression(path.lstrip("."), _renamed(text, copies))
    chosen.copy(obj, copy, {each.Name: made.Name for each, made in copies.items()})
    return copy


def _instead(value: Any, copies: dict[Any, Any]) -> Any:
    """Redirect a link, a list of links, or links with names of edges to the copies, where there are any."""
    if isinstance(value, (list, tuple)):
        return type(value)(_instead(each, copies) for each in value)
    return copies.get(value, value) if hasattr(value, "TypeId") else value


def _renamed(text: str, copies: dict[Any, Any]) -> str:
    for obj, copy in copies.items():
        text = re.sub(rf"(?<![\w.<]){obj.Name}(?=\.)", copy.Name, text)
        text = text.replace(f"<<{obj.Label}>>.", f"<<{copy.Label}>>.")
    return text


def _compare(obj: Any, copy: Any) -> None:
    """Compare the copy with the original. Raises AppError `degenerate_result` if it differs."""
    one, two = shapes.required_shape(obj), shapes.required_shape(copy)
    pairs = [(shapes.volume(one), shapes.volume(two)), (one.Area, two.Area), (one.Length, two.Length)]
    counts = [(len(getattr(one, kind)), len(getattr(two, kind))) for kind in ("Faces", "Edges", "Vertexes")]
    if not all(same(left, right) for left, right in pairs) or any(left != right for left, right in counts):
        raise AppError("degenerate_result", f"The copy of {obj.Name!r} would differ from it: FreeCAD cannot copy it")
    expressing.confirm(copy, {path.lstrip("."): text for path, text in copy.ExpressionEngine})
