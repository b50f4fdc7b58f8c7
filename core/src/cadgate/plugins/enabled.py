"""Whether settings enable an adapter: apart from what finds adapters, which commands need not import to ask that."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from cadgate.config.settings import Settings
from cadgate.errors import ConfigError


def is_enabled(settings: Settings, name: str) -> bool:
    """Whether these settings enable an adapter. Raises ConfigError for an invalid value."""
    value = settings.adapters.get(name, {}).get("enabled", True)
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError as error:
        where = settings.origin("adapters", name, "enabled")
        raise ConfigError(f"{where}: must be true or false, not {value!r}") from error
