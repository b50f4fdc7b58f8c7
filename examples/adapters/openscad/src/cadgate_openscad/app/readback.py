"""Reads what was written: the format's own marks, the number of facets, the smallest box around everything."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import Any, Callable, Iterable, Iterator
from xml.etree import ElementTree

_PAIR = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?),(-?[\d.]+(?:e[-+]?\d+)?)")


class Unreadable(ValueError):
    """The file is not what it should be."""


def read(path: str, format: str) -> dict[str, Any]:
    """Return `facets` and `bounding_box`, or `width`, `height` and `uniform`. Raises Unreadable."""
    try:
        return _READERS[format](path)
    except (OSError, ValueError, KeyError, IndexError, struct.error, zlib.error, zipfile.BadZipFile) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    except ElementTree.ParseError as error:
        raise Unreadable(f"its XML is broken: {error}") from error


def _box(points: Iterable[tuple[float, ...]]) -> dict[str, Any] | None:
    low: list[float] = []
    high: list[float] = []
    for point in points:
        if not low:
            low, high = list(point), list(point)
        for axis, value in enumerate(point):
            if value < low[axis]:
                low[axis] = value
            elif value > high[axis]:
                high[axis] = value
    return {"min": low, "max": high} if low else None


def _stl(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        data = file.read()
    (count,) = struct.unpack_from("<I", data, 80)
    if len(data) != 84 + 50 * count:
        raise ValueError(f"{len(data)} bytes do not hold {count} facets")

    def corners() -> Iterator[tuple[float, ...]]:
        for facet in struct.iter_unpack("<12fH", data[84:]):
            yield from (facet[3:6], facet[6:9], facet[9:12])

    return {"facets": count, "bounding_box": _box(corners())}


def _off(path: str) -> dict[str, Any]:
    with open(path, encoding="ascii") as file:
        words = file.read().split()
    if words[0] != "OFF":
        raise ValueError(f"it begins with {words[0]!r}")
    vertices, facets = int(words[1]), int(words[2])
    numbers = [float(word) for word in words[4 : 4 + 3 * vertices]]
    return {"facets": facets, "bounding_box": _box(zip(numbers[0::3], numbers[1::3], numbers[2::3]))}


def _mesh(file: Any, point: Callable[[Any], tuple[float, ...] | None]) -> dict[str, Any]:
    facets = 0
    points: list[tuple[float, ...]] = []
    for _, element in ElementTree.iterparse(file):
        found = point(element)
        if found is not None:
            points.append(found)
        elif element.tag.rpartition("}")[2] == "triangle":
            facets += 1
            element.clear()
    return {"facets": facets, "bounding_box": _box(points)}


def _amf(path: str) -> dict[str, Any]:
    def point(element: Any) -> tuple[float, ...] | None:
        if element.tag != "coordinates":
            return None
        return tuple(float(element.findtext(axis)) for axis in "xyz")

    return _mesh(path, point)


def _3mf(path: str) -> dict[str, Any]:
    def point(element: Any) -> tuple[float, ...] | None:
        if element.tag.rpartition("}")[2] != "vertex":
            return None
        return tuple(float(element.get(axis)) for axis in "xyz")

    with zipfile.ZipFile(path) as archive, archive.open("3D/3dmodel.model") as file:
        return _mesh(file, point)


def _svg(path: str) -> dict[str, Any]:
    root = ElementTree.parse(path).getroot()
    drawn = " ".join(element.get("d", "") for element in root.iter("{http://www.w3.org/2000/svg}path"))
    # In SVG, y points down.
    return {"bounding_box": _box((float(x), 0.0 - float(y)) for x, y in _PAIR.findall(drawn))}


def _dxf(path: str) -> dict[str, Any]:
    with open(path, encoding="ascii") as file:
        lines = [line.strip() for line in file]
    if lines[-1] != "EOF":
        raise ValueError("it has no end")
    codes = list(zip(lines[0::2], lines[1::2]))
    xs = [float(value) for code, value in codes if code in ("10", "11")]
    ys = [float(value) for code, value in codes if code in ("20", "21")]
    return {"bounding_box": _box(zip(xs, ys))}


def _csg(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        if not file.read().strip():
            raise ValueError("it is empty")
    return {}


def _png(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n" or not data.endswith(b"IEND\xaeB`\x82"):
        raise ValueError("it is not a complete PNG")
    width, height, depth, kind = struct.unpack_from(">IIBB", data, 16)
    packed, position = b"", 8
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"IDAT":
            packed += data[position + 8 : position + 8 + length]
        position += 12 + length
    size = {2: 3, 6: 4}[kind] * depth // 8
    rows = zlib.decompress(packed)
    if len(rows) != height * (1 + size * width):
        raise ValueError(f"{len(rows)} bytes are not {width} x {height} pixels")
    return {"width": width, "height": height, "uniform": _is_uniform(rows, width, height, size)}


def _is_uniform(rows: bytes, width: int, height: int, size: int) -> bool:
    """Return whether all pixels are the same, judging by the filtered rows: each is then one pixel, or nothing new."""
    length = 1 + size * width
    pixel = rows[1 : 1 + size]
    plain = b"\0" + pixel * width, b"\2" + pixel * width
    rest = bytes(size * (width - 1))
    first = {*plain, b"\1" + pixel + rest, b"\4" + pixel + rest}
    later = {plain[0], b"\1" + pixel + rest, b"\2" + bytes(size) + rest, b"\4" + bytes(size) + rest}
    return rows[:length] in first and all(
        rows[at : at + length] in later for at in range(length, height * length, length)
    )


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "stl": _stl,
    "off": _off,
    "amf": _amf,
    "3mf": _3mf,
    "svg": _svg,
    "dxf": _dxf,
    "csg": _csg,
    "png": _png,
}
