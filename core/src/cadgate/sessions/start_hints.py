"""Guess why a start failed, and what to do, from the process and its output."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import sys

from cadgate.sessions.launcher import LaunchPlan

_LIBRARY = re.compile(r"(lib[\w.+-]+\.so(?:\.\d+)*): cannot open shared object file")
_SHUT_IN = ("snap", "flatpak")
SEES = "set CADGATE_STATE_DIR to a folder that it can see, or install it another way"


def is_unread(pipe: int | None) -> bool:
    """Whether what was written into a pipe, of which this is the writing end, still lies in it."""
    if pipe is None or not sys.platform.startswith("linux"):
        return False
    import fcntl
    import termios

    with contextlib.suppress(OSError):
        (waiting,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
        return waiting > 0
    return False


def is_nameless() -> bool:
    """Whether no account has this process' user id, as in a container that was given any number."""
    if sys.platform == "win32":
        return False
    import pwd

    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return True
    return False


def missing_library(printed: str) -> str | None:
    """The sentence about a shared library that the loader did not find, with Debian's name of its package."""
    found = _LIBRARY.search(printed)
    if found is None:
        return None
    stem, _, version = found[1].partition(".so")
    dash = "-" if stem[-1].isdigit() else ""
    package = f"{stem}{dash}{version.lstrip('.').partition('.')[0]}".lower().replace("_", "-")
    return f"the library {found[1]} is missing; on Debian and Ubuntu: apt-get install -y {package}"


def hint(plan: LaunchPlan, *, never_ran: bool, sandboxed: bool) -> str | None:
    """What a program that ended before its script ran may lack; None where nothing is known.

    The sandbox has an answer of its own: what it shows.
    """
    if not never_ran:
        return None
    if os.path.basename(os.path.realpath(plan.argv[0])) in _SHUT_IN:
        if sandboxed:
            return 'snap and flatpak start nothing in a sandbox: install it another way, or set sandbox = "none"'
        return f"snap and flatpak hide /tmp and the hidden folders of your home from it: {SEES}"
    if sandboxed:
        return None
    if is_nameless():
        return f"the user id {os.getuid()} is in no /etc/passwd, which some programs need: add it, or use another user"
    return f"its script did not run, perhaps because it cannot see the state folder (as in a snap): {SEES}"
