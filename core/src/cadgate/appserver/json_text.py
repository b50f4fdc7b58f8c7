"""Reads and writes JSON by the standard library's C code, without the work that it does anew for each text."""

from __future__ import annotations

import json
from json import encoder
from typing import Any, Callable

_make: Any = getattr(encoder, "c_make_encoder", None)


def writer(*, ascii_only: bool) -> Callable[[Any], str]:
    """Return a function that writes a value as compact JSON, with `ascii_only` in ASCII.

    It raises ValueError for a number that JSON does not have and for what contains itself, TypeError for what JSON does
    not have, and RecursionError.
    """
    plain = json.JSONEncoder(allow_nan=False, ensure_ascii=ascii_only, separators=(",", ":"))
    quote = encoder.encode_basestring_ascii if ascii_only else encoder.encode_basestring
    try:
        # The first None: do not note which containers are being written.
        parts: Callable[[Any, int], Any] = _make(None, plain.default, quote, None, ":", ",", False, False, False)
    except TypeError:
        # This Python has none, or one that is called otherwise.
        return plain.encode

    def write(value: Any) -> str:
        try:
            return "".join(parts(value, 0))
        except RecursionError:
            return plain.encode(value)

    return write


_scan: Any = getattr(json.JSONDecoder(), "scan_once")  # noqa: B009 - not in the stubs


def parse(text: str) -> Any:
    """Return what `json.loads` returns, without its search for space around the value. Raises ValueError."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return json.loads(text)  # raises, or skips space
    return value if end == len(text) else json.loads(text)
