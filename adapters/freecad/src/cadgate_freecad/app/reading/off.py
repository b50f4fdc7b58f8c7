"""OFF: skips normals, colours and texture coordinates at its vertices."""

from __future__ import annotations

import re
from array import array

from cadgate.appserver import AppError
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.polygons import triangles

_KIND = re.compile(r"(ST)?(C)?(N)?(4)?(n)?OFF\b", re.IGNORECASE)


def read(path: str, found: Found, name: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("latin-1").lstrip("\ufeff").replace("\xef\xbb\xbf", "", 1)
    lines = [line.split("#", 1)[0].split() for line in text.splitlines()]
    lines = [words for words in lines if words]
    kind = _KIND.match(lines[0][0]) if lines else None
    if kind is None or "BINARY" in lines[0]:
        raise AppError("unsupported_format", "This OFF file is not text: export it as text, or as STL or PLY")
    if kind[4] or kind[5]:
        raise AppError("unsupported_format", "This OFF file has points whose number of coordinates is not 3")
    rest = lines[0][1:]
    lines = [rest, *lines[1:]] if rest else lines[1:]
    try:
        vertices, faces = int(lines[0][0]), int(lines[0][1])
        points = array("d")
        for words in lines[1 : 1 + vertices]:
            points.extend([float(word) for word in words[:3]])
        rows = lines[1 + vertices : 1 + vertices + faces]
        polygons = [([int(word) for word in row[1 : 1 + int(row[0])]], len(row) > 1 + int(row[0])) for row in rows]
        if len(points) != 3 * vertices or len(rows) != faces:
            raise ValueError(f"it has only {len(rows)} of {faces} faces")
    except (IndexError, ValueError) as error:
        raise AppError("unsupported_format", f"The OFF file is damaged or cut off: {error}") from None
    if kind[2] or any(colored for _, colored in polygons):
        found.colors_lost("The OFF file has colours")
    Triangles(points).require_sound("The OFF file")
    corners = array("i")
    for polygon, _ in polygons:
        if len(polygon) < 3:
            continue
        if not 0 <= min(polygon) <= max(polygon) < vertices:
            raise AppError("unsupported_format", f"The OFF file has the face {polygon!r}, but {vertices} points")
        for triangle in triangles(polygon, [points[3 * each : 3 * each + 3] for each in polygon]):
            corners.extend(triangle)
    found.add("Mesh", found.stem, mesh=Triangles(points, corners).mesh(repr(found.stem)))
