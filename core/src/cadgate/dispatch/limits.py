"""The limits of an adapter's sessions: its own settings, and the gateway's where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What every session of one adapter must keep to. None: no limit."""

    idle_seconds: float
    max_awake: int
    max_bytes: int | None
    memory_bytes: int | None
    warm: int | None
    """Warm applications; None: one, as soon as a session was made."""

    @classmethod
    def of(cls, gateway: Settings, adapter: AdapterSettings) -> SessionLimits:
        """Return the limits of one adapter."""
        return cls(
            idle_seconds=_first(adapter.session_idle_seconds, gateway.session_idle_seconds),
            max_awake=_first(adapter.max_awake, gateway.max_awake),
            max_bytes=_first(adapter.max_session_bytes, gateway.max_session_bytes),
            memory_bytes=_first(adapter.session_memory_bytes, gateway.session_memory_bytes),
            warm=_first(adapter.warm_applications, gateway.warm_applications),
        )


def _first(own: T | None, general: T) -> T:
    return general if own is None else own
