"""The sizes above which work is refused, and how thoroughly results are checked.

The host fills them at start from the adapter's settings.
"""

from __future__ import annotations

from typing import Any

from cadgate.appserver import limit_exceeded

LIMITS: dict[str, Any] = {}


def check_count(count: int) -> None:
    """Raise AppError `limit_exceeded` for more copies than the settings allow."""
    if count > LIMITS["max_copies"]:
        raise limit_exceeded("The number of copies", count, LIMITS["max_copies"], "max_copies")
