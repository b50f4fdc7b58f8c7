"""Properties of objects as typed JSON, and back: values that FreeCAD would clamp, convert or ignore are refused."""

from __future__ import annotations

import math
from typing import Any, Callable, Container

import FreeCAD

from cadgate.appserver import nearest
from cadgate_freecad.app import attributes, colours, materials, placed, property_lists, values, versions
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.labels import UNSAVABLE
from cadgate_freecad.app.limits import LIMITS, check_property
from cadgate_freecad.app.operands import inputs_of
from cadgate_freecad.app.restoring.places import require_value
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import to_json
from cadgate_freecad.app.verification.values import confirm, expressions_of, require_own, require_undriven

UNTOLD = {
    *(
        "CadgateAssembly",
        "CadgateChosen",
        "CadgateDrawing",
        "ExpressionEngine",
        "_Body",
        "_GroupTouched",
    ),
    *versions.PASSING,
    *colours.PROPERTIES,
    *materials.PROPERTIES,
}
UNTOLD_TYPES = {
    "App::PropertyPythonObject",
    "App::PropertyUUID",  # at random, in every replay too
    "Mesh::PropertyMeshKernel",
    "Part::PropertyGeometryList",
    "Part::PropertyPartShape",
    "Points::PropertyPointKernel",
    "Sketcher::PropertyConstraintList",
}
ELSEWHERE = {
    "Label": "label",
    "Placement": "location and rotation",
    "Visibility": "visible",
}
MAX_TEXT = 100_000
LINK = tuple(f"App::Property{kind}" for kind in ("Link", "LinkChild", "LinkGlobal", "LinkHidden", "XLink"))
LINKS = tuple(f"App::PropertyLinkList{kind}" for kind in ("", "Child", "Global", "Hidden"))


def read(obj: Any) -> dict[str, Any]:
    """Return every property by name: value, unit, type, group, documentation, and whether it can be set."""
    described: dict[str, Any] = {}
    for name in obj.PropertiesList:
        kind = obj.getTypeIdOfProperty(name)
        if name in UNTOLD or kind in UNTOLD_TYPES:
            continue
        value = attributes.prop(obj, name)
        entry: dict[str, Any] = {
            "value": to_json(value),
            "unit": unit_of(value),
            "type": kind,
            "group": obj.getGroupOfProperty(name) or "Base",
            "documentation": obj.getDocumentationOfProperty(name) or "",
            "read_only": is_read_only(obj, name),
            "expression": _expression(obj, name),
            "choices": list(obj.getEnumerationsOfProperty(name) or []) or None,
        }
        described[name] = entry
    return described


def _expression(obj: Any, name: str) -> str | None:
    """Return the expression of a property; with the path if it determines only a part of it: `Base.x = Box.Length`."""
    found = expressions_of(obj, name)
    if name in found:
        return found[name]
    return ", ".join(f"{path[len(name) :].lstrip('.')} = {text}" for path, text in sorted(found.items())) or None


def unit_of(value: Any) -> str | None:
    """Return `mm`, `deg`, … of a quantity. FreeCAD prints a unit as `Unit: mm (1,0,0,0,0,0,0,0) [Length]`."""
    if not isinstance(value, FreeCAD.Units.Quantity):
        return None
    text = str(attributes.of(value, "Unit"))
    return text[len("Unit: ") :].split("(")[0].strip() or None if text.startswith("Unit: ") else text


def is_read_only(obj: Any, name: str) -> bool:
    status = obj.getPropertyStatus(name)
    modes = obj.getEditorMode(name)
    return any(word in ("ReadOnly", "Immutable", "Output") for word in (*status, *modes))


NO_PROFILE = "a loft needs a sketch or a face: FreeCAD 1.0 ends when it computes one without"


def prepare(obj: Any, properties: dict[str, Any], released: Container[str] = ()) -> dict[str, Any]:
    """Return FreeCAD values for what a request sets, without changing anything; `released` lose their expressions.

    Raises AppError `validation_error` for a property that is unknown, read-only, or of another type.
    """
    known = obj.PropertiesList
    prepared: dict[str, Any] = {}
    for name, value in properties.items():
        field = f"properties.{name}"
        require_own(obj, name, field)
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
            raise values.invalid(field, f"{obj.Name!r} ({obj.TypeId}) has no property {name!r}{hint}", near)
        require_value(obj, name, field)
        if name in ELSEWHERE:
            raise values.invalid(field, f"change it by {ELSEWHERE[name]}")
        if name in UNTOLD or obj.getTypeIdOfProperty(name) in UNTOLD_TYPES or is_read_only(obj, name):
            raise values.invalid(field, "FreeCAD computes it; it cannot be set")
        if name not in released:
            require_undriven(obj, name, field)
        prepared[name] = _from_json(obj, name, field, value)
        check_property(name, prepared[name])
        is_loft = name == "Profile" and obj.isDerivedFrom("PartDesign::Loft")
        if versions.ENDS_WITHOUT_PROFILE and is_loft and not prepared[name]:
            raise values.invalid(field, NO_PROFILE)
    return prepared


def write(obj: Any, prepared: dict[str, Any]) -> None:
    """Set prepared values and read each back. Raises AppError if FreeCAD kept something else.

    Inputs of a feature that are in another container are replaced by stand-ins, also in `prepared`.
    """
    for name, value in prepared.items():
        if _is_made_from_links(obj):
            linked = value if isinstance(value, list) else [value]
            linked = [each for each in linked if hasattr(each, "TypeId")]
            prepared[name] = value = inputs_of(value, linked, placed.container(obj))
        try:
            setattr(obj, name, value)
        except (TypeError, ValueError, RuntimeError, AttributeError, FreeCADError) as error:
            raise values.invalid(
                f"properties.{name}", f"FreeCAD refuses {to_json(value)!r}: {values.words(error)}"
            ) from None
        confirm(obj, {name: value})


def _is_made_from_links(obj: Any) -> bool:
    """Return whether the linked objects are shapes that it is made from, and not the contents of a body."""
    if not obj.isDerivedFrom("Part::Feature") or obj.hasExtension("App::GroupExtension"):
        return False
    return not obj.isDerivedFrom("PartDesign::Feature")


def rehearse(obj: Any, prepared: dict[str, Any]) -> None:
    """Set the prepared numbers in another object of this type, for a dry run: FreeCAD reports ranges in no other way.

    Raises what `write` raises.
    """
    numbers = {name: value for name, value in prepared.items() if type(value) in (int, float)}
    if not numbers:
        return
    with scratch() as document:
        twin = document.addObject(obj.TypeId, obj.Name)
        known = twin.PropertiesList
        write(twin, {name: value for name, value in numbers.items() if name in known})


# --- JSON to FreeCAD, by the type of the property --------------------------------------------------------------------


def _from_json(obj: Any, name: str, field: str, value: Any) -> Any:
    kind = obj.getTypeIdOfProperty(name)
    now = attributes.optional(obj, name)
    if isinstance(now, FreeCAD.Units.Quantity):
        return _quantity(field, value, now)
    convert = CONVERT.get(kind)
    if convert is None:
        raise values.invalid(field, f"a property of type {kind} cannot be set through the API")
    return convert(obj, name, field, value)


def _quantity(field: str, value: Any, now: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise values.invalid(field, f"{value!r} must be a number or a quantity string")
    if attributes.of(now, "Unit") == FreeCAD.Units.Length:
        return values.coordinate(field, value)
    example = f"1 {unit_of(now) or ''}".strip()
    result = values.quantity(field, value, attributes.of(now, "Unit"), example)
    if abs(result) > LIMITS["max_extent_mm"] ** 3:
        raise values.invalid(field, f"{value!r} is too large")
    return result


def _bool(obj: Any, name: str, field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise values.invalid(field, f"{value!r} must be true or false")
    return value


def _int(obj: Any, name: str, field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31 - 1:
        raise values.invalid(field, f"{value!r} must be a whole number")
    return value


def _float(obj: Any, name: str, field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise values.invalid(field, f"{value!r} must be a finite number")
    return float(value)


def text(field: str, value: Any) -> str:
    """Return a text that a document can hold: XML has no control characters."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise values.invalid(field, f"it must be text of at most {MAX_TEXT} characters")
    if UNSAVABLE.search(value):
        raise values.invalid(field, "control characters and unpaired surrogates cannot be saved")
    return value


def _text(obj: Any, name: str, field: str, value: Any) -> str:
    return text(field, value)


def _choice(obj: Any, name: str, field: str, value: Any) -> str:
    choices = obj.getEnumerationsOfProperty(name)
    if value not in choices:
        near = nearest(value, choices) if isinstance(value, str) else None
        raise values.invalid(field, f"{value!r} is not one of {', '.join(map(repr, choices))}", near)
    return value


def _vector(obj: Any, name: str, field: str, value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 3:
        raise values.invalid(field, f"{value!r} must be [x, y, z]")
    if any(isinstance(part, bool) or not isinstance(part, (int, float, str)) for part in value):
        raise values.invalid(field, f"{value!r} must be [x, y, z] of numbers")
    return values.vector(field, value)


def _place(obj: Any, name: str, field: str, value: Any) -> Any:
    if not isinstance(value, dict) or not value or not {"location", "rotation"}.issuperset(value):
        raise values.invalid(field, f'{value!r} must be {{"location": [x, y, z], "rotation": [x, y, z]}}')
    now = attributes.prop(obj, name)
    location, turn = (
        _vector(obj, name, f"{field}.{part}", value[part]) if part in value else None
        for part in ("location", "rotation")
    )
    return FreeCAD.Placement(
        attributes.base(now) if location is None else location,
        attributes.rotation(now) if turn is None else values.rotation((turn.x, turn.y, turn.z)),
    )


def _link(obj: Any, name: str, field: str, value: Any) -> Any:
    if value is None:
        return None
    other = obj.Document.getObject(value) if isinstance(value, str) else None
    if other is None:
        raise values.invalid(field, f"{value!r} is not an object of the document {obj.Document.Name!r}")
    if other is obj or other in obj.InListRecursive:
        raise values.invalid(field, f"{value!r} depends on {obj.Name!r} itself")
    return other


def _links(obj: Any, name: str, field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise values.invalid(field, f"{value!r} must be a list of names of objects")
    return [_link(obj, name, f"{field}.{index}", each) for index, each in enumerate(value)]


CONVERT: dict[str, Callable[[Any, str, str, Any], Any]] = {
    "App::PropertyBool": _bool,
    "App::PropertyInteger": _int,
    "App::PropertyIntegerConstraint": _int,
    "App::PropertyPercent": _int,
    "App::PropertyFloat": _float,
    "App::PropertyFloatConstraint": _float,
    "App::PropertyPrecision": _float,
    "App::PropertyString": _text,
    "App::PropertyEnumeration": _choice,
    "App::PropertyVector": _vector,
    "App::PropertyVectorDistance": _vector,
    "App::PropertyPosition": _vector,
    "App::PropertyDirection": _vector,
    "App::PropertyPlacement": _place,
    **dict.fromkeys(LINK, _link),
    **dict.fromkeys(LINKS, _links),
    **property_lists.CONVERT,
}
