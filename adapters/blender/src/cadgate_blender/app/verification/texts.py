"""Reads STL, OBJ and PLY files independently: how many faces, and where. Blender's import must agree.

These readers build nothing. They return None for what they cannot read, and leave it to Blender.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy

from cadgate.appserver import AppError

_LARGEST = 3.4e38
"""Beyond this, the 32-bit numbers of Blender are infinite."""
_MOST_POINTS = 2**31
"""No file has a point of a higher number."""
_VERTEX = re.compile(rb"^[ \t]*vertex[ \t]+([^\r\n]*)", re.MULTILINE)
_FACET = re.compile(rb"^[ \t]*facet\b", re.MULTILINE)


@dataclass
class Said:
    """What a file says. Coordinates are the file's own."""

    faces: int
    points: Any
    """The points that faces or lines use; all points if there are none."""
    impossible: int = 0
    """Faces that no reader can build: with missing points, or fewer than three."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What Blender's importer does not read, by its name in the format."""


def read(path: str, format: str) -> Said | None:
    """Read the file. Raises AppError `degenerate_result` for invalid numbers, and for obsolete line ends."""
    with open(path, "rb") as file:
        data = file.read()
    said = _said(data, format)
    if said is not None and not said.faces and not len(said.points):
        raise AppError("degenerate_result", f"The {format} file contains no geometry: it has no faces and no points")
    return said


def _said(data: bytes, format: str) -> Said | None:
    if format == "stl":
        return _stl(data)
    if b"\r" in data and b"\n" not in data[: data.find(b"end_header") if format == "ply" else None]:
        raise AppError(
            "degenerate_result",
            f"The {format} file ends its lines with carriage returns only, so it reads as one line: save it with "
            "line ends \\n or \\r\\n",
        )
    if format == "obj":
        return _obj(data)
    try:
        return _ply(data)
    except (IndexError, KeyError, OverflowError, ValueError):
        return None


def _numbers(rows: list[bytes], what: str, format: str) -> Any:
    """Return the first three numbers of each row."""
    try:
        values = numpy.array([row.split()[:3] for row in rows], numpy.float64).reshape(-1, 3)
    except ValueError:
        _refuse_row(rows, what, format)
        raise
    return _finite(values, what, format)


def _refuse_row(rows: list[bytes], what: str, format: str) -> None:
    for number, row in enumerate(rows):
        try:
            if len([float(word) for word in row.split()[:3]]) == 3:
                continue
        except ValueError:
            pass
        shown = row[:60].decode("utf-8", "replace").strip()
        remedy = "its numbers have decimal commas: write 1.5, not 1,5" if b"," in row else "three numbers are needed"
        raise AppError(
            "degenerate_result",
            f"{what} {number + 1} of the {format} file is {shown!r}, which no program reads as a point: {remedy}. "
            "Nothing was imported",
            {"line": shown},
        )


def _finite(values: Any, what: str, format: str) -> Any:
    bad = ~(numpy.abs(values) <= _LARGEST).all(axis=1)
    if bad.any():
        number = int(numpy.argmax(bad))
        raise AppError(
            "degenerate_result",
            f"{what} {number + 1} of the {format} file is {[float(v) for v in values[number]]}, but coordinates must "
            f"be finite numbers ({int(bad.sum())} such points). Nothing was imported",
            {"points": int(bad.sum())},
        )
    return values


# --- STL ---------------------------------------------------------------------------------------------------------


def _stl(data: bytes) -> Said:
    if len(data) >= 84 and len(data) == 84 + 50 * struct.unpack_from("<I", data, 80)[0]:
        kind = numpy.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
        corners = numpy.frombuffer(data, kind, offset=84)["corners"].reshape(-1, 3)
        points = _finite(corners.astype(numpy.float64), "Point", "stl")
        return Said(len(points) // 3, points, _flat(points))
    if b"\r" in data and b"\n" not in data:
        raise AppError(
            "degenerate_result",
            "The stl file ends its lines with carriage returns only, so it reads as one line: save it with "
            "line ends \\n or \\r\\n",
        )
    points = _numbers(_VERTEX.findall(data), "Vertex", "stl")
    return Said(len(_FACET.findall(data)), points, _flat(points))


def _flat(points: Any) -> int:
    """Count triangles with two corners in the same point: Blender leaves them out, which is invisible."""
    corners = points[: len(points) // 3 * 3].reshape(-1, 3, 3)
    same = [(corners[:, a] == corners[:, b]).all(axis=1) for a, b in ((0, 1), (1, 2), (0, 2))]
    return int((same[0] | same[1] | same[2]).sum())


# --- OBJ ---------------------------------------------------------------------------------------------------------

_UNREAD = {b"surf": "surf", b"curv2": "curv2", b"call": "call", b"csh": "csh"}


def _obj(data: bytes) -> Said:
    rows: list[bytes] = []
    faces = impossible = 0
    used: list[int] = []
    left_out: dict[str, int] = {}
    for line in data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        word, _, rest = line.lstrip().partition(b" ") if b"\t" not in line[:8] else _tabbed(line)
        if word == b"v":
            rows.append(rest)
        elif word == b"f":
            faces += 1
            corners = [_index(corner, len(rows)) for corner in rest.split(b"#")[0].split()]
            if len(set(corners)) < 3 or None in corners:
                impossible += 1
            used += [corner for corner in corners if corner is not None]
        elif word in (b"l", b"p"):
            used += [corner for each in rest.split() if (corner := _index(each, len(rows))) is not None]
        elif word in _UNREAD:
            left_out[_UNREAD[word]] = left_out.get(_UNREAD[word], 0) + 1
    points = _numbers(rows, "Vertex", "obj") if rows else numpy.empty((0, 3))
    if used:
        which = numpy.unique(numpy.array(used, numpy.int64))
        # A face may come before its points.
        outside = which >= len(points)
        if outside.any():
            impossible = max(impossible, 1)
        points = points[which[~outside]]
    return Said(faces, points, impossible, left_out)


def _tabbed(line: bytes) -> tuple[bytes, bytes, bytes]:
    word, _, rest = line.strip().replace(b"\t", b" ").partition(b" ")
    return word, b" ", rest


def _index(corner: bytes, count: int) -> int | None:
    try:
        number = int(corner.partition(b"/")[0])
    except ValueError:
        return None
    if abs(number) > _MOST_POINTS:
        return None
    if number < 0:
        return count + number if number >= -count else None
    return number - 1 if number else None


# --- PLY ---------------------------------------------------------------------------------------------------------

_KINDS = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}


def _ply(data: bytes) -> Said | None:
    head = re.search(rb"end_header[ \t]*\r?\n", data)
    if head is None:
        return None
    order, elements = "ascii", []
    for line in data[: head.start()].decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["format"]:
            order = {"binary_little_endian": "<", "binary_big_endian": ">"}.get(words[1], "ascii")
        elif words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"] and elements:
            elements[-1][2].append(words[1:])
    faces = sum(count for name, count, _ in elements if name == "face")
    left_out = {name: count for name, count, _ in elements if name not in ("vertex", "face", "edge", "tristrips")}
    if not elements or elements[0][0] != "vertex" or any(each[0] == "list" for each in elements[0][2]):
        return None
    _, count, properties = elements[0]
    names = [each[-1] for each in properties]
    if not all(axis in names for axis in "xyz"):
        raise AppError(
            "degenerate_result", "The vertices of the ply file have no x, y and z: there is nothing to import"
        )
    if order == "ascii":
        rows = [line for line in data[head.end() :].splitlines() if line.strip()][:count]
        at = [names.index(axis) for axis in "xyz"]
        picked = [b" ".join([*row.split(), b"", b"", b""][number] for number in at) for row in rows]
        points = _numbers(picked, "Vertex", "ply") if picked else numpy.empty((0, 3))
    else:
        kind = numpy.dtype([(each[-1], order + _KINDS[each[0]]) for each in properties])
        if head.end() + kind.itemsize * count > len(data):
            raise AppError("degenerate_result", "The ply file is cut off within its vertices: nothing was imported")
        table = numpy.frombuffer(data, kind, count, head.end())
        points = _finite(numpy.stack([table[axis] for axis in "xyz"], axis=1).astype(numpy.float64), "Vertex", "ply")
    return Said(faces, points, left_out={name: number for name, number in left_out.items() if number})
