"""The second wall: what code could do that came into an application through a hole, tried by code run there.

Each `Breach` is Python that runs in the application and ends in a list of what it got. In a sandbox that list is empty.
Without one, code is the user's own power; the attacks say so and try nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.attack.attacks import Attack, Outcome, broke, held

if TYPE_CHECKING:
    from tests.attack.field import Field

APPLICATIONS = ("blender", "freecad")
SECRET = "CANARY-home-51c2-green"

TOOLS = """
import ctypes, os, socket, stat
got = []
def tries(what, action):
    try:
        answer = action()
    except BaseException:
        return
    got.append(what + ": " + repr(answer)[:120])
def reads(path):
    return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(4096)
def writes(folder):
    path = os.path.join(folder, "planted")
    with open(path, "w") as file:
        file.write("x")
    return path
"""


@dataclass(frozen=True)
class Ground:
    """Where the code runs, and what must not be reached from there."""

    state_dir: Path
    port: int
    gateway_pid: int
    adapter: str
    canary: Path
    """A file that nobody may read, in a folder for temporary files."""
    canary_folder: Path
    home_canary: Path
    """The same in the user's home folder."""

    @property
    def other(self) -> str:
        return next(name for name in APPLICATIONS if name != self.adapter)


@dataclass(frozen=True)
class Breach:
    """Something that code tries. `code` uses TOOLS and ends in `got`."""

    name: str
    section: str
    code: Callable[[Ground], str]

    def script(self, ground: Ground) -> str:
        """All that is run in the application."""
        return f"{TOOLS}\n{self.code(ground)}\ngot"


def _reading(*paths: Path | str) -> str:
    return f"for path in {[str(path) for path in paths]!r}:\n    tries(path, lambda: reads(path))"


def _writing(*folders: Path | str) -> str:
    return f"for folder in {[str(folder) for folder in folders]!r}:\n    tries(folder, lambda: writes(folder))"


def _keys_and_logs(ground: Ground) -> str:
    state = ground.state_dir
    return _reading(
        state / "keys.json", state / "gateway.lock", state / "plugins.toml", state / "test-gateway.log", state / "logs",
        state / "logs" / "audit.log", state / "logs" / f"{ground.other}.log",
    )  # fmt: skip


def _other_sessions(ground: Ground) -> str:
    theirs = ground.state_dir / "sessions" / ground.other
    return _reading(*places(theirs)) + "\n" + _writing(*places(theirs))


def places(session: Path) -> list[Path]:
    """The folders of a session."""
    return [session, session / "workspace", session / "journal", session / "home", session / "tmp"]


def _writing_elsewhere(ground: Ground) -> str:
    """What would stay after the application, or be run by others: the user's files, the gateway's code, its folders."""
    package = Path(sys.modules["cadgate"].__file__ or "").parent
    return _writing(
        ground.canary_folder, Path.home(), ground.state_dir, ground.state_dir / "logs",
        ground.state_dir / "artifacts", ground.state_dir / "sessions" / ground.adapter,
        ground.state_dir / "sessions" / ground.adapter / "lib", package, sys.prefix, "/usr/local/bin", "/etc",
        "/var/tmp",
    )  # fmt: skip


def _processes(ground: Ground) -> str:
    pids = [ground.gateway_pid, os.getpid()]
    return f"""
for pid in {pids!r}:
    for name in ("environ", "cmdline", "maps", "fd", "cwd", "root"):
        tries(f"/proc/{{pid}}/{{name}}", lambda: reads(f"/proc/{{pid}}/{{name}}"))
    tries(f"signal {{pid}}", lambda: os.kill(pid, 0))
strangers = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
tries("strangers", lambda: strangers[0])
"""


def _network(ground: Ground) -> str:
    addresses = {("127.0.0.1", ground.port), ("::1", ground.port), ("192.0.2.1", 80), ("1.1.1.1", 53)}
    addresses |= {(info[4][0], ground.port) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return f"""
for address in {sorted(addresses)!r}:
    tries(f"connects to {{address}}", lambda: socket.create_connection(address, 2).getpeername())
tries("resolves", lambda: socket.getaddrinfo("example.com", 80))
tries("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0"):
    one = socket.socket(socket.AF_UNIX)
    tries(path, lambda: one.connect(path))
for name in [each.split()[-1] for each in open("/proc/net/unix") if " @" in each]:
    one = socket.socket(socket.AF_UNIX)
    if "cadgate" not in name:
        tries(name, lambda: one.connect("\\0" + name[1:]))
"""


def _environment(_ground: Ground) -> str:
    return """
known = {"LANG", "LC_ALL", "LC_CTYPE", "TZ", "PATH", "HOME", "TMPDIR", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE"}
known |= {"CADGATE_LIB", "QT_QPA_PLATFORM", "LD_LIBRARY_PATH", "PWD", "PYTHONHOME", "PYTHONPATH", "TEMP", "TMP"}
for name, value in os.environ.items():
    if name not in known and any(word in name for word in ("KEY", "TOKEN", "SECRET", "PASS", "CADGATE", "PIP_")):
        tries(name, lambda: value)
"""


def _descriptors(ground: Ground) -> str:
    """Whatever is open may be reached round all paths: a folder would be the way out."""
    return """
for name in os.listdir("/proc/self/fd"):
    path = f"/proc/self/fd/{name}"
    try:
        mode = os.stat(path).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(mode) and os.readlink(path).startswith("/") and not os.readlink(path).startswith("/proc"):
        if not os.path.samefile(path, os.readlink(path)):
            got.append("a folder from outside: " + os.readlink(path))
for other in ("1", str(os.getppid())):
    tries(f"root of {other}", lambda: [each for each in os.listdir(f"/proc/{other}/root") if each == "home"][0])
    for name in os.listdir(f"/proc/{other}/fd") if os.access(f"/proc/{other}/fd", os.R_OK) else ():
        tries(f"descriptor {name} of {other}", lambda: os.listdir(f"/proc/{other}/fd/{name}"))
"""


def _privileges(_ground: Ground) -> str:
    return """
libc = ctypes.CDLL(None, use_errno=True)
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb")) and int(line.split()[1], 16):
        got.append(line)
    if line.startswith("NoNewPrivs") and line.split()[1] != "1":
        got.append(line)
tries("unmounts", lambda: {0: "it did"}[libc.umount2(b"/usr", 2)])
tries("mounts", lambda: {0: "it did"}[libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)])
tries("device", lambda: os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0)))
for name in os.listdir("/dev"):
    mode = os.lstat("/dev/" + name).st_mode
    if stat.S_ISBLK(mode) or name in ("mem", "kmem", "kvm", "fuse"):
        got.append("/dev/" + name)
"""


def _artifacts(ground: Ground) -> str:
    """Files of all keys, whose ids nobody may learn."""
    return _reading(ground.state_dir / "artifacts", ground.state_dir / "jobs")


BREACHES = (
    Breach("reads-the-users-files", "S2", lambda ground: _reading(
        ground.canary, ground.canary.parent, ground.home_canary, "/etc/shadow", "/var/log", "/run/secrets")),
    Breach("reads-keys-and-logs", "S2", _keys_and_logs),
    Breach("uses-other-sessions", "S2", _other_sessions),
    Breach("reads-artifacts-of-others", "sessions", _artifacts),
    Breach("writes-elsewhere", "S3", _writing_elsewhere),
    Breach("sees-other-processes", "S1", _processes),
    Breach("uses-the-network", "S1", _network),
    Breach("reads-secrets-of-the-environment", "S1", _environment),
    Breach("uses-open-descriptors", "S1", _descriptors),
    Breach("has-privileges", "S1", _privileges),
)  # fmt: skip


@contextlib.contextmanager
def home_canary() -> Generator[Path]:
    """A file in the user's home folder, as long as the block."""
    path = Path.home() / f".cadgate-canary-{secrets.token_hex(4)}"
    path.write_text(SECRET)
    try:
        yield path
    finally:
        path.unlink()


def outcome_of(got: list[str]) -> Outcome:
    """What the list at the end of a breach means."""
    return held("code in the sandbox got nothing") if not got else broke("; ".join(got))


def _by_code(breach: Breach, adapter: str, field: Field) -> Outcome:
    """Run a breach in the session, with the key for preparation: as code would that came in by a file."""
    if not field.allows_execute:
        return held("no code may be run")
    if not field.sandboxed:
        return held("without a sandbox, code is the user's own power: not tried")
    with home_canary() as private:
        ground = Ground(
            field.gateway.state_dir, field.gateway.port, field.gateway.pid, adapter, field.canary.file,
            field.canary.folder, private,
        )  # fmt: skip
        return outcome_of(field.execute(adapter, breach.script(ground)))


LINKS = """
for name, target in {links!r}.items():
    if os.path.lexists(name):
        os.remove(name)
    os.symlink(target, name)
got
"""


def _by_links(adapter: str, field: Field) -> Outcome:
    """Links in the workspace must not make the gateway, which is in no sandbox, read or write for the application."""
    if not field.allows_execute or not field.sandboxed:
        return held("code could do it itself, or none may be run: not tried")
    suffix = {"blender": ".obj", "freecad": ".step"}[adapter]
    links = {f"file{suffix}": str(field.canary.file), "folder": str(field.canary.folder)}
    field.execute(adapter, TOOLS + LINKS.format(links=links))
    with field.gateway.client(f"/api/v1/{adapter}", headers=field.headers("read,write")) as client:
        read = client.post("/import", json={"filepath": f"file{suffix}"})
        written = client.post("/export", json={"format": suffix[1:], "filepath": f"folder/made{suffix}"})
    answers: list[Any] = [read.json(), written.json()]
    if any(field.canary.folder.iterdir()) or read.is_success or written.is_success:
        return broke(f"a link led out: {json.dumps(answers)[:200]}")
    return held("links out of the workspace are not followed")


ATTACKS = [
    *(
        Attack(f"sandbox-{breach.name}-{adapter}", breach.section, adapter, partial(_by_code, breach, adapter))
        for breach in BREACHES
        for adapter in APPLICATIONS
    ),
    *(
        Attack(f"sandbox-follows-links-{adapter}", "S3", adapter, partial(_by_links, adapter))
        for adapter in APPLICATIONS
    ),
]
