"""STL: binary, with or without trailing bytes; text in upper or lower case, with any line ends and decimal commas."""

from __future__ import annotations

import os
import re
import struct
from array import array

from cadgate.appserver import AppError
from cadgate_freecad.app.reading import parts
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles

_FACET = struct.Struct("<12x9f2x")
_WORD = re.compile(rb"\s*(solid|endsolid|facet|endfacet|outer|endloop|vertex)\b([^\r\n]*)", re.IGNORECASE)


def binary_facets(path: str, name: str) -> int:
    """Return the triangles of a binary STL by its header; -1 if the file is not one, or shorter than the header says.

    Trailing bytes are allowed only if name or header suggest STL: otherwise nearly any file could be one.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(84)
        if len(head) < 84:
            return -1
        (count,) = struct.unpack_from("<I", head, 80)
        end = 84 + 50 * count
        says_so = name.lower().endswith(".stl") or head[:5].lower() == b"solid"
        if end > size or (count == 0 and not (says_so and end == size)):
            return -1
        if end == size:
            return count
        first = file.read(50 * min(count, 100))
    return count if says_so and is_plausible(first) else -1


def ends_whole(tail: bytes) -> bool:
    """Return whether lower-case text ends with the end of a solid, and not with the beginning of the next one."""
    _, end, rest = tail.rpartition(b"endsolid")
    words = b" ".join(rest.splitlines()[1:]).split()
    return bool(end) and not any(b"solid".startswith(word) or word in (b"solid", b"facet", b"vertex") for word in words)


def is_plausible(facets: bytes) -> bool:
    """Return whether these can be coordinates: random bytes have exponents of all sizes."""
    values = [abs(value) for facet in _FACET.iter_unpack(facets) for value in facet]
    return all(value == 0 or 1e-20 < value < 1e20 for value in values)


def read(path: str, found: Found, name: str) -> None:
    count = binary_facets(path, name)
    if count >= 0:
        _read_binary(path, count, found)
    else:
        _read_text(path, found)


def _read_binary(path: str, count: int, found: Found) -> None:
    with open(path, "rb") as file:
        head = file.read(84)
        data = file.read(50 * count)
    points = array("d")
    for facet in _FACET.iter_unpack(data):
        points.extend(facet)
    attributes = data[49::50]
    if b"COLOR=" in head or any(each & 0x80 for each in attributes):
        found.colors_lost("The STL file has colours for its triangles")
    _add(points, [(found.stem, 9 * count)], found)


def _read_text(path: str, found: Found) -> None:
    points = array("d")
    solids: list[tuple[bytes, int]] = []
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16").encode()
    facets = 0
    for match in _WORD.finditer(data.replace(b"\0", b" ")):
        word = match[1].lower()
        if word == b"vertex":
            points.extend(_numbers(match[2]))
        elif word == b"facet":
            facets += 1
        elif word == b"solid":
            solids.append((match[2].strip(), len(points)))
    if len(points) != 9 * facets:
        raise AppError(
            "unsupported_format",
            f"The STL file has {facets} facets and {len(points) // 3} vertices instead of {3 * facets}: it is damaged",
        )
    ends = [start for _, start in solids[1:]] + [len(points)]
    filled = [(name, end) for (name, start), end in zip(solids, ends) if end > start]
    named: list[tuple[str, int]] = []
    if len({name for name, _ in filled}) > 1:
        texts = found.names(name for name, _ in filled)
        named = [(texts[name], end) for name, end in filled]
    _add(points, named or [(found.stem, len(points))], found)


def _numbers(text: bytes) -> list[float]:
    words = text.split()
    if len(words) != 3:
        raise AppError("unsupported_format", f"The STL file has a vertex {text.decode('latin-1')!r} without 3 numbers")
    try:
        return [float(word) for word in words]
    except ValueError:
        pass
    try:
        return [float(word.replace(b",", b".")) for word in words]
    except ValueError:
        raise AppError(
            "unsupported_format", f"The STL file has a vertex {text.decode('latin-1')!r}, which is not 3 numbers"
        ) from None


def _add(points: array[float], solids: list[tuple[str, int]], found: Found) -> None:
    """Add the solids up to each end (counted in coordinates) as separate meshes, unless they touch."""
    Triangles(points, array("i")).require_sound("The STL file")
    unique, index = parts.merged(points)
    groups: list[tuple[str, array[int]]] = []
    start = 0
    for name, end in solids:
        groups.append((name, index[start // 3 : end // 3]))
        start = end
    separate = parts.apart(groups, range(len(unique) // 3)) if len(groups) > 1 else groups
    for name, corners in separate:
        label = name if len(separate) > 1 else found.stem
        found.add("Mesh", label, mesh=Triangles(unique, corners).mesh(f"{label or found.stem!r}"))
