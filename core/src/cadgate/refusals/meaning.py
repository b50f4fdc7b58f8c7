"""Replaces what has one meaning by what is meant: JSON as text, numbers as text, `{"x", "y", "z"}` for a vector.

The agents' door accepts what was meant; the other doors suggest it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from cadgate.refusals.schemas import Contract, Schema

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_SEPARATED = re.compile(rf"{_NUMBER.pattern}(?:\s*[,;\s]\s*{_NUMBER.pattern})+")
_TRUTH = {"true": True, "false": False}
_NAMED = ("xyz", "xy", "rgba", "rgb")
MAX_TEXT = 256 * 1024
_MAX_ITEMS = 10_000
_MAX_DEPTH = 8


def meant(contract: Contract, schema: Schema, value: Any, *, max_text: int = MAX_TEXT) -> Any:
    """Return `value` with every part that `schema` refuses replaced by what was obviously meant.

    Only what has one meaning is replaced; anything else is left as it is, for the validator to refuse and explain.
    Text longer than `max_text` is left too.
    """
    return _Meaning(contract, max_text).of(schema, value, _MAX_DEPTH)


def parsed(text: str) -> Any:
    """Return the value of a JSON text, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class _Meaning:
    def __init__(self, contract: Contract, max_text: int) -> None:
        self._contract = contract
        self._max_text = max_text

    def of(self, schema: Schema, value: Any, depth: int) -> Any:
        contract = self._contract
        if depth == 0 or contract.fits(schema, value):
            return value
        for candidate in self._candidates(contract.options(schema), value):
            better = self.of(schema, candidate, depth - 1)
            if contract.fits(schema, better):
                return better
        return self._inside(schema, value, depth)

    def _inside(self, schema: Schema, value: Any, depth: int) -> Any:
        """Return an object or list with its parts replaced by what was meant."""
        contract = self._contract
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if len(fields) > _MAX_ITEMS:
                return fields
            tagged = contract.tagged(schema)
            variant = tagged.get(str(fields.get(contract.discriminator(schema)))) if tagged else None
            around = schema if variant is None else variant
            parts = {name: contract.step(around, name) for name in fields}
            return {
                name: item if (part := parts[name]) is None else self.of(part, item, depth - 1)
                for name, item in fields.items()
            }
        if isinstance(value, (list, tuple)):
            items = cast("Sequence[Any]", value)
            if len(items) > _MAX_ITEMS:
                return items
            return [
                item if (part := contract.step(schema, index)) is None else self.of(part, item, depth - 1)
                for index, item in enumerate(items)
            ]
        return value

    def _candidates(self, options: Sequence[Schema], value: Any) -> Iterator[Any]:
        kinds = {str(option.get("type")) for option in options}
        if isinstance(value, str) and len(value) <= self._max_text:
            yield from _of_text(value.strip(), kinds)
            if "array" in kinds:
                yield from self._named(options, value)
        elif isinstance(value, float) and "integer" in kinds and value.is_integer() and abs(value) < 2**53:
            yield int(value)
        elif isinstance(value, dict) and "array" in kinds:
            lowered = {str(key).lower(): item for key, item in cast("dict[Any, Any]", value).items()}
            for names in _NAMED:
                if set(lowered) == set(names):
                    yield [lowered[one] for one in names]

    def _named(self, options: Sequence[Schema], text: str) -> Iterator[Any]:
        """Yield the parts of a text with commas, for a list whose items are all names of one set."""
        parts = [part.strip() for part in text.split(",")]
        for option in options:
            known = [one for item in self._contract.options(option.get("items", {})) for one in item.get("enum", ())]
            if known and all(part in known for part in parts):
                yield parts


def _of_text(text: str, kinds: set[str]) -> Iterator[Any]:
    if kinds & {"number", "integer"} and _NUMBER.fullmatch(text):
        number = float(text)
        yield int(text) if re.fullmatch(r"[-+]?\d+", text) else int(number) if number.is_integer() else number
    if "boolean" in kinds and text.lower() in _TRUTH:
        yield _TRUTH[text.lower()]
    if "null" in kinds and text.lower() in ("null", "none"):
        yield None
    # An alternative that is recognised by its tag has no type of its own here.
    if kinds & {"object", "array", "None"} and text[:1] in ("[", "{"):
        value = parsed(text)
        if value is not None:
            yield value
    elif "array" in kinds and text:
        if _SEPARATED.fullmatch(text):
            yield _NUMBER.findall(text)
        if "," not in text:  # a comma may be part of a name
            yield [text]
