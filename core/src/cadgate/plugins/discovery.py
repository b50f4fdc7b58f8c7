"""Finds and loads adapters. Whatever is wrong with one becomes its `Found.error`, and affects no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name
from pydantic import ValidationError

from cadgate.config.entry_points import Announced, announced
from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ConfigError
from cadgate.plugins.enabled import is_enabled
from cadgate.plugins.hookspecs import Adapter
from cadgate.plugins.loading import Broken, load, one_line

log = logging.getLogger("cadgate.plugins")

Status = Literal["active", "disabled", "failed"]


@dataclass(frozen=True, slots=True)
class Found:
    """One adapter that a package provides, or that plugins.toml mentions.

    `active` ones have `adapter` and `settings`; `failed` ones an `error` that names package and version.
    """

    name: str
    package: str
    version: str | None
    status: Status
    error: str | None = None
    adapter: Adapter | None = None
    settings: AdapterSettings | None = None


def discover(settings: Settings) -> list[Found]:
    """Return all adapters, by name. Disabled ones are not imported.

    :raises ConfigError: if plugins.toml, `.env` or the environment has a wrong value or key for an adapter.
    """
    by_name: dict[str, list[Announced]] = {name: [] for name in settings.adapters}
    for one in announced():
        by_name.setdefault(one.name, []).append(one)
    found: list[Found] = []
    for name in sorted(by_name):
        claims = by_name[name]
        enabled = is_enabled(settings, name)
        if not claims:
            found.append(_not_installed(settings, name, enabled))
        elif not enabled:
            found.extend(Found(name, one.package, one.version, "disabled") for one in claims)
        else:
            found.extend(_choose(settings, name, claims))
    return found


def _wanted_package(settings: Settings, name: str) -> str | None:
    value = settings.adapters.get(name, {}).get("package")
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{settings.origin('adapters', name, 'package')}: must be a package's name, not {value!r}")
    return value


def _not_installed(settings: Settings, name: str, enabled: bool) -> Found:
    package = _wanted_package(settings, name) or f"cadgate-{name}"
    if not enabled:
        return Found(name, package, None, "disabled")
    where = settings.origin("adapters", name)
    why = f"{where}: adapter {name!r} is not installed; pip install {package}"
    log.warning("adapter %r failed: %s", name, why)
    return Found(name, package, None, "failed", why)


def _choose(settings: Settings, name: str, claims: Sequence[Announced]) -> list[Found]:
    """Load one of the packages that claim `name`; the others fail, with how to choose them."""
    wanted = _wanted_package(settings, name)
    if wanted is None:
        chosen: Announced | None = claims[0]
    else:
        same = [one for one in claims if canonicalize_name(one.package) == canonicalize_name(wanted)]
        chosen = same[0] if same else None
    found: list[Found] = []
    for one in claims:
        if one is chosen:
            found.append(_load(settings, one))
            continue
        if chosen is None:
            where = settings.origin("adapters", name, "package")
            reason = f"{where} asks for package {wanted!r}, which is not installed; pip install {wanted}"
        else:
            reason = (
                f"the name {name!r} is already in use by {chosen}; "
                f'to use this package instead, set package = "{one.package}" in [adapters.{name}] of plugins.toml'
            )
        found.append(Found(name, one.package, one.version, "failed", f"{one}: {reason}"))
    return found


def _load(settings: Settings, one: Announced) -> Found:
    try:
        adapter = load(one, settings.import_seconds)
        own = _settings_of(settings, adapter)
    except Broken as broken:
        log.warning("adapter %r failed: %s: %s", one.name, one, broken)
        return Found(one.name, one.package, one.version, "failed", f"{one}: {broken}")
    return Found(one.name, one.package, one.version, "active", None, adapter, own)


def _settings_of(settings: Settings, adapter: Adapter) -> AdapterSettings:
    """Return the adapter's own settings, of its own class.

    A missing required setting fails this adapter alone; a wrong value stops the gateway's start.
    """
    table = settings.adapters.get(adapter.name, {})
    try:
        return adapter.settings.model_validate(table)
    except ValidationError as error:
        written: list[str] = []
        missing: list[str] = []
        known = ", ".join(sorted(adapter.settings.model_fields))
        for item in error.errors(include_url=False):
            key = str(item["loc"][0]) if item["loc"] else ""
            where = settings.origin(*(("adapters", adapter.name, key) if key else ("adapters", adapter.name)))
            if item["type"] == "missing":
                missing.append(f"[adapters.{adapter.name}] {key} must be set")
            elif item["type"] == "extra_forbidden":
                written.append(f"{where}: unknown key; known are {known}")
            else:
                # The value is not repeated: it may be a secret.
                written.append(f"{where}: {item['msg'].removeprefix('Value error, ')}")
        if written:
            raise ConfigError("; ".join(written)) from error
        raise Broken("; ".join(missing)) from error
    except (Exception, SystemExit) as error:
        raise Broken(f"its settings cannot be created: {one_line(error)}") from error
