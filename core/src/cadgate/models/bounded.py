"""Bounds the cost of a refusal: lists stop at their first wrong item, and only the first errors are listed.

Pydantic collects an error for every wrong element: a list of five million of them takes a minute and gigabytes, though
the client gets a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydantic import AliasChoices, BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema

MAX_ERRORS = 100
"""How many errors `details.errors` lists; if there are more, `details.total` has their number."""
MAX_FIELDS = 2000
"""How many fields an object in a request may have, not counting those that are refused as unknown."""
MAX_FIELD_NAME = 1000
"""How many characters the name of a field may have."""

_MANY = frozenset(("list", "set", "frozenset", "dict", "tuple"))
_NO_SCHEMA = frozenset(("default", "metadata", "serialization", "expected"))
"""Keys of a core schema whose values are not schemas."""


def stop_at_first_error(schema: Any) -> None:
    """Make every list, set, dictionary and tuple of any length in a core schema stop at its first wrong item."""
    if isinstance(schema, dict):
        fields = cast("dict[str, Any]", schema)
        kind = fields.get("type")
        if isinstance(kind, str) and kind in _MANY and (kind != "tuple" or "variadic_item_index" in fields):
            fields["fail_fast"] = True
        for key, value in fields.items():
            if key not in _NO_SCHEMA:
                stop_at_first_error(value)
    elif isinstance(schema, (list, tuple)):
        for each in cast("Sequence[Any]", schema):
            stop_at_first_error(each)


class FailingFast(BaseModel):
    """The base of all models that clients send."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        schema = handler(source)
        stop_at_first_error(schema)
        return schema


def without_most_unknown(value: dict[str, Any], model: type[BaseModel]) -> tuple[dict[str, Any], int]:
    """Return `value` with at most `MAX_ERRORS` fields that `model` does not know, and how many were left out."""
    if len(value) <= MAX_ERRORS or model.model_config.get("extra") != "forbid":
        return value, 0
    known = set(_names(model))
    unknown = [name for name in value if name not in known]
    surplus = set(unknown[MAX_ERRORS:])
    return {name: item for name, item in value.items() if name not in surplus}, len(surplus)


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for alias in (field.alias, field.validation_alias):
            if isinstance(alias, AliasChoices):
                yield from (one for one in alias.choices if isinstance(one, str))
            elif isinstance(alias, str):
                yield alias


def too_many_fields(value: Any, where: tuple[str | int, ...] = ("body",)) -> dict[str, Any] | None:
    """Return the error of the first object in `value` with too many fields, or too long a name.

    `value` itself may have more: `without_most_unknown` limits its unknown fields.
    """
    for path, fields in _objects(value, where):
        if len(fields) > MAX_FIELDS and fields is not value:
            message = f"an object has at most {MAX_FIELDS} fields, not {len(fields)}"
            return {"type": "too_many_fields", "loc": path, "msg": message}
        for name in fields:
            if len(name) > MAX_FIELD_NAME:
                message = f"the name of a field has at most {MAX_FIELD_NAME} characters, not {len(name)}"
                return {"type": "field_name_too_long", "loc": (*path, name[:50] + "…"), "msg": message}
    return None


def _objects(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [(where, value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, dict):
            fields = cast("dict[str, Any]", each)
            yield path, fields
            waiting += [((*path, name), item) for name, item in fields.items() if isinstance(item, (dict, list))]
        else:
            items = cast("list[Any]", each) if isinstance(each, list) else []
            waiting += [((*path, index), item) for index, item in enumerate(items) if isinstance(item, (dict, list))]


def holds_many(value: Any, most: int = 1000) -> bool:
    """Whether `value` holds more than `most` values; a long string counts as many."""
    waiting, seen = [value], 0
    while waiting and seen <= most:
        each = waiting.pop()
        seen += 1
        if isinstance(each, str):
            seen += len(each) // 64
        elif isinstance(each, dict):
            fields = cast("dict[str, Any]", each)
            seen += len(fields)
            waiting += fields.values() if seen <= most else ()
        elif isinstance(each, list):
            items = cast("list[Any]", each)
            seen += len(items)
            waiting += items if seen <= most else ()
    return seen > most
