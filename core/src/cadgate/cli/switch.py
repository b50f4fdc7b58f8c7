"""`cadgate plugins enable` and `disable`: changes one key of plugins.toml, and nothing else in it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from cadgate.appserver.errors import nearest
from cadgate.cli.lifecycle import say
from cadgate.config.entry_points import announced_names
from cadgate.config.settings import LOCAL_PLUGINS, Settings, load_settings
from cadgate.errors import CadgateError, ConfigError
from cadgate.plugins.enabled import is_enabled
from cadgate.security.private import replace_file


class UnknownAdapter(CadgateError):
    """No package provides the adapter, and plugins.toml does not mention it."""

    code = "unknown_adapter"


def switch(plugins: Path | None, name: str, *, enabled: bool) -> int:
    """Enable or disable an adapter in plugins.toml, creating that if needed, and print the effect.

    :raises UnknownAdapter: there is no such adapter.
    :raises ConfigError: plugins.toml has an error, or another setting overrides it.
    """
    settings = load_settings(plugins=plugins)
    _check_known(settings, name)
    word = "enabled" if enabled else "disabled"
    path = settings.plugins or Path.cwd() / LOCAL_PLUGINS
    if is_enabled(settings, name) == enabled:
        say(f"{name} is already {word}")
        return 0
    origin = settings.origin("adapters", name, "enabled")
    if "enabled" in settings.adapters.get(name, {}) and not origin.startswith(f"{path}:"):
        raise ConfigError(f"{origin} overrides {path}: change it there")
    # Read bytes, so that Windows line ends and a byte order mark are kept.
    text = path.read_bytes().decode() if path.exists() else ""
    mark = text[: text.startswith("\ufeff")]
    _write(path, mark + changed(text.removeprefix("\ufeff"), name, enabled, path))
    if is_enabled(load_settings(plugins=path), name) != enabled:
        raise ConfigError(f"{path} was written, but does not make {name} {word}")
    say(f"{name} is {word} in {path}, from the next start of the gateway on")
    return 0


def _check_known(settings: Settings, name: str) -> None:
    known = sorted({*announced_names(), *settings.adapters})
    if name not in known:
        near = nearest(name, known, most=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; `cadgate plugins` lists the installed ones"
        raise UnknownAdapter(f"no adapter {name!r} is installed{hint}")


def changed(text: str, name: str, enabled: bool, path: Path) -> str:
    """Return `text` with the one key set. Comments, order and everything else stay as they are.

    :raises ConfigError: it cannot be set without changing something else.
    """
    try:
        document = tomlkit.parse(text)
        wanted: dict[str, Any] = copy.deepcopy(tomllib.loads(text))
        wanted.setdefault("adapters", {}).setdefault(name, {})["enabled"] = enabled
        if "adapters" not in document:
            document["adapters"] = tomlkit.table(is_super_table=True)
        adapters = cast("MutableMapping[str, Any]", document["adapters"])
        if name not in adapters:
            adapters[name] = tomlkit.table()
        adapters[name]["enabled"] = enabled
        made = tomlkit.dumps(document)
        if tomllib.loads(made) == wanted:
            return made
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise ConfigError(f"{path}: {error}") from error
    raise ConfigError(
        f"{path}: enabled of [adapters.{name}] cannot be set there: write enabled = {str(enabled).lower()}"
    )


def _write(path: Path, text: str) -> None:
    """Write the file completely or not at all, keeping its permissions."""
    path = path.resolve()
    try:
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
        replace_file(path, text.encode(), mode=mode)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
