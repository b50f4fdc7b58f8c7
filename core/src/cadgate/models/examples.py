"""Generates examples from a JSON Schema, valid and short, for models whose author gave none."""

from __future__ import annotations

from typing import Any, cast

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_FORMATS = {"date-time": "2026-01-31T12:00:00Z", "binary": "(bytes)", "uuid": "3f1c0b9e-5d27-4a51-9a52-0a3c0f6d1e11"}


def example_of(schema: Schema, schemas: Schema, inside: tuple[str, ...] = ()) -> Any:
    """Return a value that is valid for `schema`: the author's example, the default, or the simplest that fits.

    `inside` has the names of the enclosing schemas: a schema that contains itself is generated once.
    """
    if "example" in schema:
        return schema["example"]
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        name: str = schema["$ref"].removeprefix(_REF)
        return example_of(schemas[name], schemas, (*inside, name)) if name in schemas and name not in inside else {}
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            options: list[Schema] = [one for one in schema[key] if one.get("type") != "null"]
            finite = [one for one in options if one.get("$ref", "").removeprefix(_REF) not in inside]
            return example_of(finite[0], schemas, inside) if finite else None
    if "allOf" in schema:
        return _all_of(schema, schemas, inside)
    return _by_type(schema, schemas, inside)


def _all_of(schema: Schema, schemas: Schema, inside: tuple[str, ...]) -> Any:
    values = [example_of(one, schemas, inside) for one in schema["allOf"]]
    if all(isinstance(value, dict) for value in values):
        merged: Schema = {}
        for value in values:
            merged.update(cast("Schema", value))
        return merged
    return values[0] if values else {}


def _by_type(schema: Schema, schemas: Schema, inside: tuple[str, ...]) -> Any:
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in cast("list[str]", kind) if one != "null"), "null")
    if kind == "object" or "properties" in schema:
        wanted = set(schema.get("required", ()))
        properties: dict[str, Schema] = schema.get("properties", {})
        # Only those optional ones with an informative default.
        wanted |= {name for name, one in properties.items() if one.get("default") is not None}
        return {name: example_of(one, schemas, inside) for name, one in properties.items() if name in wanted}
    if kind == "array":
        return _array(schema, schemas, inside)
    if kind in ("number", "integer"):
        return _number(schema)
    if kind == "boolean":
        return True
    if kind == "string":
        text = _FORMATS.get(schema.get("format", ""), "text")
        return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), "x")
    return None if kind == "null" else {}


def _array(schema: Schema, schemas: Schema, inside: tuple[str, ...]) -> list[Any]:
    if "prefixItems" in schema:
        return [example_of(one, schemas, inside) for one in schema["prefixItems"]]
    items: Schema = schema.get("items", {})
    repeats = items.get("$ref", "").removeprefix(_REF) in inside
    count = max(int(schema.get("minItems", 0)), 0 if repeats else 1)
    return [example_of(items, schemas, inside) for _ in range(count)]


def _number(schema: Schema) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    for candidate in (1, 0, 10, low, high, above + 1 if above is not None else None):
        if candidate is None:
            continue
        fits = (low is None or candidate >= low) and (high is None or candidate <= high)
        if fits and (above is None or candidate > above) and (below is None or candidate < below):
            return candidate
    return 1


def with_nulls(value: Any, schema: Schema, schemas: Schema) -> Any:
    """Return an author's example with required nulls restored, which FastAPI drops from the document."""
    if "$ref" in schema:
        return with_nulls(value, schemas.get(schema["$ref"].removeprefix(_REF), {}), schemas)
    if "anyOf" in schema:
        fitting = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return with_nulls(value, fitting[0], schemas) if len(fitting) == 1 else value
    if isinstance(value, dict):
        known = cast("Schema", value)
        properties: dict[str, Schema] = schema.get("properties", {})
        whole = {name: with_nulls(item, properties.get(name, {}), schemas) for name, item in known.items()}
        missing = [name for name in schema.get("required", ()) if name not in whole and name in properties]
        whole.update({name: None for name in missing if _is_nullable(properties[name])})
        return whole
    if isinstance(value, list):
        items: Schema = schema.get("items", {})
        return [with_nulls(item, items, schemas) for item in cast("list[Any]", value)]
    return value


def _is_nullable(schema: Schema) -> bool:
    return schema.get("type") == "null" or any(one.get("type") == "null" for one in schema.get("anyOf", ()))
