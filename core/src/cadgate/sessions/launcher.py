"""How an adapter describes the start of its application: the command, the environment, the entry script."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from cadgate.contract.settings import AdapterSettings

S = TypeVar("S", bound=AdapterSettings)


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """How to start the application headless. `environment` is added to a clean one (PATH, LANG, a HOME of its own).

    In a sandbox it sees the system's files, the folder of its program and the adapter's package; `readable` lists
    other files and folders that it needs.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    readable: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that could work better on this machine, and the command that improves it."""

    text: str
    remedy: str | None = None


class Launcher(Generic[S]):
    """Finds an application on this machine. Adapters subclass it."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def plan(self) -> LaunchPlan:
        """Return how to start the application here. Looked up anew each time.

        Raises ApplicationUnavailable, whose message says what is missing and whose `details["remedy"]` is the command
        that installs it. Runs in a thread, so it may read files and run programs.
        """
        raise NotImplementedError

    def hints(self) -> Sequence[Hint]:
        """Return hints for `cadgate doctor`, for example libraries that a render engine needs."""
        return ()

    def options(self) -> dict[str, object]:
        """Return the `Host.settings` for the half inside the application: mostly limits. Must be JSON."""
        return {}


def application_entry(package: str) -> Path:
    """Return the path of an adapter package's `app/entry.py`, the script that the application runs."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {package!r} is not installed")
    return Path(spec.origin).parent / "app" / "entry.py"


def import_roots(package: str) -> list[str]:
    """Return the folders of `cadgate` and `package`, which are put on the application's `sys.path` by links."""
    folders: list[str] = []
    for name in ("cadgate", package):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(f"package {name!r} is not installed")
        folders.append(os.path.dirname(spec.origin))
    return folders
