"""The sizes above which work is refused, and how closely results are looked at.

Filled by the host at start from the adapter's settings.
"""

from __future__ import annotations

from typing import Any

LIMITS: dict[str, Any] = {}
