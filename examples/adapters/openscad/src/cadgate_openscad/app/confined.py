"""Runs one program with fewer rights than this process: less memory, and on Linux only the files that it is given.

`python -I -S confined.py '{"readable": …}' program arguments…`. This is a separate process, because rights given up
here cannot be regained, and because a process with threads must not run Python between fork and exec.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

# linux/landlock.h: kernels since 5.13, if it is enabled.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
ALL = (1 << 13) - 1
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/drirc",
    "/etc/fonts",
    "/etc/glvnd",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/X11",
    "/var/cache/fontconfig",
    "/dev/urandom",
    "/sys/devices",
)
"""What programs need in order to run at all."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/dri", "/dev/shm")


class PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def confine(readable: list[str], writable: list[str]) -> bool:
    """Give up access to all other files. Return False if the kernel cannot do that."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG) < 1:
        return False
    handled = ctypes.c_uint64(ALL)
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return False
    for paths, access in ((readable, READ), (writable, ALL)):
        for path in paths:
            _allow(libc, ruleset, path, access)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)
    return True


def _allow(libc: Any, ruleset: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # a missing file cannot be read anyway
        return
    try:
        rule = PathBeneath(access if os.path.isdir(path) else access & OF_FILES, descriptor)
        if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule", path)
    finally:
        os.close(descriptor)


def limit(memory: int, file_size: int) -> None:
    """Limit memory and the size of files, in bytes; leave no core file."""
    for kind, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file_size), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bounded, hard))


def main() -> None:
    """Never returns: becomes the program."""
    settings = json.loads(sys.argv[1])
    if sys.platform == "linux":
        # The program ends with the process that started it, however that ends.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != settings["parent"]:
            os._exit(1)
        if settings["readable"] is not None:
            confine([*SYSTEM, *settings["readable"]], [*DEVICES, *settings["writable"]])
    if settings["memory"] is not None:
        limit(settings["memory"], settings["file_size"])
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
