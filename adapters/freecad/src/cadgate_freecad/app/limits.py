"""The sizes above which work is refused: filled by the host at start from the adapter's settings."""

from __future__ import annotations

LIMITS: dict[str, float] = {}
