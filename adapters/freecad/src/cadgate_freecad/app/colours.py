"""Colours of objects and of single faces. Without its window FreeCAD keeps none, so they are properties of the gateway.

They are saved with the document. `painting` sets them, and keeps them on their faces.
"""

from __future__ import annotations

import json
from typing import Any

from cadgate_freecad.app import holders

COLOR, FACES = PROPERTIES = ("CadgateColor", "CadgateFaceColors")


def text(color: Any) -> str:
    """Return a colour of four channels as `#rrggbb`, or `#rrggbbaa` if it is not opaque."""
    digits = "".join(f"{round(channel * 255):02x}" for channel in color)
    return f"#{digits[:6] if digits[6:] == 'ff' else digits}"


def own(obj: Any) -> str | None:
    if holders.is_link(obj) and COLOR not in obj.PropertiesList:
        # A link answers for properties of the object that it shows.
        return None
    return getattr(obj, COLOR, None) or None


def of(obj: Any) -> str | None:
    """Return its own colour, or that of its last feature (a body), of the object it links to, or of its container."""
    return holders.inherited(obj, own)


def faces_of(obj: Any) -> dict[int, str]:
    """Return the colours of single faces by number, of what the object shows."""
    if holders.is_link(obj):
        return {} if obj.LinkedObject is None or own(obj) is not None else faces_of(obj.LinkedObject)
    found = own_faces(obj)
    if not found and obj.isDerivedFrom("PartDesign::Body") and obj.Tip is not None and own(obj) is None:
        return faces_of(obj.Tip)
    return found


def own_faces(obj: Any) -> dict[int, str]:
    return {number: entry["color"] for entry in entries_of(obj) for number in entry["numbers"]}


def info(obj: Any) -> list[dict[str, Any]]:
    """Return the `face_colors` of ObjectInfo."""
    by_color: dict[str, list[int]] = {}
    for number, color in sorted(faces_of(obj).items()):
        by_color.setdefault(color, []).append(number)
    return [{"faces": [f"Face{number}" for number in numbers], "color": color} for color, numbers in by_color.items()]


def entries_of(obj: Any) -> list[dict[str, Any]]:
    written = getattr(obj, FACES, None)
    if not written:
        return []
    try:
        entries = json.loads(written)
    except ValueError:
        return []
    if not isinstance(entries, list):
        return []
    return [each for each in entries if isinstance(each, dict) and {"color", "numbers"}.issubset(each)]
