"""Runs an application in bubblewrap: no network, only its own folders writable, none of the user's files readable.

The application and the gateway communicate through a Unix-domain socket on which the gateway already listens. A TCP
socket would not be safe: whoever has one from the gateway's network can disconnect it and connect it to anything there.
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
from typing import Literal

from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ApplicationUnavailable
from cadgate.security.private import make_folder, write_text
from cadgate.sessions.launcher import LaunchPlan
from cadgate.sessions.start_hints import is_nameless

PROGRAM = "bwrap"
REMEDY = "apt-get install -y bubblewrap"
NO_NAMESPACES = "allow bubblewrap to create user namespaces (docs/OPERATIONS.md, The sandbox)"
SHUT_IN = ("--die-with-parent", "--unshare-all", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev")
"""Killing the process that is visible outside must kill the application at once: it must not answer after that.

The parent is the thread that started it, which must live as long as the gateway (see `process`).
"""
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
"""The parts of /etc that libraries read. Not the rest: as root, a sandboxed application could read /etc/shadow."""
CACHES = ("/var/cache/fontconfig",)
"""Caches that libraries would otherwise rebuild at every start."""
OUTSIDE = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
"""Variables that refer to things outside the sandbox."""
TRY_SECONDS = 10
BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The part of this machine that an application sees. Nothing else exists for it."""

    hidden: Path
    """The state folder, of which only what is listed below is visible."""
    writable: Sequence[Path]
    readable: Sequence[Path] = ()
    cache: Path | None = None
    """One of `writable`, for caches that libraries keep between starts. Without it Mesa compiles its shaders each time,
    because it looks up the home folder in /etc/passwd.
    """
    accounts: Path | None = None
    """What it sees as /etc/passwd, where this user is in none: FreeCAD ends at once without a name."""

    def command(self, plan: LaunchPlan, folders: Iterable[Path], roots: Iterable[str], workdir: Path) -> list[str]:
        """Return `plan`'s command in a sandbox. `folders` are writable too; `roots` have its Python packages."""
        options = [PROGRAM, *SHUT_IN, "--tmpfs", "/tmp"]
        for path in SYSTEM:
            options += ["--ro-bind-try", path, path]
        for name in CONFIGURATION:
            options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        if self.accounts is not None:
            options += ["--ro-bind", str(self.accounts), "/etc/passwd"]
        for path in CACHES:
            options += ["--ro-bind-try", path, path]
        shown = _without_nested(
            [*_program_folders(plan.argv[0]), *map(Path, roots), *plan.readable, *self.readable, *_library_folders()]
        )
        own = list(dict.fromkeys([*folders, *self.writable]))
        # The state folder may lie in one of them, and some of them in the state folder.
        for way, paths in (("--ro-bind", shown), ("--bind", own)):
            for path in paths:
                if not path.is_relative_to(self.hidden):
                    options += [way, str(path), str(path)]
        options += ["--tmpfs", str(self.hidden)]
        for path in shown:
            if path.is_relative_to(self.hidden):
                options += ["--ro-bind-try", str(path), str(path)]
        for path in own:
            if path.is_relative_to(self.hidden):
                options += ["--bind", str(path), str(path)]
        # The sandbox's root is in memory, and must not be writable either.
        options += ["--remount-ro", str(self.hidden), "--remount-ro", "/"]
        return [*options, "--chdir", str(workdir), "--", *plan.argv]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those that refer to things outside the sandbox."""
    return {name: value for name, value in variables.items() if name not in OUTSIDE}


def listen() -> tuple[socket.socket, str]:
    """Return a listening socket for the application, and its address as a client's `host`.

    The address is abstract, so that there is no file to remove. The socket cannot be connected to anything else.
    """
    listener = socket.socket(socket.AF_UNIX)
    name = f"cadgate-{secrets.token_hex(16)}"
    listener.bind("\0" + name)
    listener.listen(BACKLOG)
    return listener, "@" + name


@dataclass(frozen=True, slots=True)
class Confinement:
    """Whether an adapter's application is sandboxed on this machine, and what it means if it is not."""

    setting: Literal["auto", "bubblewrap", "none"]
    active: bool
    message: str | None = None
    """For people: that there is no sandbox, why, and what to do; None if there is one."""
    remedy: str | None = None


def confinement(name: str, settings: AdapterSettings) -> Confinement | None:
    """Decide how to sandbox the application of the adapter `name`; None for one that is not started here."""
    if settings.mode != "managed":
        return None
    means = f"{name} runs without a sandbox, so code and files in it can do anything that this user can"
    if settings.sandbox == "none":
        return Confinement("none", active=False, message=f'{means} (sandbox = "none")')
    why, remedy = problem(), _remedy()
    if why is None:
        return Confinement(settings.sandbox, active=True)
    if settings.sandbox == "bubblewrap":
        means = f"{name} cannot run without its sandbox"
    to_do = f"; to fix it: {remedy}" if remedy and remedy not in why else ""
    return Confinement(settings.sandbox, active=False, message=f"{means}: {why}{to_do}", remedy=remedy)


def sandbox_for(
    settings: AdapterSettings, hidden: Path, writable: Sequence[Path], cache: Path | None = None
) -> Sandbox | None:
    """Return the sandbox of an application, None without one. Raises ApplicationUnavailable if a required one fails."""
    if settings.mode != "managed" or settings.sandbox == "none":
        return None
    if settings.sandbox == "bubblewrap":
        require()
    elif problem() is not None:
        return None
    return Sandbox(
        hidden, [*writable, *([cache] if cache else [])], settings.sandbox_readable, cache, _accounts(hidden)
    )


def _accounts(folder: Path) -> Path | None:
    """Return a copy of /etc/passwd in which this user has a name, where the machine's own has none."""
    if not is_nameless():
        return None
    known = Path("/etc/passwd")
    lines = known.read_text(encoding="utf-8", errors="replace") if known.exists() else ""
    make_folder(folder)
    path = folder / "passwd"
    write_text(path, f"{lines.rstrip()}\ncadgate:x:{os.getuid()}:{os.getgid()}::/nonexistent:/bin/false\n".lstrip())
    return path


def _remedy() -> str | None:
    if not sys.platform.startswith("linux"):
        return None
    return REMEDY if shutil.which(PROGRAM) is None else NO_NAMESPACES


@functools.cache
def problem() -> str | None:
    """Return why bubblewrap cannot be used on this machine; None if it can. Tried once."""
    if not sys.platform.startswith("linux"):
        return f"it needs bubblewrap, which is available on Linux only, not on {sys.platform}"
    if shutil.which(PROGRAM) is None:
        return f"it needs bubblewrap, which is not installed. Install it with: {REMEDY}"
    attempt = [PROGRAM, *SHUT_IN]
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
        f"bubblewrap cannot create a sandbox here ({said[-1] if said else f'exit code {done.returncode}'}): this "
        "system does not let it create namespaces. Containers need permission for it, Ubuntu 24.04 an AppArmor profile"
    )


def require() -> None:
    """Raise ApplicationUnavailable, with the remedy, if bubblewrap cannot be used."""
    why = problem()
    if why is None:
        return
    problem.cache_clear()  # so that the next check notices when it was fixed
    raise ApplicationUnavailable(f'sandbox = "bubblewrap": {why}', details={"remedy": REMEDY, "setting": "sandbox"})


def _program_folders(program: str) -> list[Path]:
    """Return what a program needs in addition to the system's libraries: its own folder, or its Python."""
    found = Path(program)
    if found == Path(sys.executable):
        prefixes = [Path(sys.prefix), Path(sys.base_prefix), found.resolve().parent.parent]
        # A .pth file may lead to the packages of another environment.
        others = [Path(entry) for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]
        return [*(folder for prefix in prefixes for folder in _python_folders(prefix)), *others]
    folders = {_installation(found), _installation(found.resolve())}
    # A program directly in the home folder must not make all of it visible.
    home = _home()
    return [found.resolve() if home.is_relative_to(folder) else folder for folder in sorted(folders)]


def _python_folders(prefix: Path) -> list[Path]:
    """Return a Python's folder; if that contains the home folder, only the parts that belong to the Python."""
    if not _home().is_relative_to(prefix):
        return [prefix]
    return [part for name in ("bin", "lib", "lib64", "pyvenv.cfg") if (part := prefix / name).exists()]


def _installation(program: Path) -> Path:
    """Return the folder a program was unpacked into: the parent of its `bin`, if its libraries are there."""
    folder = program.parent
    if folder.name == "bin" and any((folder.parent / name).is_dir() for name in ("lib", "lib64", "Mod")):
        outer = folder.parent
        # ~/.local is shared by many programs, and has their data.
        if outer != _home() / ".local" and not _home().is_relative_to(outer):
            return outer
    return folder


def _library_folders() -> list[Path]:
    """Return the folders of libraries named by the environment, which an application inherits."""
    named = [Path(part) for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part.startswith("/")]
    return [folder for folder in named if folder.is_dir() and not _home().is_relative_to(folder)]


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without an entry in /etc/passwd
        return Path("/")


def _without_nested(paths: Iterable[Path]) -> list[Path]:
    """Return each path once, without those inside others or inside the system's."""
    kept: list[Path] = [Path(path) for path in SYSTEM]
    for path in sorted({Path(os.path.abspath(path)) for path in paths}):
        if not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return kept[len(SYSTEM) :]
