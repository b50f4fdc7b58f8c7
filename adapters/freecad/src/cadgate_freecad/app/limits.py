"""The sizes above which work is refused, and how thoroughly results are checked.

The host fills them at start from the adapter's settings.
"""

from __future__ import annotations

from typing import Any

LIMITS: dict[str, Any] = {}
