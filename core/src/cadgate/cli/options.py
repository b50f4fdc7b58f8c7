"""The options that many commands have, and what each of them begins and ends with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cadgate.config.settings import Settings, check_state_dir, load_settings

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on (CADGATE_HOST).")]
Port = Annotated[int | None, typer.Option("--port", help="The port to listen on (CADGATE_PORT).")]
Plugins = Annotated[Path | None, typer.Option("--plugins", help="The plugins.toml to read (CADGATE_PLUGINS).")]
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Sessions, artifacts, logs (CADGATE_STATE_DIR).")]
KeyFileOption = Annotated[
    Path | None, typer.Option("--key-file", help='A file that holds a key, for auth = "token"; or set CADGATE_KEY.')
]


def settings_of(**options: Any) -> Settings:
    """Return the settings in force, after checking the state folder. Raises ConfigError."""
    settings = load_settings(**options)
    check_state_dir(settings)
    return settings


def exit_with(code: int) -> None:
    raise typer.Exit(code)
