"""Parses JSON bodies: once, strictly, and fast, with a clear error for every kind of malformed body."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from cadgate.errors import MalformedJson, ValidationFailed

MAX_DEPTH = 64
"""How deeply arrays and objects may be nested in a body."""

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_OVERFLOW = re.compile(rb"[eE]\+?[0-9]{3}|[0-9]{309}")
_OVERFLOW_SEARCHED = 64 * 1024
"""Above this size only the models check for `1e999`: searching 5 MB costs twice as much as parsing."""


def parse(body: bytes) -> Any:
    """Return the value of `body`. A byte order mark at its start is ignored, as RFC 8259 allows.

    Raises MalformedJson, and ValidationFailed for numbers that are not finite (`NaN`, `Infinity`, `1e999`): JSON has
    none of them, but many clients write them.
    """
    if body.startswith(_BOM):
        body = body[len(_BOM) :]
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        value = _not_a_number_or_raise(body, error)
    else:
        if len(body) <= _OVERFLOW_SEARCHED and _OVERFLOW.search(body):
            _refuse_not_finite(value)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(body):
        raise MalformedJson(
            f"The body is nested more than {MAX_DEPTH} levels deep", details={"maximum_depth": MAX_DEPTH}
        )
    return value


def _not_a_number_or_raise(body: bytes, error: ValueError) -> Any:
    try:
        value = from_json(body)
    except ValueError:
        message = str(error).encode("utf-8", "replace").decode("utf-8")[:300]
        raise MalformedJson(f"The body is not JSON: {message}") from error
    _refuse_not_finite(value)
    return value


def _refuse_not_finite(value: Any) -> None:
    errors = [
        {
            "type": "finite_number",
            "loc": ["body", *where],
            "msg": "a number must be finite: JSON has no NaN and no Infinity",
        }
        for where in _not_finite(value)
    ]
    if errors:
        where = ".".join(str(part) for part in errors[0]["loc"])
        raise ValidationFailed(
            f"The request is not valid: {where}: {errors[0]['msg']}", details={"errors": errors[:100]}
        )


def _not_finite(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield where
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from _not_finite(item, (*where, index))
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _not_finite(item, (*where, str(key)))  # pyright: ignore[reportUnknownArgumentType]


def _is_too_deep(body: bytes) -> bool:
    """Whether valid JSON is nested more than `MAX_DEPTH` deep, by removing the innermost brackets level by level."""
    if b"\\" in body:
        body = _ESCAPE.sub(b"", body)
    structure = _STRING.sub(b"", body.translate(_ONE_KIND, _NOT_STRUCTURE))
    for _ in range(MAX_DEPTH):
        structure = structure.replace(b"[]", b"")
        if not structure:
            return False
    return True
