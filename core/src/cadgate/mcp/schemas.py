"""Makes JSON Schemas small: without titles and other words that a reader of few tokens does not need."""

from __future__ import annotations

from typing import Any, cast

Schema = dict[str, Any]
_TITLES = frozenset(("title", "$defs", "discriminator", "example", "examples", "minLength", "maxLength"))
_DROPPED = _TITLES | {"maxProperties", "propertyNames"}
_DROPPED_BRIEF = _DROPPED | {"required", "minItems", "maxItems", "pattern", "minimum", "maximum", "exclusiveMinimum"}
MAX_DEPTH = 6
_MANY = 100
"""A list of so many items at most is not worth a word."""


def compact(schema: Schema, *, brief: bool = False) -> Schema:
    """Return a schema without references, titles and examples; `brief`: without descriptions below the first level."""
    return cast("Schema", _small(schema, schema.get("$defs", {}), (), 0, brief=brief))


def _small(schema: Any, defs: Schema, inside: tuple[str, ...], depth: int, *, brief: bool) -> Any:
    if not isinstance(schema, dict):
        return schema
    given = cast("Schema", schema)
    name = str(given.get("$ref", "")).removeprefix("#/$defs/")
    if name in defs:
        if name in inside or depth > MAX_DEPTH:
            return {"type": "object", "description": f"Another {name}."}
        given = {**defs[name], **{key: value for key, value in given.items() if key != "$ref"}}
        inside = (*inside, name)
    made: Schema = {}
    for key, value in given.items():
        if key in (_DROPPED_BRIEF if brief else _DROPPED) or _is_plain(key, value):
            continue
        if key == "properties":
            fields = cast("Schema", value)
            made[key] = {one: _small(each, defs, inside, depth + 1, brief=brief) for one, each in fields.items()}
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            made[key] = [_small(each, defs, inside, depth + 1, brief=brief) for each in cast("list[Any]", value)]
        elif key in ("items", "additionalProperties"):
            made[key] = _small(value, defs, inside, depth + 1, brief=brief)
        elif key == "description" and (depth == 0 or (brief and depth > 1)):
            continue
        else:
            made[key] = value
    return _unfolded(made, nulls=brief)


def _is_plain(key: str, value: Any) -> bool:
    """Whether a part of a schema says nothing that somebody needs to know before a call."""
    if key == "pattern":
        return str(value).startswith(("^[^", "[^"))  # which characters a text may not have
    if key == "maxItems":
        return value >= _MANY
    return (key == "default" and value is None) or (key == "additionalProperties" and not value)


def _unfolded(schema: Schema, *, nulls: bool) -> Schema:
    """Return a schema whose alternatives, or the items of a vector, are written shorter.

    Of parameters, null is left out unless `nulls`: whoever leaves a field out need not know it.
    """
    options: list[Schema] = schema.get("anyOf", [])
    if options:
        kinds = [one for one in options if one != {"type": "null"}]
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        if nulls and len(kinds) < len(options):
            kind: Any = kinds[0].get("type")
            if len(kinds) > 1 or not isinstance(kind, str):
                return schema
            return {**kinds[0], **rest, "type": [kind, "null"]}
        if len(kinds) == 1:
            return {**kinds[0], **rest}
        if all(set(one) == {"type"} for one in kinds):
            return {**rest, "type": [one["type"] for one in kinds]}
        return {**rest, "anyOf": kinds}
    items: list[Schema] = schema.get("prefixItems", [])
    if items and all(one == items[0] for one in items):
        return {**{key: value for key, value in schema.items() if key != "prefixItems"}, "items": items[0]}
    return schema


def names_in(schema: Schema) -> tuple[list[str], list[str]]:
    """Return the names of all fields and choices of a schema, and its descriptions."""
    names: list[str] = []
    texts: list[str] = []
    waiting: list[Any] = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += cast("list[Any]", each)
        elif isinstance(each, dict):
            fields = cast("Schema", each)
            names += list(fields.get("properties", {}))
            names += [str(one) for one in fields.get("enum", ()) if isinstance(one, str)]
            if isinstance(fields.get("const"), str):
                names.append(fields["const"])
            if isinstance(fields.get("description"), str):
                texts.append(fields["description"])
            waiting += [value for key, value in fields.items() if key not in ("enum", "example", "examples")]
    return list(dict.fromkeys(names)), texts
