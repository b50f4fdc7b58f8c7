"""Rewrites arrays of fixed length so that every client generator understands them: `items`, not `prefixItems`."""

from __future__ import annotations

from typing import Any, cast

_VALUES = frozenset(("example", "examples", "default", "const", "enum"))
"""Keys whose values are data, not schemas: in them `"type": "array"` may be an ordinary field."""
_NAMED = frozenset(("properties", "patternProperties", "schemas", "$defs"))
"""Keys of objects that map names to schemas."""


def with_items(value: Any, *, named: bool = False) -> Any:
    """Return a schema, or anything that contains schemas, with `items` in every array."""
    if isinstance(value, list):
        return [with_items(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    schema = {
        key: each if key in _VALUES and not named else with_items(each, named=key in _NAMED and not named)
        for key, each in cast("dict[str, Any]", value).items()
    }
    if not named and schema.get("type") == "array" and "items" not in schema:
        schema["items"] = _items(schema.pop("prefixItems", []))
    return schema


def _items(each: list[Any]) -> dict[str, Any]:
    different: list[Any] = []
    for schema in each:
        if schema not in different:
            different.append(schema)
    if not different:
        return {}
    return different[0] if len(different) == 1 else {"anyOf": different}
