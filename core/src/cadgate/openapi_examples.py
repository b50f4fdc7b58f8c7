"""Examples where an author gave none: made from the JSON Schema, so that they are valid and short."""

from __future__ import annotations

from typing import Any, cast

_REF = "#/components/schemas/"
_MAX_DEPTH = 8
_FORMATS = {"date-time": "2026-01-31T12:00:00Z", "binary": "(bytes)", "uuid": "3f1c0b9e-5d27-4a51-9a52-0a3c0f6d1e11"}


def example_of(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> Any:
    """A value that is valid by `schema`: the author's example, the default, or the simplest that fits."""
    for key in ("example", "const", "default"):
        if key in schema and not (key == "default" and schema[key] is None and "anyOf" in schema):
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        target = schemas.get(schema["$ref"].removeprefix(_REF))
        return example_of(target, schemas, depth + 1) if target is not None and depth < _MAX_DEPTH else {}
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            options = [one for one in schema[key] if one.get("type") != "null"]
            return example_of(options[0], schemas, depth) if options and "default" not in schema else None
    if "allOf" in schema:
        return _all_of(schema, schemas, depth)
    return _by_type(schema, schemas, depth)


def _all_of(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    values = [example_of(one, schemas, depth) for one in schema["allOf"]]
    if all(isinstance(value, dict) for value in values):
        merged: dict[str, Any] = {}
        for value in values:
            merged.update(cast("dict[str, Any]", value))
        return merged
    return values[0] if values else {}


def _by_type(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in cast("list[str]", kind) if one != "null"), "null")
    if kind == "object" or "properties" in schema:
        required = schema.get("required", [])
        properties: dict[str, Any] = schema.get("properties", {})
        return {
            name: example_of(one, schemas, depth + 1)
            for name, one in properties.items()
            if name in required or (depth < _MAX_DEPTH and "default" in one)
        }
    if kind == "array":
        if "prefixItems" in schema:
            return [example_of(one, schemas, depth + 1) for one in schema["prefixItems"]]
        count = max(int(schema.get("minItems", 0)), 1 if depth < _MAX_DEPTH else 0)
        return [example_of(schema.get("items", {}), schemas, depth + 1) for _ in range(min(count, 8))]
    if kind in ("number", "integer"):
        return _number(schema)
    if kind == "boolean":
        return True
    if kind == "string":
        text = _FORMATS.get(schema.get("format", ""), "text")
        return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), "x")
    return None if kind == "null" else {}


def _number(schema: dict[str, Any]) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    for candidate in (1, 0, 10, low, high, above + 1 if above is not None else None):
        if candidate is None:
            continue
        fits = (low is None or candidate >= low) and (high is None or candidate <= high)
        if fits and (above is None or candidate > above) and (below is None or candidate < below):
            return candidate
    return 1
