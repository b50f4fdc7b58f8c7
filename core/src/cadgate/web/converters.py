"""Names in paths: `{name:name}` accepts every character, even an encoded slash, and never spans segments."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from starlette.convertors import Convertor, register_url_convertor

SLASH = "\ufdd0"
"""Replaces an encoded slash between the gate and the route. It is a noncharacter, which no valid text contains."""


_ENCODED_SLASH = re.compile(rb"%2[Ff]")


class NameConverter(Convertor[str]):
    """Converts one path segment; the replacement becomes the slash that the client encoded."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value.replace(SLASH, "/")

    def to_string(self, value: str) -> str:
        if not value:
            raise ValueError("a name in a path must not be empty")
        return quote(value, safe="")


def register() -> None:
    """Make `{x:name}` known to Starlette. Must run before the first router that uses it is imported."""
    register_url_convertor("name", NameConverter())


def decode_path(raw: bytes) -> str:
    """Return the path that routes are matched on: percent-decoded, with an encoded slash as `SLASH`.

    Raises ValueError for what is not UTF-8, or contains a NUL or `SLASH` itself.
    """
    text = unquote_to_bytes(raw).decode("utf-8")
    if "\0" in text:
        raise ValueError("it holds a NUL (%00)")
    if SLASH in text:
        raise ValueError("it contains the noncharacter U+FDD0")
    if b"%2F" in raw or b"%2f" in raw:
        text = SLASH.join(unquote_to_bytes(part).decode("utf-8") for part in _ENCODED_SLASH.split(raw))
    return text


def readable(path: str) -> str:
    """Return `path` for people, with `SLASH` as the encoded slash that it was."""
    return path.replace(SLASH, "%2F")


register()
