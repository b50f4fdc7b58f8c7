"""BREP, text and binary: checks that a file contains everything it announces, which OpenCASCADE does not do.

From a truncated file OpenCASCADE makes, depending on its memory, an error, an empty shape or a part of the shape.
"""

from __future__ import annotations

import re
import struct
from itertools import islice
from typing import NamedTuple

_BINARY = b"Open CASCADE Topology V"
_SECTIONS = (
    ("Locations", 2),
    ("Curve2ds", 5),
    ("Curves", 7),
    ("Polygon3D", 2),
    ("PolygonOnTriangulations", 2),
    ("Surfaces", 7),
    ("Triangulations", 4),
    ("TShapes", 1),
)
"""The sections in their order, with the least number of words that a record of each has."""
_WORD = re.compile(rb"\S+")
_RECORD_END = re.compile(rb"(?<!\S)\*(?!\S)")
_ROOT = re.compile(rb"\s*[-+ie](\d+)\s+(\d+)(?!\S)")
_STANDARD = struct.Struct("<BII")
_OF_FREECAD = struct.Struct("<III")


class Root(NamedTuple):
    """The last thing in a binary file: which of its records is the shape, where, in which orientation."""

    record: int
    location: int
    orientation: int
    size: int


def is_begin(head: bytes) -> bool:
    return b"DBRep_DrawableShape" in head[:200] or b"CASCADE Topology V" in head[:400]


def is_binary(data: bytes) -> bool:
    return data[:60].lstrip().startswith(_BINARY)


def damage(data: bytes) -> str | None:
    """Return what is missing from a file, as the end of a sentence; None if everything it announces is there."""
    return _binary_damage(data) if is_binary(data) else _text_damage(data)


def _text_damage(data: bytes) -> str | None:
    begins: list[re.Match[bytes]] = []
    at = 0
    for name, _ in _SECTIONS:
        found = re.compile(rb"^[ \t]*" + name.encode() + rb"[ \t]+(\d+)(?!\S)", re.MULTILINE).search(data, at)
        if found is None:
            return f"has no complete section {name!r}"
        begins.append(found)
        at = found.end()
    counts = [int(found[1]) for found in begins]
    ends = [found.start() for found in begins[1:]]
    for (name, words), found, count, end in zip(_SECTIONS, begins, counts, ends):
        wanted = count * words
        there = sum(1 for _ in islice(_WORD.finditer(data, found.end(), end), wanted))
        if there < wanted:
            return f"announces {count} records in its section {name!r}, but not all are there"
    shapes, at, there = counts[-1], begins[-1].end(), 0
    for mark in islice(_RECORD_END.finditer(data, at), shapes):
        there, at = there + 1, mark.end()
    if there < shapes:
        return f"announces {shapes} records in its section 'TShapes', but has {there}"
    root = _ROOT.match(data, at)
    if not shapes:
        return None
    if root is None or not (1 <= int(root[1]) <= shapes and int(root[2]) <= counts[0]):
        return "does not say at its end which of its records is the shape"
    return None


def _binary_damage(data: bytes) -> str | None:
    return "does not say at its end which of its records is the shape" if _root(data) is None else None


def _root(data: bytes) -> Root | None:
    """Return the root of a binary file, as OpenCASCADE or FreeCAD writes it: in each, the last record."""
    shapes, locations = _announced(data, b"TShapes"), _announced(data, b"Locations")
    if not shapes or locations is None:
        return None
    orientation, index, location = _STANDARD.unpack(data[-_STANDARD.size :])
    if data[-_STANDARD.size - 1 :][:1] == b"*" and index == 1 and location <= locations and orientation <= 3:
        return Root(shapes, location, orientation, _STANDARD.size)
    index, location, orientation = _OF_FREECAD.unpack(data[-_OF_FREECAD.size :])
    if data[-_OF_FREECAD.size - 1 :][:1] == b"*" and index == shapes and location <= locations and orientation <= 3:
        return Root(shapes, location, orientation, _OF_FREECAD.size)
    return None


def _announced(data: bytes, section: bytes) -> int | None:
    """Return the count of a section: the last of its name, since numbers of a binary file may spell it by chance."""
    at = data.rfind(section + b" ")
    found = re.compile(rb" (\d+)\s").match(data, at + len(section)) if at >= 0 else None
    return None if found is None else int(found[1])


def prepare(data: bytes) -> bytes | None:
    """Return a binary file with the end that FreeCAD reads, unlike OpenCASCADE's own; None if it has it already."""
    root = _root(data)
    if root is None or root.size == _OF_FREECAD.size:
        return None
    return data[: -root.size] + _OF_FREECAD.pack(root.record, root.location, root.orientation)
