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
from typing import Literal

from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ApplicationUnavailable
from cadgate.security.private import make_folder, write_text
from cadgate.sessions.launcher import LaunchPlan
from cadgate.sessions.start_hints import is_nameless

PROGRAM = "bwrap"
REMEDY = "apt-get install -y bubblewrap"
NO_NAMESPACES = "let bubblewrap make user namespaces (docs/OPERATIONS.md, The sandbox)"
SHUT_IN = ("--die-with-parent", "--unshare-all", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev")
"""Whoever kills the process that is known outside kills the application at once: it must answer nothing after that.

The parent is the thread that started it, which must live as long as the gateway (`process`).
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
"""Of /etc: what libraries look up. Not the rest: as root, even a sandboxed application could read /etc/shadow."""
CACHES = ("/var/cache/fontconfig",)
"""What libraries would make anew at every start."""
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
    cache: Path | None = None
    """One of `writable`, for what libraries keep between starts. Without it Mesa compiles its shaders every time: it
    looks for the home folder in /etc/passwd.
    """
    accounts: Path | None = None
    """What it sees as /etc/passwd, where this user is in none: FreeCAD ends at once without a name."""

    def command(self, plan: LaunchPlan, folders: Iterable[Path], roots: Iterable[str], workdir: Path) -> list[str]:
        """Return `plan`'s command in a sandbox. `folders` are writable too; `roots` hold its Python packages."""
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
        for path in (*(path for path in shown if path.is_relative_to(self.hidden)), self.hidden / "artifacts"):
            options += ["--ro-bind-try", str(path), str(path)]
        for path in own:
            if path.is_relative_to(self.hidden):
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


@dataclass(frozen=True, slots=True)
class Confinement:
    """Whether an adapter's application is shut in on this machine, and where it is not, what that means."""

    setting: Literal["auto", "bubblewrap", "none"]
    active: bool
    message: str | None = None
    """A sentence for people: that there is no sandbox, why, and what to do. None where there is one."""
    remedy: str | None = None


def confinement(name: str, settings: AdapterSettings) -> Confinement | None:
    """Decide how the application of the adapter `name` is shut in; None for one that is not started here."""
    if settings.mode != "managed":
        return None
    means = f"{name} runs without a sandbox, so code and files in it may do whatever this user may"
    if settings.sandbox == "none":
        return Confinement("none", active=False, message=f'{means} (sandbox = "none")')
    why, remedy = problem(), _remedy()
    if why is None:
        return Confinement(settings.sandbox, active=True)
    if settings.sandbox == "bubblewrap":
        means = f"{name} does not run without its sandbox"
    to_do = f"; to fix it: {remedy}" if remedy and remedy not in why else ""
    return Confinement(settings.sandbox, active=False, message=f"{means}: {why}{to_do}", remedy=remedy)


def sandbox_for(
    settings: AdapterSettings, hidden: Path, writable: Sequence[Path], cache: Path | None = None
) -> Sandbox | None:
    """Return what an application may see, where it is shut in. Raises ApplicationUnavailable where it must be and
    cannot.
    """
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
    """Why bubblewrap cannot be used on this machine; None where it can. Tried once."""
    if not sys.platform.startswith("linux"):
        return f"it needs bubblewrap, which exists on Linux only, not on {sys.platform}"
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
    """What a program needs besides the system's libraries: its own folder, or the Python that it is."""
    found = Path(program)
    if found == Path(sys.executable):
        prefixes = [Path(sys.prefix), Path(sys.base_prefix), found.resolve().parent.parent]
        # A .pth file may lead to the packages of another environment.
        others = [Path(entry) for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]
        return [*(folder for prefix in prefixes for folder in _python_folders(prefix)), *others]
    folders = {_installation(found), _installation(found.resolve())}
    # A program that lies in the home folder itself must not show all of it.
    home = _home()
    return [found.resolve() if home.is_relative_to(folder) else folder for folder in sorted(folders)]


def _python_folders(prefix: Path) -> list[Path]:
    """A Python's folder; of one that is the home folder itself, or above it, the parts that are the Python's."""
    if not _home().is_relative_to(prefix):
        return [prefix]
    return [part for name in ("bin", "lib", "lib64", "pyvenv.cfg") if (part := prefix / name).exists()]


def _installation(program: Path) -> Path:
    """The folder that a program was unpacked into: above its `bin`, where its libraries lie beside that."""
    folder = program.parent
    if folder.name == "bin" and any((folder.parent / name).is_dir() for name in ("lib", "lib64", "Mod")):
        outer = folder.parent
        # ~/.local is many programs', and holds what they keep.
        if outer != _home() / ".local" and not _home().is_relative_to(outer):
            return outer
    return folder


def _library_folders() -> list[Path]:
    """Where the environment says that libraries lie, which an application inherits."""
    named = [Path(part) for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part.startswith("/")]
    return [folder for folder in named if folder.is_dir() and not _home().is_relative_to(folder)]


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without an entry in /etc/passwd
        return Path("/")


def _without_nested(paths: Iterable[Path]) -> list[Path]:
    """Each path once, without those inside of others and of the system's."""
    kept: list[Path] = [Path(path) for path in SYSTEM]
    for path in sorted({Path(os.path.abspath(path)) for path in paths}):
        if not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return kept[len(SYSTEM) :]
