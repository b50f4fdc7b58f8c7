"""Counts the values of a large JSON body before it is parsed, in small steps, which let other threads run."""

from __future__ import annotations

import re
from typing import Any

from cadgate.errors import MalformedJson, PayloadTooLarge
from cadgate.web.json_body import parse

MAX_DIGITS = 400
"""How many digits a number may have in a large body: a double has at most 309 before the point."""
_WINDOW = 64 * 1024
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_LONG = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))


def read(body: bytes, max_values: int) -> Any:
    """Return the value of a large body with at most `max_values` values. Takes long: never call it on the event loop.

    Raises PayloadTooLarge, MalformedJson, ValidationFailed.
    """
    weigh(body, max_values)
    return parse(body)


def weigh(body: bytes, max_values: int | None) -> None:
    """Raise PayloadTooLarge for more than `max_values` values, MalformedJson for a number of too many digits."""
    values, in_string = 0, False
    escaped, before = b"", b""
    for start in range(0, len(body), _WINDOW):
        piece = escaped + body[start : start + _WINDOW]
        escaped = b""
        if b"\\" in piece:
            if (len(piece) - len(piece.rstrip(b"\\"))) % 2:  # the escaped character is in the next window
                piece, escaped = piece[:-1], b"\\"
            piece = _ESCAPE.sub(b"", piece)
        parts = piece.split(b'"')
        outside = b'"'.join(parts[in_string::2])
        if len(parts) % 2 == 0:
            in_string = not in_string
        values += outside.count(b",") + outside.count(b"[") + outside.count(b"{")
        if max_values is not None and values > max_values:
            raise PayloadTooLarge(
                f"The body has more than {max_values} values: send it as several requests, or large data as a file, "
                "if the route accepts one",
                details={"maximum_values": max_values},
            )
        text = before + outside
        if _LONG.search(text):
            raise MalformedJson(
                f"A number in the body has more than {MAX_DIGITS} digits", details={"maximum_digits": MAX_DIGITS}
            )
        before = text[-MAX_DIGITS:]
