"""Describes what is expected at a place in a request, in words and by an example."""

from __future__ import annotations

import json
from typing import Any

from cadgate.models.examples import example_of
from cadgate.refusals.schemas import Contract, Path, Schema

_MAX_CHOICES = 30
_PLURAL = {
    "number": "numbers",
    "integer": "whole numbers",
    "string": "strings",
    "boolean": "values, each true or false",
    "object": "objects",
    "array": "lists",
}
_MAX_VALUE = 60


def shown(value: Any) -> str:
    """Return a value as a client writes it, shortened."""
    if isinstance(value, str):
        return repr(value if len(value) <= _MAX_VALUE else value[: _MAX_VALUE - 1] + "…")
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "the value"
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


def written(value: Any) -> str:
    """Return a value to send, as JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else text[:299] + "…"


def kind_of(value: Any) -> str:
    """Return what kind of JSON value this is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    return "a list"


def expected(contract: Contract, schema: Schema) -> str:
    """Return what to send, in words; empty where anything is accepted. Null is not mentioned, even if accepted."""
    tags = contract.tagged(schema)
    if tags:
        return (
            f"an object whose {contract.discriminator(schema)!r} is {choices([written(tag) for tag in sorted(tags)])}"
        )
    described = list(dict.fromkeys(filter(None, (_describe(contract, each) for each in contract.options(schema)))))
    described = [each for each in described if each != "null"] or described
    objects = [each for each in described if each.startswith("an object")]
    if len(objects) > 3:
        described = [each for each in described if each not in objects] + ["an object"]
    return choices(described)


def _describe(contract: Contract, schema: Schema) -> str:
    if "const" in schema:
        return written(schema["const"])
    if schema.get("enum"):
        return choices([written(one) for one in schema["enum"]])
    kind = schema.get("type")
    if kind == "number":
        return f"a number{_bounds(schema)}"
    if kind == "integer":
        return f"a whole number{_bounds(schema)}"
    if kind == "boolean":
        return "true or false"
    if kind == "string":
        return f"a string{_length(schema)}"
    if kind == "array":
        return _array(contract, schema)
    if kind == "object" or "properties" in schema:
        names = list(schema.get("properties", {}))
        return f"an object with {_fields(names, set(schema.get('required', ())))}" if names else "an object"
    return "null" if kind == "null" else ""


def _fields(names: list[str], required: set[str]) -> str:
    first = sorted(names, key=lambda name: name not in required)[:12]
    more = ", …" if len(names) > len(first) else ""
    return f"the field{'s' if len(names) > 1 else ''} {', '.join(first)}{more}"


def choices(values: list[str]) -> str:
    """Return the values as a list in words, the last one after "or"."""
    if len(values) > _MAX_CHOICES:
        return f"one of {', '.join(values[:_MAX_CHOICES])}, …"
    return " or ".join([", ".join(values[:-1]), values[-1]] if len(values) > 1 else values)


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:.12g} to {high:.12g}"
    parts = [
        f"above {above:.12g}" if above is not None else "",
        f"{low:.12g} or more" if low is not None else "",
        f"below {below:.12g}" if below is not None else "",
        f"at most {high:.12g}" if high is not None else "",
    ]
    text = " and ".join(filter(None, parts))
    return f", {text}" if text.endswith("or more") else f" {text}" if text else ""


def _length(schema: Schema) -> str:
    pattern: str = schema.get("pattern", "")
    if pattern.startswith("^") and not pattern.startswith("^[^"):  # the others describe what a text may not contain
        return f" of the form {pattern}"
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if high is not None:
        return f" of {low} to {high} characters" if low > 1 else f" of at most {high} characters"
    return f" of at least {low} characters" if low > 1 else ""


def _array(contract: Contract, schema: Schema) -> str:
    items = _items(contract, schema)
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if low == high:
        return f"a list of {low} {items}"
    if high is not None:
        return f"a list of {low} to {high} {items}"
    return f"a list of {low} or more {items}" if low > 1 else f"a list of {items}"


def _items(contract: Contract, schema: Schema) -> str:
    first: list[Schema] = schema.get("prefixItems") or [schema.get("items") or {}]
    kinds: list[str] = []
    for each in first:
        for option in contract.options(each):
            values = [written(one) for one in option.get("enum", ())]
            text = f"values, each {choices(values)}" if values else _PLURAL.get(str(option.get("type")), "")
            if option.get("type") == "array":
                text = f"lists{_describe(contract, option).removeprefix('a list')}"
            if text and text not in kinds:
                kinds.append(text)
    return " or ".join(kinds) or "values"


def example(contract: Contract, schema: Schema, path: Path, around: Schema) -> Any:
    """Return a value that is accepted at `path`: an example of its own, one of the whole, or a generated one, or None.

    `around` is the schema of the value's parent.
    """
    own = contract.resolved(schema)
    found = [*_given(own), *_inside(_given(contract.resolved(contract.root)), path)]
    found += _inside([one for each in contract.options(around) for one in _given(each)], path[-1:])
    found += [own.get("default"), *(one for each in contract.options(schema) for one in _given(each))]
    for one in found:
        if one is not None and contract.fits(schema, one):
            return one
    generated = example_of(schema, dict(contract.defs))
    usable = generated not in (None, "text", {}, []) and contract.fits(schema, generated)
    return generated if usable else None


def _given(schema: Schema) -> list[Any]:
    return [*schema.get("examples", ()), *([schema["example"]] if "example" in schema else ())]


def _inside(values: list[Any], path: Path) -> list[Any]:
    found: list[Any] = []
    for value in values:
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            found.append(value)
    return found
