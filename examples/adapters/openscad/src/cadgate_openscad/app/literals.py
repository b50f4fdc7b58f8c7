"""OpenSCAD's literals: read from what it prints, and written so that it reads the same value."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<word>true|false|undef)\b
      | (?P<mark>[\[\],:])
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


class Range(NamedTuple):
    """`[start : step : end]`."""

    start: Any
    step: Any
    end: Any


class NotLiteral(ValueError):
    """The text is an expression, whose value is known only when it is evaluated."""


def read(text: str) -> Any:
    """Return a number, text, true or false, None for undef, a list, or a Range. Raises NotLiteral."""
    value, position = _value(text, 0)
    if text[position:].strip():
        raise NotLiteral(text)
    return value


def _value(text: str, position: int) -> tuple[Any, int]:
    token = _TOKEN.match(text, position)
    if token is None:
        raise NotLiteral(text)
    position = token.end()
    kind, found = token.lastgroup, token.group(token.lastgroup or 0)
    if kind == "number":
        return float(found), position
    if kind == "string":
        return _ESCAPE.sub(lambda match: _UNESCAPED.get(match.group(1), match.group(1)), found[1:-1]), position
    if kind == "word":
        return {"true": True, "false": False, "undef": None}[found], position
    if found != "[":
        raise NotLiteral(text)
    return _bracket(text, position)


def _bracket(text: str, position: int) -> tuple[Any, int]:
    """Parse what follows a `[`: a list, or a range."""
    items: list[Any] = []
    separators: list[str] = []
    while True:
        token = _TOKEN.match(text, position)
        if token is not None and token.group("mark") == "]" and not items:
            return [], token.end()
        item, position = _value(text, position)
        items.append(item)
        token = _TOKEN.match(text, position)
        mark = None if token is None else token.group("mark")
        if token is None or mark not in ("]", ",", ":"):
            raise NotLiteral(text)
        position = token.end()
        if mark == "]":
            break
        separators.append(mark)
    if ":" not in separators:
        return items, position
    if "," in separators or len(items) > 3:
        raise NotLiteral(text)
    return Range(items[0], items[1] if len(items) == 3 else None, items[-1]), position


def shown(value: Any) -> str:
    """Return a value as people write it: `10`, not `10.0`."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return f"{value:g}" if isinstance(value, float) else write(value)


def write(value: Any) -> str:
    """Return the literal of a value: true or false, a number, text, or a list of these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPED)}"'
    return f"[{', '.join(write(item) for item in value)}]"
