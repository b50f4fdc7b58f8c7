"""OBJ: faces of any number of corners, counted from either end, in objects and groups."""

from __future__ import annotations

from array import array
from typing import Iterator

from cadgate.appserver import AppError
from cadgate_freecad.app.reading import parts
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.polygons import triangles

_LEFT_OUT = {
    b"l": "polylines",
    b"p": "point elements",
    b"curv": "curves",
    b"curv2": "curves",
    b"surf": "free-form surfaces",
}
_GENERIC = (b"default", b"(null)", b"none", b"off")


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    r"""Yield the lines with their numbers, with any line ending; a `\` at the end continues a line."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16").encode()
    elif data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    joined, started = b"", 0
    for number, line in enumerate(data.splitlines(), 1):
        if line.endswith(b"\\"):
            joined, started = joined + line[:-1] + b" ", started or number
            continue
        yield started or number, joined + line
        joined, started = b"", 0
    if joined:
        yield started, joined


class _Parsed:
    """Points, and corners by object (its number and name) and group."""

    def __init__(self) -> None:
        self.points = array("d")
        self.object: tuple[int, bytes] = (0, b"")
        self.corners: dict[tuple[tuple[int, bytes], bytes], array[int]] = {}
        self.later: list[tuple[list[int], array[int]]] = []
        """Polygons whose vertices come after them."""
        self.furthest: tuple[int, int] = (-1, 0)
        """The highest vertex number in a face, and its line."""
        self.begin(b"")

    def begin(self, group: bytes) -> None:
        self.target = self.corners.setdefault((self.object, group), array("i"))


def read(path: str, found: Found, name: str) -> None:
    parsed = _Parsed()
    is_colored = uses_materials = False
    for number, line in _lines(path):
        words = line.split(b"#", 1)[0].split() if line[:1] in (b"v", b"f") else line.split()
        if not words:
            continue
        word = words[0]
        if word == b"v":
            parsed.points.extend(_vertex(words, number))
            is_colored = is_colored or len(words) >= 7
        elif word in (b"f", b"fo"):
            _face(words[1:], parsed, number)
        elif word in (b"o", b"g"):
            text = line.split(None, 1)[1].strip() if len(words) > 1 else b""
            if word == b"o":
                parsed.object = (number, text)
            parsed.begin(b"" if word == b"o" else text)
        elif word == b"usemtl":
            uses_materials = True
        elif word in _LEFT_OUT:
            found.leave_out(_LEFT_OUT[word])
    count = len(parsed.points) // 3
    if parsed.furthest[0] >= count:
        raise _no_vertex(str(parsed.furthest[0] + 1), parsed.furthest[1], count)
    for corners, target in parsed.later:
        _cut(corners, parsed.points, target)
    Triangles(parsed.points).require_sound("The OBJ file")
    if uses_materials or is_colored:
        found.colors_lost("The OBJ file has materials or colours")
    separate = _separate(parsed, found)
    for label, chosen in separate:
        title = label or found.stem
        found.add("Mesh", title, mesh=Triangles(parsed.points, chosen).mesh(repr(title)))


def _separate(parsed: _Parsed, found: Found) -> list[tuple[str, array[int]]]:
    """Return the objects; without any, the groups that are closed or touch no other one."""
    by_object: dict[tuple[int, bytes], list[tuple[bytes, array[int]]]] = {}
    for (key, group), corners in parsed.corners.items():
        if corners:
            by_object.setdefault(key, []).append((group, corners))
    texts = found.names(each for (_, name), groups in by_object.items() for each in (name, *(g for g, _ in groups)))
    result: list[tuple[str, array[int]]] = []
    for (_, name), groups in by_object.items():
        if name:
            whole = array("i")
            for _, corners in groups:
                whole.extend(corners)
            result.append((texts[name], whole))
            continue
        named = [("" if group.lower() in _GENERIC else texts[group], corners) for group, corners in groups]
        separate = parts.apart(named, parts.merged(parsed.points)[1]) if len(named) > 1 else named
        result.extend(separate if len(separate) > 1 else [("", corners) for _, corners in separate])
    return result


def _vertex(words: list[bytes], number: int) -> tuple[float, float, float]:
    try:
        return float(words[1]), float(words[2]), float(words[3])
    except (IndexError, ValueError):
        pass
    try:
        x, y, z = (float(word.replace(b",", b".")) for word in words[1:4])
    except ValueError:
        text = b" ".join(words).decode("latin-1")
        raise AppError(
            "unsupported_format", f"Line {number} of the OBJ file, {text!r}, is not a vertex with three numbers"
        ) from None
    return x, y, z


def _face(words: list[bytes], parsed: _Parsed, number: int) -> None:
    count = len(parsed.points) // 3
    corners: list[int] = []
    for word in words:
        try:
            index = int(word.split(b"/", 1)[0])
        except ValueError:
            index = 0
        place = index - 1 if index > 0 else count + index
        if index == 0 or place < 0:
            raise _no_vertex(word.decode("latin-1"), number, count)
        corners.append(place)
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3:
        return
    furthest = max(corners)
    if furthest > parsed.furthest[0]:
        parsed.furthest = (furthest, number)
    if len(corners) == 3:
        parsed.target.extend(corners)
    elif furthest >= count:
        parsed.later.append((corners, parsed.target))
    else:
        _cut(corners, parsed.points, parsed.target)


def _cut(corners: list[int], points: array[float], target: array[int]) -> None:
    for triangle in triangles(corners, [points[3 * each : 3 * each + 3] for each in corners]):
        target.extend(triangle)


def _no_vertex(word: str, line: int, count: int) -> AppError:
    return AppError(
        "unsupported_format",
        f"Line {line} of the OBJ file has a face with the vertex {word!r}, but there are {count} vertices: they are "
        "counted from 1, or backwards from -1",
        {"line": line, "vertices": count},
    )
