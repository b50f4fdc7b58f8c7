"""PLY: text and both binary orders, with any additional properties."""

from __future__ import annotations

import struct
from array import array
from typing import Any, Callable, Iterator

from cadgate.appserver import AppError
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.polygons import triangles

_KINDS = "char:b uchar:B short:h ushort:H int:i uint:I float:f double:d float32:f float64:d"
_SIZED = "int8:b uint8:B int16:h uint16:H int32:i uint32:I"
_TYPES = {name: code for name, _, code in (each.partition(":") for each in f"{_KINDS} {_SIZED}".split())}
_COLORS = {"red", "green", "blue", "diffuse_red", "r", "g", "b"}


class _Element:
    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        self.properties: list[tuple[str, str, str | None]] = []
        """Name, type, and the type of its length where it is a list."""


def read(path: str, found: Found, name: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    order, elements, start = _header(data)
    take = _text_rows(data[start:]) if order is None else _binary_rows(data, start, order)
    points, polygons = array("d"), []
    try:
        for element in elements:
            table = take(element)
            if element.name == "vertex":
                points = _points(element, table)
            elif element.name in ("face", "tristrips"):
                polygons += _polygons(element, table)
    except (struct.error, IndexError, ValueError) as error:
        raise AppError(
            "unsupported_format", f"The PLY file is damaged, or shorter than its header says: {error}"
        ) from None
    if any(_COLORS & {each for each, _, _ in element.properties} for element in elements):
        found.colors_lost("The PLY file has colours")
    for element in elements:
        if element.name == "edge":
            found.leave_out("edges", element.count)
    count = len(points) // 3
    if not polygons and count:
        raise AppError(
            "degenerate_result",
            f"The PLY file is a cloud of {count} points without a face: convert it to a mesh first",
            {"points": count},
        )
    Triangles(points).require_sound("The PLY file")
    corners = array("i")
    for polygon in polygons:
        if len(polygon) == 3:
            corners.extend(polygon)
        elif len(polygon) > 3:
            if not 0 <= min(polygon) <= max(polygon) < count:
                raise AppError("unsupported_format", f"The PLY file has the face {list(polygon)!r}, but {count} points")
            for triangle in triangles(polygon, [points[3 * each : 3 * each + 3] for each in polygon]):
                corners.extend(triangle)
    found.add("Mesh", found.stem, mesh=Triangles(points, corners).mesh(repr(found.stem)))


def _header(data: bytes) -> tuple[str | None, list[_Element], int]:
    """Return the byte order (None for text), the elements, and where they begin."""
    end = data.find(b"end_header")
    if end < 0:
        raise AppError("unsupported_format", "The PLY file has no end_header: it is cut off")
    start = end + len(b"end_header")
    start += 2 if data[start : start + 2] == b"\r\n" else 1
    order: str | None = None
    elements: list[_Element] = []
    for line in data[:end].decode("latin-1").splitlines():
        words = line.split()
        try:
            if words[:1] == ["format"]:
                order = {"ascii": None, "binary_little_endian": "<", "binary_big_endian": ">"}[words[1]]
            elif words[:1] == ["element"]:
                elements.append(_Element(words[1], int(words[2])))
            elif words[:2] == ["property", "list"]:
                elements[-1].properties.append((words[4], _TYPES[words[3]], _TYPES[words[2]]))
            elif words[:1] == ["property"]:
                elements[-1].properties.append((words[2], _TYPES[words[1]], None))
        except (KeyError, IndexError, ValueError):
            raise AppError("unsupported_format", f"The PLY file has the invalid header line {line!r}") from None
    return order, elements, start


def _binary_rows(data: bytes, place: int, order: str) -> Callable[[_Element], list[Any]]:
    """Return a function that reads the rows of each element in turn, each a tuple of values and lists."""

    def take(element: _Element) -> list[Any]:
        nonlocal place
        if all(length is None for _, _, length in element.properties):
            row = struct.Struct(order + "".join(kind for _, kind, _ in element.properties))
            begin, place = place, place + row.size * element.count
            if place > len(data):
                raise ValueError(f"its element {element.name!r} is cut off")
            return list(row.iter_unpack(data[begin:place])) if row.size else []
        table: list[Any] = _only_triangles(data, place, order, element)
        if table:
            place += element.count * (1 + 3 * struct.calcsize(order + element.properties[0][1]))
            return table
        for _ in range(element.count):
            values: list[Any] = []
            for _, kind, length in element.properties:
                count = 1
                if length is not None:
                    (count,) = struct.unpack_from(order + length, data, place)
                    place += struct.calcsize(order + length)
                several = f"{order}{count}{kind}"
                found = struct.unpack_from(several, data, place)
                values.append(found[0] if length is None else found)
                place += struct.calcsize(several)
            table.append(values)
        return table

    return take


def _only_triangles(data: bytes, place: int, order: str, element: _Element) -> list[Any]:
    """Return the rows of an element that has only triangles, read at once; none if it has anything else."""
    if len(element.properties) != 1 or element.properties[0][2] not in ("B", "b"):
        return []
    row = struct.Struct(f"{order}x3{element.properties[0][1]}")
    end = place + row.size * element.count
    if end > len(data) or data[place : end : row.size].count(3) != element.count:
        return []
    return [(corners,) for corners in row.iter_unpack(data[place:end])]


def _text_rows(data: bytes) -> Callable[[_Element], list[Any]]:
    words = iter(data.split())

    def take(element: _Element) -> list[Any]:
        table: list[list[Any]] = []
        for _ in range(element.count):
            values: list[Any] = []
            for _, kind, length in element.properties:
                number = float if kind in "fd" else _whole
                if length is None:
                    values.append(number(_next(words)))
                else:
                    values.append(tuple(number(_next(words)) for _ in range(_whole(_next(words)))))
            table.append(values)
        return table

    return take


def _next(words: Iterator[bytes]) -> bytes:
    for word in words:
        return word
    raise ValueError("it has fewer numbers than its header says")


def _whole(word: bytes) -> int:
    try:
        return int(word)
    except ValueError:
        return int(float(word))


def _points(element: _Element, table: list[Any]) -> array[float]:
    names = [each for each, _, _ in element.properties]
    columns = [names.index(axis) for axis in "xyz"]
    points = array("d", bytes(24 * len(table)))
    for axis, column in enumerate(columns):
        points[axis::3] = array("d", [row[column] for row in table])
    return points


def _polygons(element: _Element, table: list[Any]) -> list[Any]:
    names = [each for each, _, _ in element.properties]
    wanted = [each for each in ("vertex_indices", "vertex_index") if each in names]
    lists = [number for number, (_, _, length) in enumerate(element.properties) if length is not None]
    column = names.index(wanted[0]) if wanted else lists[0]
    if element.name == "face":
        return [row[column] for row in table]
    strips: list[Any] = []
    for row in table:
        strip: list[int] = []
        for corner in [*row[column], -1]:
            if corner >= 0:
                strip.append(corner)
                continue
            for each in range(len(strip) - 2):
                a, b, c = strip[each : each + 3]
                strips.append((a, b, c) if each % 2 == 0 else (b, a, c))
            strip = []
    return strips
