"""Checks in the gateway the sizes that the settings limit, before any work is started."""

from __future__ import annotations

from cadgate.plugin import LimitExceeded
from cadgate_blender.settings import BlenderSettings


def check(settings: BlenderSettings, what: str, value: float, setting: str) -> None:
    """Raise LimitExceeded if `value` is above the limit that `setting` names."""
    limit = getattr(settings, setting)
    if value > limit:
        raise LimitExceeded(
            f"{what} is {value:,.0f}, above the limit of {limit:,.0f}; the setting is {setting}",
            details={"limit": setting, "value": value, "maximum": limit},
        )
