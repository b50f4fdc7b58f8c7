"""Accepts arguments as models send them: JSON as text, numbers as text, `{"x", "y", "z"}` for a vector.

Only what has one meaning is accepted. Anything else is left as it is, for the validator to refuse and explain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from cadgate.errors import ValidationFailed
from cadgate.models.bounded import MAX_ERRORS, too_many_fields, without_most_unknown
from cadgate.refusals.schemas import Contract, Schema, contract_of
from cadgate.refusals.validation import validation_failed

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_SEPARATED = re.compile(rf"{_NUMBER.pattern}(?:\s*[,;\s]\s*{_NUMBER.pattern})+")
_TRUTH = {"true": True, "false": False}
_NAMED = ("xyz", "xy", "rgba", "rgb")
_MAX_TEXT = 256 * 1024
_MAX_ITEMS = 10_000
_MAX_DEPTH = 8


def meant(kind: type[BaseModel], value: Any) -> Any:
    """Return `value` with every part that `kind` refuses replaced by what was obviously meant."""
    contract = contract_of(kind)
    return _meant(contract, contract.root, value, _MAX_DEPTH) if contract.root else value


def checked(kind: type[BaseModel], given: Mapping[str, Any]) -> Any:
    """Return the arguments of a tool as its model. Raises ValidationFailed, with what to send."""
    accepted = cast("dict[str, Any]", meant(kind, dict(given)))
    accepted, unlisted = without_most_unknown(accepted, kind)
    wrong = too_many_fields(accepted, ())
    if wrong is not None:
        raise validation_failed([wrong])
    try:
        return kind.model_validate(accepted)
    except ValidationError as error:
        listed = error.errors(include_url=False)
        failed = validation_failed(listed[:MAX_ERRORS], unlisted, contract=contract_of(kind))
        failed.message = failed.message.replace("The request is not valid: ", "The arguments are not valid: ", 1)
        raise failed from error


def as_object(value: Any, name: str) -> dict[str, Any]:
    """Return an object that may have come as JSON text; nothing is an empty one. Raises ValidationFailed."""
    if isinstance(value, str):
        value = _parsed(value) if value.strip() else {}
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise ValidationFailed(f"{name}: an object is expected, such as {{}}", details={"parameter": name})


def _meant(contract: Contract, schema: Schema, value: Any, depth: int) -> Any:
    if depth == 0 or contract.fits(schema, value):
        return value
    options = contract.options(schema)
    for candidate in _candidates(options, value):
        better = _inside(contract, schema, candidate, depth)
        if contract.fits(schema, better):
            return better
    return _inside(contract, schema, value, depth)


def _inside(contract: Contract, schema: Schema, value: Any, depth: int) -> Any:
    """Return an object or list with its parts replaced by what was meant."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if len(fields) > _MAX_ITEMS:
            return fields
        tagged = contract.tagged(schema)
        variant = tagged.get(str(fields.get(contract.discriminator(schema)))) if tagged else None
        around = schema if variant is None else variant
        parts = {name: contract.step(around, name) for name in fields}
        return {
            name: item if (part := parts[name]) is None else _meant(contract, part, item, depth - 1)
            for name, item in fields.items()
        }
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        if len(items) > _MAX_ITEMS:
            return items
        return [
            item if (part := contract.step(schema, index)) is None else _meant(contract, part, item, depth - 1)
            for index, item in enumerate(items)
        ]
    return value


def _candidates(options: Sequence[Schema], value: Any) -> Iterator[Any]:
    kinds = {str(option.get("type")) for option in options}
    # A reference to a tagged alternative has no type of its own.
    structured = bool(kinds & {"object", "array", "None"})
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        text = value.strip()
        if kinds & {"number", "integer"} and _NUMBER.fullmatch(text):
            number = float(text)
            yield int(text) if re.fullmatch(r"[-+]?\d+", text) else int(number) if number.is_integer() else number
        if "boolean" in kinds and text.lower() in _TRUTH:
            yield _TRUTH[text.lower()]
        if "null" in kinds and text.lower() in ("null", "none"):
            yield None
        if structured and text[:1] in ("[", "{"):
            parsed = _parsed(text)
            if parsed is not None:
                yield parsed
        if "array" in kinds and text and text[:1] not in ("[", "{"):
            if _SEPARATED.fullmatch(text):
                yield _NUMBER.findall(text)
            if "," not in text:  # a comma may be part of a name
                yield [text]
    elif isinstance(value, float) and "integer" in kinds and value.is_integer() and abs(value) < 2**53:
        yield int(value)
    elif isinstance(value, dict) and "array" in kinds:
        yield from _vector(cast("dict[Any, Any]", value))


def _vector(value: dict[Any, Any]) -> Iterator[list[Any]]:
    lowered = {str(key).lower(): item for key, item in value.items()}
    for names in _NAMED:
        if set(lowered) == set(names):
            yield [lowered[one] for one in names]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
