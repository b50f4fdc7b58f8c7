"""Parameters in the form in which they are sent: a dictionary, or the JSON text of a large request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import to_json

from cadgate.contract.methods import Method
from cadgate.errors import ValidationFailed
from cadgate.models.bounded import holds_many

_TEXT = 128 * 1024
"""How many characters of a string are written in one step."""
_ITEMS = 250
_MANY = 10_000
"""How many values are written in one step."""


class Encoded(dict[str, Any]):
    """Parameters that are JSON text already. As a dictionary, it is an empty placeholder."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.text = text


def encode_params(method: Method[Any, Any], params: BaseModel) -> Encoded:
    """Return `method.wire_params(params)` as text. Takes long, in short steps: run it in a thread."""
    return encode(method.wire_params(params))


def encode(value: dict[str, Any]) -> Encoded:
    """Return `value` as JSON, written in short steps. Raises ValidationFailed for what is not JSON."""
    try:
        return Encoded(b"".join(_pieces(value)))
    except ValueError as error:
        raise ValidationFailed(f"The parameters cannot be written as JSON: {error}") from error


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, str) and len(value) > _TEXT:
        yield b'"'
        for start in range(0, len(value), _TEXT):
            yield to_json(value[start : start + _TEXT])[1:-1]
        yield b'"'
    elif isinstance(value, dict):
        opening = b"{"
        for name, item in cast("dict[str, Any]", value).items():
            yield opening + to_json(name) + b":"
            yield from _pieces(item)
            opening = b","
        yield b"}" if value else b"{}"
    elif isinstance(value, (list, tuple)):
        yield from _list(cast("list[Any]", value))
    else:
        yield to_json(value)


def _list(value: list[Any]) -> Iterator[bytes]:
    opening = b"["
    for start in range(0, len(value), _ITEMS):
        some = value[start : start + _ITEMS]
        if holds_many(some, _MANY):
            for each in some:
                yield opening
                yield from _pieces(each)
                opening = b","
        else:
            yield opening + to_json(some)[1:-1]
            opening = b","
    yield b"]" if value else b"[]"
