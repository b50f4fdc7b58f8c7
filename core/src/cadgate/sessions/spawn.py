"""Starts an application's process: its folders, a clean environment, and the pipes between it and the gateway."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from cadgate.appserver import busy_poll
from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.halves import Halves
from cadgate.errors import ApplicationUnavailable
from cadgate.security.private import UMASK, make_folder, opener
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import LaunchPlan, import_roots
from cadgate.sessions.sandbox import Sandbox

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
MAX_LOG = 5 * 1024 * 1024
MAX_BOOT = 48 * 1024
"""Less than the capacity of any pipe, because nobody reads yet when it is written."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that is needed to start one application process."""

    plan: LaunchPlan
    package: str
    client: type[BaseSocketClient]
    folder: Path
    log: Path
    options: dict[str, object]
    start_seconds: float
    pool_size: int
    journal: Path | None = None
    restore: bool = True
    crashed: bool = False
    """Whether the previous start crashed: what it died of twice is left out of the restoration."""
    sandbox: Sandbox | None = None
    halves: Halves | None = None
    standby: bool = False
    """Start with an empty document, and touch the journal only after a request to take over."""


class Spawned(NamedTuple):
    """A process that was just started, and the gateway's ends of its pipes."""

    popen: subprocess.Popen[bytes]
    lifeline: int
    ready: int
    """The pipe by which the application reports that it is ready."""
    boot: int
    """The pipe by which it gets its settings, and a standby application is asked to take over."""
    address: str | None
    """The address of the listener that was made for it."""
    log_start: int = 0
    """The offset in the log where its own output begins."""


def _environment(launch: Launch, boot: int) -> dict[str, str]:
    """Return a clean environment: variables of a shell or pyenv must not change the application's behaviour."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    if launch.sandbox is not None:
        kept = sandbox.environment(kept)
        kept["XDG_CACHE_HOME"] = str(launch.sandbox.cache or launch.folder / "home" / ".cache")
    return {
        "LANG": "C.UTF-8",
        **kept,
        "PATH": SYSTEM_PATH,
        "HOME": str(launch.folder / "home"),
        "TMPDIR": str(launch.folder / "tmp"),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CADGATE_LIB": str(launch.folder / "lib"),
        "CADGATE_BOOT": str(boot),
        **launch.plan.environment,
    }


def _prepare_folders(launch: Launch) -> None:
    for name in ("workspace", "home", "tmp", "lib"):
        make_folder(launch.folder / name)
    for root in import_roots(launch.package):
        link = launch.folder / "lib" / os.path.basename(root)
        # Kept if it is right, because another application of this session may be importing through it.
        if not link.is_symlink() or os.readlink(link) != root:
            link.unlink(missing_ok=True)
            link.symlink_to(root)
    make_folder(launch.log.parent)
    if launch.log.exists() and launch.log.stat().st_size > MAX_LOG:
        launch.log.replace(launch.log.with_suffix(".1.log"))


def _command(launch: Launch) -> list[str]:
    """Return the command to run, in its sandbox if it has one."""
    if launch.sandbox is None:
        return list(launch.plan.argv)
    own = [launch.folder / name for name in ("workspace", "home", "tmp")]
    journal = [] if launch.journal is None else [launch.journal]
    for folder in (*own, *journal, *launch.sandbox.writable):
        make_folder(folder)
    roots = [*import_roots(launch.package), str(launch.folder / "lib")]
    # Looked up here, because in the sandbox a missing program only shows as bubblewrap ending.
    program = shutil.which(launch.plan.argv[0], path=SYSTEM_PATH)
    if program is None:
        number = errno.EACCES if os.path.exists(launch.plan.argv[0]) else errno.ENOENT
        raise OSError(number, os.strerror(number))
    plan = replace(launch.plan, argv=[program, *launch.plan.argv[1:]])
    return launch.sandbox.command(plan, [*own, *journal], roots, launch.folder / "workspace")


def spawn(launch: Launch, secret: str) -> Spawned:
    """Start the process.

    Raises ApplicationUnavailable if there is no such program, OSError, ValueError.
    """
    _prepare_folders(launch)
    lifeline_read, lifeline_write = os.pipe()
    ready_read, ready_write = os.pipe()
    boot_read, boot_write = os.pipe()
    listener, address = (None, None) if launch.sandbox is None else sandbox.listen()
    boot = {
        "secret": secret,
        "workspace": str(launch.folder / "workspace"),
        "settings": launch.options,
        "journal": None if launch.journal is None else str(launch.journal),
        "restore": launch.restore,
        "crashed": launch.crashed,
        "standby": launch.standby,
        "busy_poll": busy_poll.limit(),
        "lifeline": lifeline_read,
        "ready": ready_write,
        "listener": None if listener is None else listener.fileno(),
    }
    theirs = [lifeline_read, ready_write, boot_read]
    try:
        line = json.dumps(boot).encode() + b"\n"
        if len(line) > MAX_BOOT:
            raise ValueError(f"the launcher's options are {len(line)} bytes long; the limit is {MAX_BOOT}")
        os.write(boot_write, line)
        with open(launch.log, "ab", opener=opener) as log:
            log_start = log.tell()
            popen = subprocess.Popen(
                _command(launch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=launch.folder / "workspace",
                env=_environment(launch, boot_read),
                pass_fds=[*theirs, *([] if listener is None else [listener.fileno()])],
                start_new_session=True,
                umask=UMASK,
            )
    except BaseException as error:
        for descriptor in (lifeline_write, ready_read, boot_write):
            os.close(descriptor)
        if isinstance(error, (FileNotFoundError, PermissionError, NotADirectoryError)):
            raise ApplicationUnavailable(f"{launch.plan.argv[0]!r} cannot be run: {error.strerror}") from error
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
        if listener is not None:
            listener.close()
    return Spawned(popen, lifeline_write, ready_read, boot_write, address, log_start)
