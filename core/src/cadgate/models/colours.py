"""Recognises the ways in which people write colours, to suggest the accepted one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z")
_SHORT = re.compile(r"#?[0-9a-fA-F]{3,4}\Z|[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\Z|0x[0-9a-fA-F]{6}\Z")
_FUNCTION = re.compile(
    r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*[\d.]+%?\s*)?\)\Z", re.IGNORECASE
)
_LIST = re.compile(r"[\[(]?\s*((?:\d*\.?\d+\s*,\s*){2,3}\d*\.?\d+)\s*[\])]?\Z")
_NAMES = {
    "black": "#000000",
    "white": "#ffffff",
    "red": "#ff0000",
    "green": "#008000",
    "lime": "#00ff00",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "orange": "#ffa500",
    "purple": "#800080",
    "pink": "#ffc0cb",
    "brown": "#a52a2a",
    "gray": "#808080",
    "grey": "#808080",
    "silver": "#c0c0c0",
    "gold": "#ffd700",
    "navy": "#000080",
    "teal": "#008080",
    "maroon": "#800000",
    "olive": "#808000",
}
_BYTE = 10
"""Whole numbers are taken for bytes if one is as large as this; those of a colour that is too bright are smaller."""
FORMS = 'a colour is [r, g, b] or [r, g, b, a] in 0…1, or "#rrggbb[aa]"'


def objection(value: Any) -> str | None:
    """Return what is wrong with a colour and what to send instead; None if its form is right."""
    if isinstance(value, str):
        if HEX.match(value):
            return None
        meant = _of_text(value.strip())
        return f"{value[:100]!r} is not accepted: {f'send {meant}; ' if meant else ''}{FORMS}"
    if isinstance(value, (list, tuple)):
        channels = cast("Sequence[Any]", value)
        numbers = [one for one in channels if isinstance(one, (int, float)) and not isinstance(one, bool)]
        if len(channels) not in (3, 4):
            return f"{len(channels)} values were sent: {FORMS}"
        if len(numbers) == len(channels) and max(numbers) >= _BYTE and all(_is_byte(one) for one in numbers):
            return f"channels go from 0 to 1, not to 255: send {[round(one / 255, 4) for one in numbers]}"
        return None
    if isinstance(value, dict):
        fields = {str(name).lower(): each for name, each in cast("dict[Any, Any]", value).items()}
        if set(fields) in ({"r", "g", "b"}, {"r", "g", "b", "a"}):
            return f"an object is not accepted: send {[fields[name] for name in 'rgba' if name in fields]}"
    return FORMS


def _is_byte(value: float) -> bool:
    return 0 <= value <= 255 and value == int(value)


def _of_text(text: str) -> str | None:
    """Return the colour that a string probably means, as JSON."""
    if text.lower() in _NAMES:
        return json.dumps(_NAMES[text.lower()])
    if _SHORT.match(text):
        digits = text.removeprefix("0x").removeprefix("#")
        return json.dumps("#" + (digits if len(digits) > 4 else "".join(2 * digit for digit in digits)).lower())
    found = _FUNCTION.match(text)
    if found and all(int(one) <= 255 for one in found.groups()):
        return json.dumps("#" + "".join(f"{int(one):02x}" for one in found.groups()))
    channels = _LIST.match(text)
    return f"[{channels[1]}]" if channels and all(float(one) <= 1 for one in channels[1].split(",")) else None
