"""Runs an application in bubblewrap: no network, nothing to write but its own folders, nothing of the user's to read.

The application and the gateway speak through a Unix-domain socket that the gateway made and listens on already. A TCP
socket would not do: whoever holds one of the gateway's network can disconnect it and connect it to anything there.
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cadgate.errors import ApplicationUnavailable
from cadgate.sessions.launcher import LaunchPlan

PROGRAM = "bwrap"
REMEDY = "apt-get install -y bubblewrap"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
CONFIGURATION = (
    "alternatives",
    "drirc",
    "fonts",
    "glvnd",
    "group",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "passwd",
    "timezone",
)
"""Of /etc: what libraries look up. Not the rest: as root, even a sandboxed application could read /etc/shadow."""
OUTSIDE = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
"""Variables that lead to what is not in the sandbox."""
TRY_SECONDS = 10
BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What of this machine an application sees. Everything else does not exist for it."""

    hidden: Path
    """The state folder: of it, only what is listed below."""
    writable: Sequence[Path]
    readable: Sequence[Path] = ()

    def command(self, plan: LaunchPlan, folders: Iterable[Path], roots: Iterable[str], workdir: Path) -> list[str]:
        """`plan`'s command in a sandbox. `folders` are writable too; `roots` hold its Python packages."""
        options = [PROGRAM, "--unshare-all", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for path in SYSTEM:
            options += ["--ro-bind-try", path, path]
        for name in CONFIGURATION:
            options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        shown = _without_nested([*_program_folders(plan.argv[0]), *map(Path, roots), *self.readable])
        # The state folder may lie in one of them, and some of them in the state folder.
        inside = [path for path in shown if path.is_relative_to(self.hidden)]
        for path in shown:
            if path not in inside:
                options += ["--ro-bind", str(path), str(path)]
        options += ["--tmpfs", str(self.hidden)]
        for path in (*inside, self.hidden / "artifacts"):
            options += ["--ro-bind-try", str(path), str(path)]
        for path in dict.fromkeys([*folders, *self.writable]):
            options += ["--bind", str(path), str(path)]
        # The sandbox's own root is memory: not a place to write either.
        options += ["--remount-ro", str(self.hidden), "--remount-ro", "/"]
        return [*options, "--chdir", str(workdir), "--", *plan.argv]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Without what leads out of the sandbox."""
    return {name: value for name, value in variables.items() if name not in OUTSIDE}


def listen() -> tuple[socket.socket, str]:
    """A socket for the application to accept on, and its address as a client's `host`.

    Abstract, so that no file of it must be removed. It cannot be made to connect to anything.
    """
    listener = socket.socket(socket.AF_UNIX)
    name = f"cadgate-{secrets.token_hex(16)}"
    listener.bind("\0" + name)
    listener.listen(BACKLOG)
    return listener, "@" + name


@functools.cache
def problem() -> str | None:
    """Why bubblewrap cannot be used on this machine; None where it can. Tried once."""
    if not sys.platform.startswith("linux"):
        return f"it needs bubblewrap, which exists on Linux only, not on {sys.platform}"
    if shutil.which(PROGRAM) is None:
        return f"it needs bubblewrap, which is not installed. Install it with: {REMEDY}"
    attempt = [PROGRAM, "--unshare-all", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
    for path in SYSTEM:
        attempt += ["--ro-bind-try", path, path]
    try:
        done = subprocess.run([*attempt, "--", "true"], capture_output=True, text=True, timeout=TRY_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap cannot be run: {error}"
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()
    return (
        f"bubblewrap cannot make a sandbox here ({said[-1] if said else f'exit code {done.returncode}'}): this system "
        "does not let it make namespaces. Containers need leave for that, Ubuntu 24.04 an AppArmor profile for bwrap"
    )


def require() -> None:
    """Raise ApplicationUnavailable, with the remedy, where bubblewrap cannot be used."""
    why = problem()
    if why is None:
        return
    problem.cache_clear()  # mended meanwhile, the next look must see it
    raise ApplicationUnavailable(f'sandbox = "bubblewrap": {why}', details={"remedy": REMEDY, "setting": "sandbox"})


def _program_folders(program: str) -> list[Path]:
    """What a program needs beside the system's libraries: its own folder, or the Python that it is."""
    found = Path(program)
    if found == Path(sys.executable):
        return [Path(sys.prefix), Path(sys.base_prefix), found.resolve().parent.parent]
    folders = {found.parent, found.resolve().parent}
    # A program that lies in the home folder itself must not show all of it.
    home = Path.home()
    return [found.resolve() if home.is_relative_to(folder) else folder for folder in sorted(folders)]


def _without_nested(paths: Iterable[Path]) -> list[Path]:
    """Each path once, without those inside of others and of the system's."""
    kept: list[Path] = [Path(path) for path in SYSTEM]
    for path in sorted({Path(os.path.abspath(path)) for path in paths}):
        if not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return kept[len(SYSTEM) :]
