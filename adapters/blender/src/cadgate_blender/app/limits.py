"""The sizes above which work is refused: out of memory, Blender ends with a segmentation fault, not an exception."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import limit_exceeded

LIMITS: dict[str, Any] = {}
"""Filled from the adapter's settings when the host starts."""


def check(what: str, value: float, setting: str) -> None:
    """Raise AppError `limit_exceeded` if `value` is above the limit that `setting` names."""
    limit = LIMITS[setting]
    if value > limit:
        raise limit_exceeded(what, value, limit, setting)


def verify() -> str:
    """Return how closely results are checked if a request does not say: `fast` or `full`."""
    return str(LIMITS.get("verify", "fast"))
