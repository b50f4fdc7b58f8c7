"""Where settings are written: options, environment variables, `.env`, plugins.toml. What a value means is config's.

Every reader answers `Values`: key → (value as written, where it was written, in the words of an error message).
"""

from __future__ import annotations

import difflib
import io
import json
import logging
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, cast

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from cadgate.errors import ConfigError

PREFIX = "CADGATE_"

Key = tuple[str, ...]
"""("port",) for the gateway's own; ("adapters", "blender", "mode") for an adapter's."""

Values = dict[Key, tuple[Any, str]]

log = logging.getLogger("cadgate.config")


def from_options(options: Mapping[str, Any], names: Sequence[str]) -> Values:
    """Keyword arguments of `load_settings`, which the command line fills from its options."""
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
    """`CADGATE_*` variables; empty ones count as not set.

    A variable that is nearly one of ours stops the start; one that is nothing like it may be somebody else's (container
    systems make `CADGATE_SERVICE_HOST` for a service called cadgate) and only earns a warning.
    """
    values: Values = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or not text:
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
    """The `CADGATE_*` lines of a `.env` file, which need not exist. Other lines are left to others.

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
    """Put the lines of `.env` that are not the gateway's own into `environment`, where they are not set already.

    Adapters look there for the variables of their applications (`BLENDER_CMD`).
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
    """A plugins.toml: the table `[gateway]` and tables `[adapters.NAME]`. Relative paths in it start at its folder."""
    try:
        document = tomllib.loads(_read(path, named_by))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    values: Values = {}
    for table, content in document.items():
        if table not in ("gateway", "adapters"):
            hint = "it belongs into [gateway]" if table in names else "the file has [gateway] and [adapters.NAME]"
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
    # The longest name first: `CADGATE_MY_CAD_MODE` is my-cad's where there is a `my` as well.
    for adapter in sorted(adapters, key=len, reverse=True):
        head = adapter.lower().replace("-", "_") + "_"
        if rest.startswith(head) and len(rest) > len(head):
            return ("adapters", adapter, rest.removeprefix(head))
    return None


def _adapter_value(text: str) -> Any:
    """Lists and tables are written as JSON; everything else stays text, which the adapter's model converts."""
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _variables(names: Sequence[str]) -> list[str]:
    return [PREFIX + name.upper() for name in names]


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    """Compared without the prefix, which would make everything look alike."""
    short = {name.removeprefix(PREFIX): name for name in known}
    near = difflib.get_close_matches(word.removeprefix(PREFIX), short, n=1, cutoff=0.75)
    return f"; did you mean {short[near[0]]!r}?" if near else ""
