"""What an adapter tells about starting its application: the command, the environment, the entry script."""

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

    In a sandbox it sees the system's files, the folder of its program and the adapter's package; `readable` are files
    and folders that it needs besides.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    readable: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that works less well than it could on this machine, and the command that mends it."""

    text: str
    remedy: str | None = None


class Launcher(Generic[S]):
    """Finds one application on this machine. Adapters subclass it."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def plan(self) -> LaunchPlan:
        """The way to start the application here, looked up afresh.

        Raises ApplicationUnavailable, whose message says what is missing and whose `details["remedy"]` is the command
        that installs it. Runs in a thread: it may look at files and run programs.
        """
        raise NotImplementedError

    def hints(self) -> Sequence[Hint]:
        """What `cadgate doctor` says beside `plan()`: libraries that some engine needs, for instance."""
        return ()

    def options(self) -> dict[str, object]:
        """What the half inside the application gets as `Host.settings`: limits, mostly. Must be JSON."""
        return {}


def application_entry(package: str) -> Path:
    """The script `app/entry.py` of an adapter package: what the application is told to run."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {package!r} is not installed")
    return Path(spec.origin).parent / "app" / "entry.py"


def import_roots(package: str) -> list[str]:
    """The folders that hold `cadgate` and `package`: staged on the application's `sys.path` by links, one by one."""
    folders: list[str] = []
    for name in ("cadgate", package):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(f"package {name!r} is not installed")
        folders.append(os.path.dirname(spec.origin))
    return folders
