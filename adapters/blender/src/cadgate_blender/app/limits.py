"""The sizes above which work is refused: without memory Blender ends by a segmentation fault, no exception."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import limit_exceeded

LIMITS: dict[str, Any] = {}
"""Filled from the adapter's settings when the host starts."""


def check(what: str, value: float, setting: str) -> None:
    """Raise AppError `limit_exceeded` when `value` is above the limit that `setting` names."""
    limit = LIMITS[setting]
    if value > limit:
        raise limit_exceeded(what, value, limit, setting)


def verify() -> str:
    """How closely results are looked at where a request does not say it: `fast` or `full`."""
    return str(LIMITS.get("verify", "fast"))
