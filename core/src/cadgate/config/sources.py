"""Reads the sources of settings: options, environment variables, `.env`, plugins.toml.

Every reader returns `Values`: key → (value as written, where it was written, for error messages).
"""

from __future__ import annotations

import io
import json
import logging
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, cast

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from cadgate.appserver.errors import nearest
from cadgate.errors import ConfigError

PREFIX = "CADGATE_"
KEY = "CADGATE_KEY"
"""The key that commands send to the gateway. It is no setting."""

Key = tuple[str, ...]
"""The key of a setting: ("port",) for the gateway's own, ("adapters", "blender", "mode") for an adapter's."""

Values = dict[Key, tuple[Any, str]]

log = logging.getLogger("cadgate.config")


def from_options(options: Mapping[str, Any], names: Sequence[str]) -> Values:
    """Read the keyword arguments of `load_settings`, which the command line fills from its options."""
    values: Values = {}
    for name, value in options.items():
        if value is None:
            continue
        if name == "adapters":
            for adapter, table in cast("dict[str, dict[str, Any]]", value).items():
                values["adapters", adapter] = (None, f"adapters {adapter}")
                values.update(
                    {("adapters", adapter, key): (v, f"adapters {adapter} {key}") for key, v in table.items()}
                )
        elif name in names:
            values[(name,)] = (value, f"option --{name.replace('_', '-')}")
        else:
            raise ConfigError(f"option {name!r} is unknown{_did_you_mean(name, names)}")
    return values


def from_environment(environment: Mapping[str, str], names: Sequence[str], adapters: Sequence[str]) -> Values:
    """Read `CADGATE_*` variables; empty ones are ignored.

    A variable that is similar to a setting stops the start; any other may belong to somebody else (container systems
    set `CADGATE_SERVICE_HOST` for a service called cadgate) and only causes a warning.
    """
    values: Values = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or not text or variable == KEY:
            continue
        where = f"environment variable {variable}"
        key = _key(variable, names, adapters)
        if key is not None:
            values[key] = (_adapter_value(text) if len(key) > 1 else text, where)
        elif hint := _did_you_mean(variable, _variables(names)):
            raise ConfigError(f"{where}: unknown key{hint}")
        else:
            log.warning("%s is not a setting of cadgate and has no effect", where)
    return values


def from_dotenv(path: Path, names: Sequence[str], adapters: Sequence[str], *, strict: bool = True) -> Values:
    """Read the `CADGATE_*` lines of a `.env` file, which need not exist. Other lines are ignored.

    With `strict`, every unknown `CADGATE_*` key is an error.
    """
    values: Values = {}
    for variable, value in _dotenv(path).items():
        if not variable.startswith(PREFIX) or not value:
            continue
        where = f"{path.absolute()}: {variable}"
        key = _key(variable, names, adapters)
        if key is not None:
            values[key] = (_adapter_value(value) if len(key) > 1 else value, where)
        elif strict:
            raise ConfigError(f"{where}: unknown key{_did_you_mean(variable, _variables(names))}")
    return values


def export_dotenv(path: Path, environment: MutableMapping[str, str]) -> None:
    """Put the lines of `.env` that are not the gateway's own into `environment`, unless they are set already.

    Adapters read the variables of their applications from there (`BLENDER_CMD`).
    """
    for variable, value in _dotenv(path).items():
        if not variable.startswith(PREFIX) and value:
            environment.setdefault(variable, value)


def _dotenv(path: Path) -> dict[str, str | None]:
    text = _read(path, "") if path.exists() else ""
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ConfigError(f"{path.absolute()}: line {binding.original.line} is not NAME=value")
    return dotenv_values(stream=io.StringIO(text))


def from_toml(path: Path, named_by: str, names: Sequence[str]) -> Values:
    """Read plugins.toml: the table `[gateway]` and tables `[adapters.NAME]`. Paths are relative to its folder."""
    try:
        document = tomllib.loads(_read(path, named_by))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    values: Values = {}
    for table, content in document.items():
        if table not in ("gateway", "adapters"):
            hint = "it belongs in [gateway]" if table in names else "the file has [gateway] and [adapters.NAME]"
            raise ConfigError(f"{path}: {table}: unknown key; {hint}")
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: {table}: must be a table, not {content!r}")
        entries = cast("dict[str, Any]", content)
        for key, value in entries.items():
            if table == "gateway":
                values[(key,)] = (_gateway_value(path, key, value, names), f"{path}: [gateway] {key}")
                continue
            where = f"{path}: [adapters.{key}]"
            if not isinstance(value, dict):
                raise ConfigError(f"{where}: must be a table, not {value!r}")
            values["adapters", key] = (None, where)
            settings = cast("dict[str, Any]", value)
            values.update({("adapters", key, name): (item, f"{where} {name}") for name, item in settings.items()})
    return values


def _gateway_value(path: Path, key: str, value: Any, names: Sequence[str]) -> Any:
    if key not in names:
        raise ConfigError(f"{path}: [gateway] {key}: unknown key{_did_you_mean(key, names)}")
    if key == "state_dir" and isinstance(value, str):
        return path.parent / Path(value).expanduser()
    if key == "allowed_roots" and isinstance(value, list):
        return tuple(str(path.parent / Path(str(root)).expanduser()) for root in cast("list[Any]", value))
    return value


def _read(path: Path, named_by: str) -> str:
    by = f" (named by {named_by})" if named_by else ""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows' editors begin with a byte order mark
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file{by}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}){by}: save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}{by}") from error


def _key(variable: str, names: Sequence[str], adapters: Sequence[str]) -> Key | None:
    rest = variable.removeprefix(PREFIX).lower()
    if rest in names:
        return (rest,)
    # The longest name first: `CADGATE_MY_CAD_MODE` belongs to my-cad, even if there is a `my` as well.
    for adapter in sorted(adapters, key=len, reverse=True):
        head = adapter.lower().replace("-", "_") + "_"
        if rest.startswith(head) and len(rest) > len(head):
            return ("adapters", adapter, rest.removeprefix(head))
    return None


def _adapter_value(text: str) -> Any:
    """Parse lists and tables, which are JSON; anything else stays text, which the adapter's model converts."""
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _variables(names: Sequence[str]) -> list[str]:
    return [PREFIX + name.upper() for name in names]


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    """Suggest a similar name, compared without the common prefix."""
    short = {name.removeprefix(PREFIX): name for name in known}
    near = nearest(word.removeprefix(PREFIX), short, most=1, cutoff=0.75)
    return f"; did you mean {short[near[0]]!r}?" if near else ""
