"""Rewrites Alembic files in a fixed order and without a date: Blender writes objects in the order of their addresses.

An Ogawa file is a tree of groups and data; each place in it is a number of bytes from the beginning. The whole tree is
read, the objects below each object are sorted by name, and the file is written again.
"""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Any

_HEAD = b"Ogawa\xff\x00\x01"
_IS_DATA = 1 << 63
_EMPTY = (0, _IS_DATA)
_INLINE = 0xFF
_TRUE = b"\x16\xfet\x83\x90\\\xcez\x85g\x0eC\xe4g\x88w\x01"
"""A sample of a boolean with its digest. Blender writes one for a variable that it never sets, `meshtype`."""

Node = Any
"""`bytes` for data, a list of nodes for a group."""


def put_in_order(path: str) -> None:
    """Rewrite an Alembic file. One that does not look as expected stays as it is."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(_HEAD):
        return
    archive = _Reader(data).node(struct.unpack_from("<Q", data, 8)[0])
    metadata = _Metadata(archive[5])
    archive[3] = re.sub(rb"_ai_DateWritten=[^;]*", b"_ai_DateWritten=", archive[3])
    archive[2] = _object(archive[2], metadata)
    archive[5] = metadata.written()
    with open(path, "wb") as file:
        file.write(_Writer().written(archive))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def node(self, place: int) -> Node:
        if place in _EMPTY:
            return b"" if place else []
        where = place & ~_IS_DATA
        (size,) = struct.unpack_from("<Q", self._data, where)
        if place & _IS_DATA:
            return self._data[where + 8 : where + 8 + size]
        return [self.node(child) for child in struct.unpack_from(f"<{size}Q", self._data, where + 8)]


class _Writer:
    """Children before their parents, equal data once."""

    def __init__(self) -> None:
        self._parts = [_HEAD, b"\0" * 8]
        self._size = 16
        self._known: dict[bytes, int] = {}

    def written(self, root: Node) -> bytes:
        place = self._place(root)
        self._parts[1] = struct.pack("<Q", place)
        return b"".join(self._parts)

    def _place(self, node: Node) -> int:
        if isinstance(node, bytes):
            if not node:
                return _IS_DATA
            if node not in self._known:
                self._known[node] = self._append(struct.pack("<Q", len(node)) + node)
            return self._known[node] | _IS_DATA
        if not node:
            return 0
        children = [self._place(child) for child in node]
        return self._append(struct.pack(f"<{len(children) + 1}Q", len(children), *children))

    def _append(self, content: bytes) -> int:
        place = self._size
        self._parts.append(content)
        self._size += len(content)
        return place


class _Metadata:
    """Strings that headers refer to by number; renumbered in the order in which they are met."""

    def __init__(self, listed: bytes) -> None:
        self._former: list[bytes] = []
        place = 0
        while place < len(listed):
            size = listed[place]
            self._former.append(listed[place + 1 : place + 1 + size])
            place += 1 + size
        self._now: list[bytes] = []

    def renumbered(self, number: int) -> int:
        """Return the new number; 0 is the empty string, and 255 means that the string is in the header."""
        if number in (0, _INLINE):
            return number
        text = self._former[number - 1]
        if text not in self._now:
            self._now.append(text)
        return self._now.index(text) + 1

    def written(self) -> bytes:
        return b"".join(bytes((len(text),)) + text for text in self._now)


def _object(group: list[Node], metadata: _Metadata) -> list[Node]:
    """Return an object with its properties, and its child objects sorted by name."""
    properties, *below, headers = group
    properties = _compound(properties, metadata)
    entries = _entries(headers)
    if len(entries) != len(below):
        raise ValueError("the children of an Alembic object do not match its header")
    order = sorted(range(len(below)), key=lambda number: entries[number][0])
    ordered, parts = [], []
    for number in order:
        name, kind, inline = entries[number]
        ordered.append(_object(below[number], metadata))
        parts.append(struct.pack("<I", len(name)) + name + bytes((metadata.renumbered(kind),)) + inline)
    if not headers:
        return [properties, *ordered, b""]
    # Two digests follow: of the properties, and of the child objects. Equal trees have equal digests.
    digests = _digest([properties]) + _digest([*ordered, b"".join(parts)])
    return [properties, *ordered, b"".join(parts) + digests]


def _entries(headers: bytes) -> list[tuple[bytes, int, bytes]]:
    found, place, end = [], 0, len(headers) - 32
    while place < end:
        (size,) = struct.unpack_from("<I", headers, place)
        name = headers[place + 4 : place + 4 + size]
        place += 4 + size
        kind, inline = headers[place], b""
        place += 1
        if kind == _INLINE:
            (size,) = struct.unpack_from("<I", headers, place)
            inline = headers[place : place + 4 + size]
            place += 4 + size
        found.append((name, kind, inline))
    return found


def _compound(group: list[Node], metadata: _Metadata) -> list[Node]:
    """Return properties with renumbered metadata. Their order is that of the schemas, the same each time."""
    if not group or not isinstance(group[-1], bytes):
        return group
    *below, headers = group
    parts, place, number = [], 0, 0
    while place < len(headers):
        (info,) = struct.unpack_from("<I", headers, place)
        kind, hint = info & 3, info >> 2 & 3
        width = (1, 2, 4, 4)[hint]
        begin = place + 4
        # What precedes the name depends on the kind: numbers of samples, a time sampling.
        place = begin
        if kind != 0:
            place += width
            if info & 0x0200:
                place += 2 * width
            if info & 0x0100:
                place += width
        size = int.from_bytes(headers[place : place + width], "little")
        if headers[place + width : place + width + size] == b"meshtype":
            below[number] = [_TRUE]
        place += width + size
        text = info >> 20 & 0xFF
        if text == _INLINE:
            place += width + int.from_bytes(headers[place : place + width], "little")
        info = (info & ~(0xFF << 20)) | metadata.renumbered(text) << 20
        parts.append(struct.pack("<I", info) + headers[begin:place])
        if kind == 0:
            below[number] = _compound(below[number], metadata)
        number += 1
    if number != len(below):
        raise ValueError("Alembic properties do not match their header")
    return [*below, b"".join(parts)]


def _digest(nodes: list[Node]) -> bytes:
    made = hashlib.md5(usedforsecurity=False)  # novermin - every supported Blender has Python 3.11
    for node in nodes:
        made.update(node if isinstance(node, bytes) else b"(" + _digest(node) + b")")
    return made.digest()
