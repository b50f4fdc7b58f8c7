"""Completes movement in FBX files: Blender's importer ignores the curves of Y and Z where X has none.

Exporters leave out curves of components that stay as they are. Each gets one that stays as it is, so that nothing moves
otherwise than before. Only binary files are changed.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

_MAGIC = b"Kaydara FBX Binary  \0\x1a\0"
_START = len(_MAGIC) + 4
_DEPTH = 64
_SIZES = {b"Y": 2, b"C": 1, b"B": 1, b"I": 4, b"F": 4, b"D": 8, b"L": 8}
_WIDE = {b"f": 4, b"i": 4, b"d": 8, b"l": 8, b"b": 1, b"c": 1}


class _Node(NamedTuple):
    name: bytes
    place: int
    """Where its head begins, with the place of its end."""
    values: int
    """Where its values begin."""
    below: int
    """Where the nodes in it begin."""
    end: int


def complete(path: str) -> int:
    """Add the curves that are missing to a file. Returns how many they were."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(_MAGIC):
        return 0
    try:
        made, count = _Movement(data).completed()
    except (struct.error, IndexError, ValueError, KeyError):
        # What is damaged is not for here to say: Blender reads it next.
        return 0
    if count:
        with open(path, "wb") as file:
            file.write(made)
    return count


class _Movement:
    def __init__(self, data: bytes) -> None:
        self._data = data
        (version,) = struct.unpack_from("<I", data, len(_MAGIC))
        self._head = struct.Struct("<QQQB" if version >= 7500 else "<IIIB")
        self._ends = "<Q" if version >= 7500 else "<I"
        self._top = {node.name: node for node in self._nodes(_START, len(data))}

    def _nodes(self, place: int, end: int) -> list[_Node]:
        found: list[_Node] = []
        while place + self._head.size <= end:
            after, _, length, named = self._head.unpack_from(self._data, place)
            if not after:
                break
            values = place + self._head.size + named
            if not values + length <= after <= end:
                raise ValueError("damaged")
            found.append(_Node(self._data[values - named : values], place, values, values + length, after))
            place = after
        return found

    def _values(self, node: _Node) -> list[Any]:
        """Return the values of a node: numbers and bytes; arrays as they are in the file, with their kind."""
        found: list[Any] = []
        place = node.values
        while place < node.below:
            kind = self._data[place : place + 1]
            place += 1
            if kind in (b"S", b"R"):
                (size,) = struct.unpack_from("<I", self._data, place)
                found.append(self._data[place + 4 : place + 4 + size])
                place += 4 + size
            elif kind in _WIDE:
                count, packed, size = struct.unpack_from("<III", self._data, place)
                size = size if packed else count * _WIDE[kind]
                found.append(self._data[place - 1 : place + 12 + size])
                place += 12 + size
            else:
                form = {b"Y": "<h", b"C": "<?", b"B": "<?", b"I": "<i", b"F": "<f", b"D": "<d", b"L": "<q"}[kind]
                found.append(struct.unpack_from(form, self._data, place)[0])
                place += _SIZES[kind]
        return found

    def completed(self) -> tuple[bytes, int]:
        """Return the file with all curves, and how many were added."""
        if not {b"Objects", b"Connections"} <= set(self._top):
            return self._data, 0
        objects = self._nodes(self._top[b"Objects"].below, self._top[b"Objects"].end)
        links = self._nodes(self._top[b"Connections"].below, self._top[b"Connections"].end)
        held: dict[int, dict[bytes, int]] = {}
        for link in links:
            values = self._values(link)
            if len(values) == 4 and values[0] == b"OP" and values[3] in (b"d|X", b"d|Y", b"d|Z"):
                held.setdefault(values[2], {})[values[3]] = values[1]
        lacking = {number: curves for number, curves in held.items() if b"d|X" not in curves}
        if not lacking:
            return self._data, 0
        curves = {self._values(node)[0]: node for node in objects if node.name == b"AnimationCurve"}
        groups = {self._values(node)[0]: node for node in objects if node.name == b"AnimationCurveNode"}
        free = max(value for node in objects for value in self._values(node)[:1] if isinstance(value, int)) + 1
        made_objects, made_links = b"", b""
        first, second = objects[-1].end, links[-1].end
        for number, (group, known) in enumerate(sorted(lacking.items())):
            sibling = self._below(curves[next(iter(known.values()))])
            value = self._resting(groups[group])
            made_objects += self._curve(first + len(made_objects), free + number, value, sibling)
        shift = len(made_objects)
        for number, group in enumerate(sorted(lacking)):
            values = _text(b"OP") + _long(free + number) + _long(group) + _text(b"d|X")
            made_links += self._made(second + shift + len(made_links), b"C", 4, values, [])
        data = bytearray(self._data)
        self._move(data, self._top.values(), [(first, shift), (second, len(made_links))], 0)
        return bytes(data[:first] + made_objects + data[first:second] + made_links + data[second:]), len(lacking)

    def _below(self, node: _Node) -> dict[bytes, _Node]:
        return {each.name: each for each in self._nodes(node.below, node.end)}

    def _resting(self, group: _Node) -> float:
        """Return the value that a component without a curve has."""
        for node in self._nodes(self._below(group)[b"Properties70"].below, group.end):
            values = self._values(node)
            if values and values[0] == b"d|X":
                return float(values[4])
        raise ValueError("no value")

    def _curve(self, place: int, number: int, value: float, sibling: dict[bytes, _Node]) -> bytes:
        """Return a curve with the times of its sibling, which stays at a value."""
        times = self._values(sibling[b"KeyTime"])[0]
        (count,) = struct.unpack_from("<I", times, 1)
        floats = b"f" + struct.pack(f"<III{count}f", count, 0, 4 * count, *([value] * count))
        one = struct.pack("<III", 1, 0, 4)
        parts = [
            (b"Default", b"D" + struct.pack("<d", value)),
            (b"KeyVer", b"I" + struct.pack("<i", 4008)),
            (b"KeyTime", times),
            (b"KeyValueFloat", floats),
            # Straight from key to key.
            (b"KeyAttrFlags", b"i" + one + struct.pack("<i", 0x6104)),
            (b"KeyAttrDataFloat", b"f" + struct.pack("<III4f", 4, 0, 16, 0.0, 0.0, 0.0, 0.0)),
            (b"KeyAttrRefCount", b"i" + one + struct.pack("<i", count)),
        ]
        values = _long(number) + _text(b"\0\x01AnimCurve") + _text(b"")
        return self._made(place, b"AnimationCurve", 3, values, parts)

    def _made(self, place: int, name: bytes, count: int, values: bytes, parts: list[tuple[bytes, bytes]]) -> bytes:
        inner = b""
        begin = place + self._head.size + len(name) + len(values)
        for each, value in parts:
            inner += self._made(begin + len(inner), each, 1, value, [])
        if parts:
            inner += bytes(self._head.size)
        return self._head.pack(begin + len(inner), count, len(values), len(name)) + name + values + inner

    def _move(self, data: bytearray, nodes: Any, added: list[tuple[int, int]], depth: int) -> None:
        """Correct where nodes end, for what is added at some places."""
        if depth > _DEPTH:
            raise ValueError("damaged")
        for node in nodes:
            end = node.end + sum(size for place, size in added if node.end > place)
            struct.pack_into(self._ends, data, node.place, end)
            self._move(data, self._nodes(node.below, node.end), added, depth + 1)


def _text(value: bytes) -> bytes:
    return b"S" + struct.pack("<I", len(value)) + value


def _long(value: int) -> bytes:
    return b"L" + struct.pack("<q", value)
