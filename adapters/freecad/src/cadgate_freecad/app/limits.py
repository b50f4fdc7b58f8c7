"""The sizes above which work is refused, and how thoroughly results are checked.

The host fills them at start from the adapter's settings.
"""

from __future__ import annotations

from typing import Any

from cadgate.appserver import limit_exceeded

LIMITS: dict[str, Any] = {}
_COUNTS = {
    **dict.fromkeys(("Occurrences", "Occurrences2", "NumberX", "NumberY", "NumberZ", "NumberPolar"), "max_copies"),
    "Polygon": "max_sides",
    "Sampling": "max_sides",
    "Rotations": "max_turns",
}
"""Properties that determine how much FreeCAD computes, and the setting that limits them."""


def check_count(count: int) -> None:
    """Raise AppError `limit_exceeded` for more copies than the settings allow."""
    if count > LIMITS["max_copies"]:
        raise limit_exceeded("The number of copies", count, LIMITS["max_copies"], "max_copies")


def check_property(name: str, value: Any) -> None:
    """Raise AppError `limit_exceeded` for a property's value that would take FreeCAD too much work."""
    setting = _COUNTS.get(name)
    amount = getattr(value, "Value", value)
    if setting is not None and isinstance(amount, (int, float)) and amount > LIMITS[setting]:
        raise limit_exceeded(f"properties.{name}", amount, LIMITS[setting], setting)
