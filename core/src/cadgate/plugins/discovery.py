"""Finds, loads and checks adapters. Whatever is wrong with one of them becomes its `Found.error` and nobody else's."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pluggy
from packaging.utils import canonicalize_name
from pydantic import TypeAdapter, ValidationError

from cadgate.config import Settings
from cadgate.errors import ConfigError
from cadgate.plugin import Adapter, AdapterSpec
from cadgate.plugins.contents import contents_of, problems_in
from cadgate.plugins.entry_points import Announced, announced
from cadgate.plugins.validate import problems_of
from cadgate.settings import AdapterSettings

log = logging.getLogger("cadgate.plugins")

Status = Literal["active", "disabled", "failed"]


@dataclass(frozen=True, slots=True)
class Found:
    """One adapter that a package announced, or that plugins.toml speaks of.

    `active` ones have `adapter` and `settings`; `failed` ones an `error` that names package and version.
    """

    name: str
    package: str
    version: str | None
    status: Status
    error: str | None = None
    adapter: Adapter | None = None
    settings: AdapterSettings | None = None


class _Broken(Exception):
    """Why one adapter cannot be used."""


def discover(settings: Settings) -> list[Found]:
    """All adapters, by name. Disabled ones are not imported.

    :raises ConfigError: where plugins.toml, `.env` or the environment has a wrong value or key for an adapter.
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


def is_enabled(settings: Settings, name: str) -> bool:
    """Whether an adapter runs where these settings are in force. Raises ConfigError for a value that is none."""
    value = settings.adapters.get(name, {}).get("enabled", True)
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError as error:
        where = settings.origin("adapters", name, "enabled")
        raise ConfigError(f"{where}: must be true or false, not {value!r}") from error


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
    return Found(name, package, None, "failed", f"{where}: adapter {name!r} is not installed; pip install {package}")


def _choose(settings: Settings, name: str, claims: Sequence[Announced]) -> list[Found]:
    """Loads one of the packages that claim `name`; the others are failed with the way to choose them."""
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
                f"the name {name!r} is already taken by {chosen}; "
                f'to use this package instead, set package = "{one.package}" in [adapters.{name}] of plugins.toml'
            )
        found.append(Found(name, one.package, one.version, "failed", f"{one}: {reason}"))
    return found


def _load(settings: Settings, one: Announced) -> Found:
    try:
        adapter = _adapter_of(one)
        problems = problems_of(adapter, one.name) or _problems_inside(adapter)
        if problems:
            raise _Broken("; ".join(problems))
        own = _settings_of(settings, adapter)
    except _Broken as broken:
        log.warning("adapter %r failed: %s: %s", one.name, one, broken)
        return Found(one.name, one.package, one.version, "failed", f"{one}: {broken}")
    return Found(one.name, one.package, one.version, "active", None, adapter, own)


def _adapter_of(one: Announced) -> Adapter:
    """Imports the package and calls its hook, alone in a plugin manager of its own."""
    if one.times > 1:
        raise _Broken(f"its metadata lists the entry point {one.name!r} {one.times} times")
    manager = pluggy.PluginManager("cadgate")
    manager.add_hookspecs(AdapterSpec)
    try:
        if not one.point.pattern.match(one.point.value):
            raise _Broken(f"its entry point {one.point.value!r} is not of the form package.module")
        plugin = one.point.load()
        manager.register(plugin, one.name)
        _check_spelling(manager)
        if not manager.hook.cadgate_adapter.get_hookimpls():
            raise _Broken(_no_hook(one, plugin))
        results: list[Any] = manager.hook.cadgate_adapter()
    except _Broken:
        raise
    except (Exception, SystemExit) as error:
        log.debug("adapter %r failed to load", one.name, exc_info=error)
        raise _Broken(_told(error)) from error
    if len(results) == 1 and isinstance(results[0], Adapter):
        return results[0]
    for result in results:
        if inspect.iscoroutine(result):
            result.close()
    kinds = ", ".join(type(result).__name__ for result in results) or "nothing"
    raise _Broken(f"cadgate_adapter() must return one cadgate.plugin.Adapter, not {kinds}")


def _problems_inside(adapter: Adapter) -> list[str]:
    """What is wrong with the methods and handlers of its package, all of whose modules are imported now."""
    try:
        return problems_in(contents_of(adapter.package))
    except (Exception, SystemExit) as error:
        log.debug("a module of adapter %r cannot be imported", adapter.name, exc_info=error)
        raise _Broken(_told(error)) from error


def _check_spelling(manager: pluggy.PluginManager) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        # Its text goes on with the plugin's repr, which holds folders of this machine.
        unknown = str(error).partition(" in plugin ")[0]
        raise _Broken(f"{unknown}; the only hook is cadgate_adapter") from error


def _no_hook(one: Announced, plugin: object) -> str:
    if callable(getattr(plugin, "cadgate_adapter", None)):
        return f"cadgate_adapter in {one.point.value} is not marked with @hookimpl"
    return f"{one.point.value} has no function cadgate_adapter marked with @hookimpl"


def _settings_of(settings: Settings, adapter: Adapter) -> AdapterSettings:
    """The adapter's own settings, of its own class.

    A required setting that nobody gave breaks this adapter alone; anything that somebody wrote wrongly stops the start.
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
        raise _Broken("; ".join(missing)) from error
    except Exception as error:
        raise _Broken(f"its settings cannot be made: {_told(error)}") from error


def _told(error: BaseException) -> str:
    """The exception in one line, with the file and line that raised it: names only, no folders."""
    text = " ".join(str(error).split()) or "no message"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({error.filename.rpartition('/')[2]}, line {error.lineno})"
        text = error.msg
    elif frames and "/pluggy/" not in frames[-1].filename and not frames[-1].filename.startswith("<frozen"):
        where = f" ({frames[-1].filename.rpartition('/')[2]}, line {frames[-1].lineno})"
    else:
        where = ""
    kind = "SystemExit" if isinstance(error, SystemExit) else type(error).__name__
    return f"{kind}: {text}{where}"
