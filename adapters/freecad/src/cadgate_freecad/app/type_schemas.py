"""The JSON Schema of the properties of a FreeCAD type: as requests set them, read from an object of the type."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate_freecad.app import properties, property_lists
from cadgate_freecad.app.restoring import places
from cadgate_freecad.app.values import to_json

_NUMBER_OR_TEXT: dict[str, Any] = {"type": ["number", "string"]}
_VECTOR: dict[str, Any] = {"type": "array", "items": _NUMBER_OR_TEXT, "minItems": 3, "maxItems": 3}
_ANGLES: dict[str, Any] = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_OBJECT: dict[str, Any] = {"type": ["string", "null"], "description": "The name of an object of the document."}
_ELEMENTS: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"object": {"type": "string"}, "elements": {"type": "array", "items": {"type": "string"}}},
            "required": ["object"],
        },
        {"type": "null"},
    ]
}
_KINDS: dict[str, dict[str, Any]] = {
    "App::PropertyBool": {"type": "boolean"},
    "App::PropertyInteger": {"type": "integer"},
    "App::PropertyIntegerConstraint": {"type": "integer"},
    "App::PropertyPercent": {"type": "integer", "minimum": 0, "maximum": 100},
    "App::PropertyFloat": {"type": "number"},
    "App::PropertyFloatConstraint": {"type": "number"},
    "App::PropertyPrecision": {"type": "number", "minimum": 0},
    "App::PropertyString": {"type": "string", "maxLength": properties.MAX_TEXT},
    "App::PropertyEnumeration": {"type": "string"},
    "App::PropertyVector": _VECTOR,
    "App::PropertyVectorDistance": {**_VECTOR, "unit": "mm"},
    "App::PropertyPosition": {**_VECTOR, "unit": "mm"},
    "App::PropertyDirection": _VECTOR,
    "App::PropertyPlacement": {
        "type": "object",
        "properties": {"location": {**_VECTOR, "unit": "mm"}, "rotation": {**_ANGLES, "unit": "deg"}},
        "additionalProperties": False,
    },
    "App::PropertyBoolList": {"type": "array", "items": {"type": "boolean"}},
    "App::PropertyFloatList": {"type": "array", "items": {"type": "number"}},
    "App::PropertyIntegerList": {"type": "array", "items": {"type": "integer"}},
    "App::PropertyMap": {"type": "object", "additionalProperties": {"type": "string"}},
    "App::PropertyMatrix": {"type": "array", "items": {"type": "number"}, "minItems": 16, "maxItems": 16},
    "App::PropertyRotation": {**_ANGLES, "unit": "deg"},
    "App::PropertyStringList": {"type": "array", "items": {"type": "string"}},
    "App::PropertyVectorList": {"type": "array", "items": _VECTOR},
    "Part::PropertyFilletEdges": {"type": "array", "items": {"type": "array", "minItems": 3, "maxItems": 3}},
    **dict.fromkeys(properties.LINK, _OBJECT),
    **{key: {"type": "array", "items": {"type": "string"}} for key in properties.LINKS},
    **dict.fromkeys(property_lists.ONE_ELEMENT, _ELEMENTS),
    **{key: {"type": "array", "items": _ELEMENTS} for key in property_lists.MANY_ELEMENTS},
}


def schema_of(obj: Any) -> dict[str, Any]:
    """Return the JSON Schema of everything that can be set or read on objects of this type."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": obj.TypeId,
        "type": "object",
        "properties": {name: each for name in obj.PropertiesList for each in _property(obj, name)},
        "additionalProperties": False,
    }


def _property(obj: Any, name: str) -> list[dict[str, Any]]:
    kind = obj.getTypeIdOfProperty(name)
    if name in properties.UNTOLD or kind in properties.UNTOLD_TYPES or name in ("Label", "Visibility"):
        return []
    value = getattr(obj, name, None)
    quantity = isinstance(value, FreeCAD.Units.Quantity)
    described: dict[str, Any] = dict(_NUMBER_OR_TEXT if quantity else _KINDS.get(kind, {}))
    unit = properties.unit_of(value)
    if unit is not None:
        described["unit"] = unit
    choices = list(obj.getEnumerationsOfProperty(name) or [])
    if choices:
        described["enum"] = choices
    text = (obj.getDocumentationOfProperty(name) or "").strip()
    if text:
        described["description"] = text
    purpose = places.purpose(obj, name)
    if purpose is not None:
        described.update({"readOnly": True, "reason": f"it {purpose}"})
    elif properties.is_read_only(obj, name):
        described["readOnly"] = True
    elif not quantity and kind not in _KINDS:
        described.update({"readOnly": True, "reason": f"properties of type {kind} cannot be set by requests"})
    if value is not None and purpose is None and not (choices and value not in choices):
        described["default"] = to_json(value)
    described["kind"] = kind
    described["group"] = obj.getGroupOfProperty(name) or "Base"
    return [described]
