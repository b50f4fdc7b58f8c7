"""Where the gateway keeps its state if nothing else is set."""

from __future__ import annotations

import os
from pathlib import Path

from cadgate.errors import ConfigError


def default_state_dir() -> Path:
    """Return `$XDG_STATE_HOME/cadgate`, or `~/.local/state/cadgate`."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else _home() / ".local" / "state") / "cadgate"


def _home() -> Path:
    """Return the user's home folder. Raises ConfigError if there is none, as for a container's nameless user."""
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("/")
    if home == home.parent or not home.is_absolute():
        named = repr(os.environ["HOME"]) if "HOME" in os.environ else "not set"
        raise ConfigError(
            f"state_dir: HOME is {named} and this user has no home folder to keep the state in: set CADGATE_STATE_DIR "
            "to a folder of yours"
        )
    return home
