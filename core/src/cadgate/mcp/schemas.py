"""Makes JSON Schemas small: without titles and other words that a reader of few tokens does not need."""

from __future__ import annotations

from typing import Any, cast

Schema = dict[str, Any]
_DROPPED = ("title", "$defs", "discriminator", "example", "examples")
MAX_DEPTH = 6


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
        if key in _DROPPED or (key == "default" and value is None) or (key == "additionalProperties" and not value):
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
    return _unfolded(made)


def _unfolded(schema: Schema) -> Schema:
    """Return a schema whose list of alternatives, or of the items of a vector, is written shorter."""
    options: list[Schema] = schema.get("anyOf", [])
    kinds = [one for one in options if one != {"type": "null"}]
    if len(kinds) == 1 and len(options) == 2:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        kind: Any = kinds[0].get("type")
        both: Schema = {"type": [kind, "null"]} if isinstance(kind, str) and "enum" not in kinds[0] else {}
        if both:
            return {**kinds[0], **rest, **both}
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
