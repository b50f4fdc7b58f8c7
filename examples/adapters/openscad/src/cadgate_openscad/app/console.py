"""Reads what OpenSCAD prints: which lines matter, and why an evaluation failed."""

from __future__ import annotations

import re
import signal
from typing import Any

from cadgate.appserver import AppError

_STATISTICS = re.compile(
    r"(Geometr(y|ies) (in )?cache|Geometry cache size|CGAL (Polyhedrons in cache|cache size)|Total rendering time|"
    r"Compiling design|Normalized CSG tree|   |QObject::startTimer|Can't parse file )"
)
_KIND = re.compile(r"(?:[A-Z]+-)?(ERROR|WARNING|DEPRECATED|ECHO|TRACE): ?")
_PLACE = re.compile(r"(?: in file (?P<file>.+?), line (?P<line>\d+)|(?:, import\(\))? at line (?P<at>\d+))$")
_MISSING = re.compile(r"Can't open (?:include file|library) '(?P<name>.*)'\.?")
_SHAPE = "Current top level object is "
MAX_WARNINGS = 100


def weigh(line: str) -> int:
    """Return the importance of a line: see `processes.Output`."""
    if not line.strip() or _STATISTICS.match(line):
        return 0
    kind = _KIND.match(line)
    return 2 if line.startswith(_SHAPE) or (kind is not None and kind.group(1) in ("ERROR", "WARNING")) else 1


class Console:
    """The messages of one evaluation, without the name of the folder."""

    def __init__(self, lines: list[str], left_out: int, folder: str) -> None:
        own = folder + "/"
        self.messages = [line.replace(own, "") for line in lines]
        self.left_out = left_out

    def of(self, *kinds: str) -> list[str]:
        found = ((_KIND.match(line), line) for line in self.messages)
        return [line for match, line in found if match is not None and match.group(1) in kinds]

    def missing(self) -> list[str]:
        """Return the names of files that OpenSCAD did not find, of which it only warns."""
        return [found.group("name") for found in map(_MISSING.search, self.of("WARNING")) if found is not None]

    def shown(self) -> list[str]:
        """Return the messages for the client."""
        more = [f"… {self.left_out} more lines were left out"] if self.left_out else []
        return [*self.messages, *more]

    def warnings(self) -> list[dict[str, str]]:
        """Return OpenSCAD's warnings as warnings of the result, each once."""
        unique = dict.fromkeys(self.of("WARNING", "DEPRECATED"))
        return [{"code": "openscad_warning", "message": _without_kind(line)} for line in list(unique)[:MAX_WARNINGS]]


def _without_kind(line: str) -> str:
    match = _KIND.match(line)
    return line if match is None else line[match.end() :]


def check(console: Console, code: int, what: str) -> None:
    """Raise AppError for a failed evaluation, even if OpenSCAD reported success."""
    errors = console.of("ERROR")
    if errors:
        raise failed(f"OpenSCAD: {_without_kind(errors[0])}", console, **place(errors[0]))
    if code < 0:
        name = signal.Signals(-code).name if -code in {one.value for one in signal.Signals} else str(-code)
        raise failed(
            f"OpenSCAD was ended by {name} while it evaluated the source; usually that means that it ran out of memory "
            "(max_memory_mb) or wrote too much (max_output_mb)",
            console,
            signal=name,
        )
    text = " ".join(console.messages)
    if f"{_SHAPE}empty" in text:
        raise empty(console)
    for shape, other, formats in (("3D", "2D", "svg, dxf or png"), ("2D", "3D", "stl, 3mf, off, amf or png")):
        if f"{_SHAPE}not a {shape} object" in text:
            message = f"The source makes something {other}, but {what} holds only {shape}: choose {formats}"
            raise AppError("unsupported_format", message, {"format": what, "dimensions": other})
    if code != 0:
        last = console.messages[-1] if console.messages else f"exit code {code}"
        raise failed(f"OpenSCAD failed: {last}", console)


def empty(console: Console) -> AppError:
    """Return the error for an empty result."""
    return AppError("degenerate_result", "The source makes nothing: there is no object", {"messages": console.shown()})


def missing_file(name: str, console: Console) -> AppError:
    """Return the error for a source that reads a missing file."""
    return AppError(
        "validation_error",
        f"The source reads {name!r}, which is not there: upload it, and name its artifact in files",
        {"file": name, "messages": console.shown()},
    )


def failed(message: str, console: Console, **details: Any) -> AppError:
    """Return the error for a source that is wrong, or more than OpenSCAD can do."""
    return AppError("command_failed", message, {**details, "messages": console.shown()})


def place(line: str) -> dict[str, Any]:
    """Return the file and line that a message names."""
    found = _PLACE.search(line)
    if found is None:
        return {}
    if found.group("at"):
        return {"line": int(found.group("at"))}
    return {"file": found.group("file"), "line": int(found.group("line"))}
