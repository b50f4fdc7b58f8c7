"""Arrays of a fixed length as every generator of clients understands them: `items` with a length, not `prefixItems`."""

from __future__ import annotations

from typing import Any, cast


def with_items(value: Any) -> Any:
    """The same schema, or anything that holds schemas, with `items` in every array."""
    if isinstance(value, list):
        return [with_items(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    schema = {key: with_items(each) for key, each in cast("dict[str, Any]", value).items()}
    if schema.get("type") == "array" and "items" not in schema:
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
