"""One evaluation: a separate OpenSCAD, which sees the folder of its source, its libraries, and nothing else."""

from __future__ import annotations

import os
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

from cadgate.appserver import AppError
from cadgate_openscad.app import console, processes

MAIN = "main.scad"
MIB = 1024 * 1024

_RESOURCES = re.compile(r"^Resource Path: (.+)$", re.MULTILINE)
_DEPENDENCY = re.compile(r"^\t(.*?)(?: \\)?$", re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)")


def _ignore(topic: str, data: dict[str, Any]) -> None:
    """Drop events before the host has started."""


@dataclass
class Means:
    """The settings of evaluations: from the launcher's options, and from OpenSCAD itself."""

    program: str = ""
    xvfb: str | None = None
    libraries: list[str] = field(default_factory=list)
    """Folders that `use` and `include` search; every source may read them."""
    memory: int = 0
    file_size: int = 0
    """Both are in bytes."""
    emit: Callable[[str, dict[str, Any]], None] = _ignore


MEANS = Means()
"""Set by the host when it starts."""


class Evaluated(NamedTuple):
    """A successful evaluation."""

    console: console.Console
    seconds: float


def version(program: str) -> str:
    """Return `OpenSCAD 2021.01`, from the program itself. Raises RuntimeError."""
    code, output = processes.run([program, "--version"], os.getcwd(), processes.environment())
    text = " ".join(output.lines).strip()
    if code != 0 or "OpenSCAD" not in text:
        raise RuntimeError(f"{program} --version ended with {code} and printed {text!r}: it is not a working OpenSCAD")
    return text.replace("OpenSCAD version", "OpenSCAD")


def configure(options: dict[str, Any], emit: Callable[[str, dict[str, Any]], None]) -> None:
    """Adopt the settings, and ask OpenSCAD where its own libraries are."""
    MEANS.program = options["program"]
    MEANS.xvfb = options["xvfb"]
    MEANS.memory = options["max_memory_mb"] * MIB
    MEANS.file_size = options["max_output_mb"] * MIB
    MEANS.emit = emit
    _, output = processes.run([MEANS.program, "--info"], os.getcwd(), processes.environment())
    own = _RESOURCES.search("\n".join(output.lines))
    folders = [*options["libraries"], *([os.path.join(own.group(1).strip(), "libraries")] if own else [])]
    MEANS.libraries = [os.path.realpath(folder) for folder in folders]


def evaluate(folder: str, arguments: list[str], *, into: str, what: str, picture: bool = False) -> Evaluated:
    """Run OpenSCAD on `main.scad` in `folder` so that it writes the file `into`.

    `what` names the format, for messages. Raises AppError with what OpenSCAD said.
    """
    folder = os.path.realpath(folder)
    dependencies = into + ".d"
    argv = [MEANS.program, "-d", dependencies, "-o", into, *arguments, MAIN]
    env = processes.environment(OPENSCADPATH=os.pathsep.join(MEANS.libraries))
    writable = [os.path.dirname(into), os.environ["HOME"], os.environ["TMPDIR"]]
    began = time.monotonic()
    with ExitStack() as stack:
        if picture:
            try:
                env.update(stack.enter_context(processes.display(MEANS.xvfb)))
            except LookupError:
                raise no_display() from None
        code, output = processes.run(
            argv,
            folder,
            env,
            processes.Output(_tell, console.weigh),
            readable=[folder, os.path.dirname(os.path.realpath(MEANS.program)), *MEANS.libraries],
            writable=writable,
            memory=MEANS.memory,
            file_size=MEANS.file_size,
        )
    seconds = round(time.monotonic() - began, 4)
    said = console.Console(output.lines, output.left_out, folder)
    _check_reads(folder, dependencies, said)
    console.check(said, code, what)
    return Evaluated(said, seconds)


def _tell(lines: list[str]) -> None:
    MEANS.emit("progress", {"messages": lines})


def no_display() -> AppError:
    """Return the error for pictures on a machine that cannot draw them."""
    remedy = "apt-get install -y --no-install-recommends xvfb"
    message = f"OpenSCAD draws pictures in an X server, and there is none: install one with {remedy}"
    return AppError("command_failed", message, {"remedy": remedy})


def _check_reads(folder: str, dependencies: str, said: console.Console) -> None:
    """Raise AppError if OpenSCAD's own list of what it read has something missing, or not belonging to the source.

    OpenSCAD does not report a mesh that it did not find. And if the kernel cannot keep it from other files, this keeps
    what it made of one from leaving this process.
    """
    own = folder + os.sep
    for path in (*_listed(dependencies), *_elsewhere(said), *said.missing()):
        real = os.path.realpath(os.path.join(folder, path))
        if not any(real == root or real.startswith(root + os.sep) for root in (folder, *MEANS.libraries)):
            shown = path[len(own) :] if path.startswith(own) else path
            raise AppError(
                "path_not_allowed",
                f"The source reads {shown!r}: it may read only what `files` provides, and OpenSCAD's libraries",
                {"file": shown},
            )
        if not os.path.isfile(real):
            raise console.missing_file(real[len(own) :] if real.startswith(own) else os.path.basename(real), said)


def _listed(dependencies: str) -> list[str]:
    """Return the files in the list for `make`, which is missing if the source could not be read."""
    try:
        with open(dependencies, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        os.unlink(dependencies)
    except FileNotFoundError:
        return []
    return [_ESCAPED.sub(r"\1", name) for name in _DEPENDENCY.findall(text)]


def _elsewhere(said: console.Console) -> list[str]:
    """Return the files in which OpenSCAD found errors."""
    return [place["file"] for place in map(console.place, said.of("ERROR")) if "file" in place]
