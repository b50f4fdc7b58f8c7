"""Properties of Blender's RNA as JSON Schema, their values as JSON, and JSON as their values, all checked by type."""

from __future__ import annotations

import math
from typing import Any, Iterable

import bpy

from cadgate.appserver import AppError, nearest
from cadgate_blender.app.describe import tidy

_UNITS = {"LENGTH": "m", "AREA": "m²", "VOLUME": "m³", "ROTATION": "rad", "TIME": "frames", "TIME_ABSOLUTE": "s"}
_HUGE = 2**31 - 1
_MAX_ITEMS = 10_000
_MAX_TEXT = 100_000
_NAMES_SHOWN = 12


def invalid(field: str, message: str, near: Iterable[str] = ()) -> AppError:
    """Return the error for a value that Blender does not accept, shaped like the gateway's own."""
    details: dict[str, Any] = {"errors": [{"type": "value_error", "loc": ["body", field], "msg": message}]}
    found = list(near)
    if found:
        details["did_you_mean"] = found
    return AppError("validation_error", f"{field}: {message}", details)


# --- schemas ---------------------------------------------------------------------------------------------------------


def object_schema(properties: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    """Return the JSON Schema of an object with these properties."""
    return {
        "type": "object",
        "properties": {prop.identifier: schema(prop, depth) for prop in properties if prop.identifier != "rna_type"},
        "additionalProperties": False,
    }


def schema(prop: Any, depth: int = 0) -> dict[str, Any]:
    """Return the JSON Schema of one property: type, enumeration, range, default, unit and documentation."""
    found = _typed(prop, depth)
    if prop.name:
        found["title"] = prop.name
    if prop.description:
        found["description"] = prop.description
    unit = _UNITS.get(getattr(prop, "unit", ""))
    if unit is not None:
        found["unit"] = unit
    return found


def _typed(prop: Any, depth: int) -> dict[str, Any]:
    kind = prop.type
    if kind == "ENUM":
        return _enum(prop)
    if kind == "STRING":
        text: dict[str, Any] = {"type": "string", "default": prop.default}
        if prop.length_max:
            text["maxLength"] = prop.length_max
        return text
    if kind == "POINTER":
        if isinstance(prop, bpy.types.PointerProperty) and is_block(prop.fixed_type):
            return {"type": ["string", "null"], "refersTo": _rna(prop).identifier}
        return object_schema(_rna(prop).properties, depth + 1) if depth < 2 else {"type": "object"}
    if kind == "COLLECTION":
        inner = object_schema(prop.fixed_type.properties, depth + 1) if depth < 2 else {"type": "object"}
        return {"type": "array", "items": inner}
    single: dict[str, Any] = {"type": {"BOOLEAN": "boolean", "INT": "integer", "FLOAT": "number"}[kind]}
    if kind != "BOOLEAN":
        if abs(prop.hard_min) < _HUGE:
            single["minimum"] = tidy(prop.hard_min) if kind == "FLOAT" else prop.hard_min
        if abs(prop.hard_max) < _HUGE:
            single["maximum"] = tidy(prop.hard_max) if kind == "FLOAT" else prop.hard_max
    if not getattr(prop, "is_array", False):
        return {**single, "default": _plain(prop.default)}
    shape = [each for each in prop.array_dimensions if each]
    found: dict[str, Any] = single
    for size in reversed(shape or [prop.array_length]):
        found = {"type": "array", "items": found, "minItems": size, "maxItems": size}
    if len(shape) <= 1:
        found["default"] = [_plain(each) for each in prop.default_array]
    return found


def _rna(prop: Any) -> Any:
    return prop.fixed_type


def _enum(prop: Any) -> dict[str, Any]:
    words = [item.identifier for item in prop.enum_items]
    word: dict[str, Any] = {"type": "string"}
    if words:
        word["enum"] = words
    if prop.is_enum_flag:
        return {"type": "array", "items": word, "uniqueItems": True, "default": sorted(prop.default_flag)}
    return {**word, **({"default": prop.default} if prop.default in words else {})}


def is_block(rna: Any) -> bool:
    """Return whether a type is one of data-blocks, which have names."""
    while rna is not None and rna.identifier != "ID":
        rna = rna.base
    return rna is not None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return tidy(value) if math.isfinite(value) else None
    return value


# --- values to JSON --------------------------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """Return a value as JSON: a data-block as its name, numbers as short as they are."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return tidy(value) if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (set, frozenset)):
        return sorted(str(each) for each in value)
    if isinstance(value, bpy.types.ID):
        return value.name
    if hasattr(value, "to_list"):
        return to_json(value.to_list())
    if hasattr(value, "__len__") and not isinstance(value, bpy.types.bpy_struct):
        return [to_json(each) for each in value]
    return getattr(value, "name", None) or type(value).__name__


# --- JSON to values --------------------------------------------------------------------------------------------------


def convert_all(properties: Any, given: dict[str, Any], field: str) -> dict[str, Any]:
    """Return the arguments for `properties`, all checked. Raises AppError `validation_error`."""
    return {name: convert(find(properties, name, field), value, f"{field}.{name}") for name, value in given.items()}


def find(properties: Any, name: str, field: str) -> Any:
    """Return the property `name`, of RNA or of a dictionary. Raises AppError `validation_error` with near names."""
    prop = None if name == "rna_type" else properties.get(name)
    if prop is None:
        known = [each.identifier for each in properties.values() if each.identifier != "rna_type"]
        near = nearest(name, known, cutoff=0.5)
        few = ", ".join(known[:_NAMES_SHOWN]) + (" …" if len(known) > _NAMES_SHOWN else "")
        hint = f"; did you mean {near[0]!r}?" if near else f"; known are {few or 'none'}"
        raise invalid(f"{field}.{name}", f"there is no property {name!r}{hint}", near)
    return prop


def convert(prop: Any, value: Any, field: str) -> Any:
    """Return `value` as the property takes it. Raises AppError `validation_error`."""
    kind = prop.type
    if kind == "ENUM":
        return _words(prop, value, field)
    if kind == "STRING":
        return _text(prop, value, field)
    if kind == "POINTER":
        if not isinstance(value, dict):
            raise invalid(field, f"{value!r} must be an object of properties")
        return convert_all(prop.fixed_type.properties, value, field)
    if kind == "COLLECTION":
        if not isinstance(value, list) or len(value) > _MAX_ITEMS:
            raise invalid(field, f"it must be a list of at most {_MAX_ITEMS} objects")
        inner = prop.fixed_type.properties
        for number, each in enumerate(value):
            if not isinstance(each, dict):
                raise invalid(f"{field}.{number}", f"{each!r} must be an object of properties")
        return [convert_all(inner, each, f"{field}.{number}") for number, each in enumerate(value)]
    if not getattr(prop, "is_array", False):
        return _single(prop, value, field)
    return _array(prop, value, field, [each for each in prop.array_dimensions if each] or [prop.array_length])


def _array(prop: Any, value: Any, field: str, shape: list[int]) -> Any:
    if not isinstance(value, list) or len(value) != shape[0]:
        raise invalid(field, f"{value!r} must be a list of {shape[0]} {'lists' if len(shape) > 1 else 'values'}")
    if len(shape) > 1:
        return [_array(prop, each, f"{field}.{number}", shape[1:]) for number, each in enumerate(value)]
    return [_single(prop, each, f"{field}.{number}") for number, each in enumerate(value)]


def convert_component(prop: Any, value: Any, field: str) -> Any:
    """Return `value` as one component of a vector takes it. Raises AppError `validation_error`."""
    return _single(prop, value, field)


def _single(prop: Any, value: Any, field: str) -> Any:
    if prop.type == "BOOLEAN":
        if not isinstance(value, bool):
            raise invalid(field, f"{value!r} must be true or false")
        return value
    whole = prop.type == "INT"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not math.isfinite(value):
        raise invalid(field, f"{value!r} must be a {'whole' if whole else 'finite'} number")
    low, high = prop.hard_min, prop.hard_max
    if not low <= value <= high and not math.isclose(value, low if value < low else high, rel_tol=1e-6):
        raise invalid(field, f"{value!r} is not in Blender's range, which is {tidy(low)} to {tidy(high)}")
    return value if whole else float(value)


def _words(prop: Any, value: Any, field: str) -> Any:
    known = [item.identifier for item in prop.enum_items]
    wanted = value if prop.is_enum_flag else [value]
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise invalid(field, f"{value!r} must be {'a list of words' if prop.is_enum_flag else 'a word'}")
    for each in wanted:
        # Without a list, the words depend on the context: Blender itself checks them.
        if known and each not in known:
            near = nearest(each, known, cutoff=0.5)
            shown = ", ".join(map(repr, known[:40])) + (" …" if len(known) > 40 else "")
            raise invalid(field, f"{each!r} is not one of {shown}", near)
    return set(wanted) if prop.is_enum_flag else value


def _text(prop: Any, value: Any, field: str) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > _MAX_TEXT:
        raise invalid(field, f"it must be text of at most {_MAX_TEXT} characters")
    size = len(value.encode("utf-8", "replace"))
    if prop.length_max and size >= prop.length_max:
        raise invalid(field, f"it has {size} bytes; Blender keeps {prop.length_max - 1}")
    return value
