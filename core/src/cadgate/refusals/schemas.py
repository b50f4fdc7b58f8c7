"""The JSON Schema of a request, and how to find what is expected at a place in it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import TypeAdapter

Schema = dict[str, Any]
Path = tuple[str | int, ...]

_REF = "#/components/schemas/"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "array": (list, tuple),
    "object": (dict,),
    "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """A schema, with those that it refers to."""

    root: Schema = field(default_factory=dict[str, Any])
    defs: Mapping[str, Schema] = field(default_factory=dict[str, Any])

    def resolved(self, schema: Schema) -> Schema:
        """Return what `schema` refers to, overridden by what it says itself."""
        for _ in range(8):
            name = str(schema.get("$ref", "")).removeprefix(_REF)
            if name not in self.defs:
                break
            schema = {**self.defs[name], **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    def options(self, schema: Schema) -> list[Schema]:
        """Return the alternatives of a schema; the schema itself if it has none."""
        schema = self.resolved(schema)
        found = [one for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ())]
        return [each for one in found for each in self.options(one)] if found else [schema]

    def tagged(self, schema: Schema) -> Mapping[str, Schema]:
        """Return the alternatives of a schema by the value of their discriminator; empty if there is none."""
        found: dict[str, Schema] = {}
        for one in [self.resolved(schema), *(self.resolved(each) for each in self.resolved(schema).get("anyOf", ()))]:
            mapping: Mapping[str, str] = one.get("discriminator", {}).get("mapping", {})
            found.update({tag: self.resolved({"$ref": ref}) for tag, ref in mapping.items()})
        return found

    def discriminator(self, schema: Schema) -> str:
        """Return the name of the field that distinguishes the alternatives of a schema."""
        resolved = self.resolved(schema)
        around: list[Schema] = [resolved, *resolved.get("anyOf", ())]
        return next((str(one["discriminator"]["propertyName"]) for one in around if "discriminator" in one), "type")

    def step(self, schema: Schema, part: str | int) -> Schema | None:
        """Return what is expected at `part` of a value; None if the value has no such part."""
        found = [one for option in self.options(schema) if (one := _inner(option, part)) is not None]
        if not found:
            return None
        return found[0] if len(found) == 1 else {"anyOf": found}

    def fits(self, schema: Schema, value: Any) -> bool:
        """Whether the schema accepts `value`."""
        return any(self._fits(option, value) for option in self.options(schema))

    def _fits(self, schema: Schema, value: Any) -> bool:
        if "const" in schema or "enum" in schema:
            return value in schema.get("enum", [schema.get("const")])
        kind = schema.get("type")
        if kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool) and _within(schema, value)
        if isinstance(kind, str) and not isinstance(value, _TYPES.get(kind, (object,))):
            return False
        if kind == "number":
            return not isinstance(value, bool) and _within(schema, value)
        if kind == "string":
            return _has_length(schema, value, "Length") and re.search(schema.get("pattern", ""), value) is not None
        if kind == "array":
            parts = [self.step(schema, index) for index in range(min(len(value), 100))]
            fitting = all(part is not None and self.fits(part, item) for part, item in zip(parts, value, strict=False))
            return fitting and _has_length(schema, value, "Items")
        if kind == "object":
            fields = cast("dict[str, Any]", value)
            known = all(
                (part := self.step(schema, name)) is not None and self.fits(part, item) for name, item in fields.items()
            )
            return known and all(name in fields for name in schema.get("required", ()))
        return True


def _inner(schema: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        first: Sequence[Schema] = schema.get("prefixItems", ())
        if 0 <= part < len(first):
            return first[part]
        items = schema.get("items", {} if schema.get("type") == "array" and not first else None)
        return cast("Schema", items) if isinstance(items, dict) else None
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if part in properties:
        return properties[part]
    if schema.get("type") not in ("object", None):
        return None
    more = schema.get("additionalProperties", None if properties or schema.get("type") is None else {})
    return cast("Schema", more) if isinstance(more, dict) else ({} if more is True else None)


def _within(schema: Schema, value: float) -> bool:
    return (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and schema.get("exclusiveMinimum", value - 1) < value < schema.get("exclusiveMaximum", value + 1)
        and (not schema.get("multipleOf") or value % schema["multipleOf"] == 0)
    )


def _has_length(schema: Schema, value: Sequence[Any], what: str) -> bool:
    return schema.get(f"min{what}", 0) <= len(value) <= schema.get(f"max{what}", len(value))


@functools.lru_cache(maxsize=2048)
def contract_of(kind: Any) -> Contract:
    """Return the contract of a model or another type; an empty one if it has no JSON Schema."""
    try:
        schema = TypeAdapter(kind).json_schema(ref_template=_REF + "{model}")
    except Exception:  # noqa: BLE001 - an adapter's own types: without a schema the message is only less helpful
        return Contract()
    return Contract(schema, schema.pop("$defs", {}))


def fields_of(contract: Contract, schema: Schema) -> Iterator[str]:
    """Yield the names of the fields of an object with this schema."""
    for option in contract.options(schema):
        yield from option.get("properties", {})
