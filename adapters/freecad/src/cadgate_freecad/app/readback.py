"""Looks at written files: exact ones are read by OpenCASCADE and measured, meshes are counted in the file itself."""

from __future__ import annotations

import os
import struct
import zipfile
from math import isclose
from typing import Any, Callable

import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes
from cadgate_freecad.app.values import words
from cadgate_freecad.app.writers import Item

TOLERANCE = {"step": 1e-6, "iges": 1e-4, "brep": 1e-9}


def check_exact(format: str, path: str, items: list[Item]) -> None:
    """Raise AppError `command_failed` when the file does not hold what was written."""
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        raise _lost(format, "nothing was written")
    if format == "dxf":
        if not _tail(path).rstrip().endswith(b"EOF") or _entities(path) == 0:
            raise _lost(format, "the drawing is empty or cut off")
        return
    if format == "svg":
        if not _tail(path).rstrip().endswith(b"</svg>"):
            raise _lost(format, "the drawing is cut off")
        return
    shape = Part.Shape()
    try:
        shape.read(path)
    except (OSError, RuntimeError, Part.OCCError) as error:
        raise _lost(format, words(error)) from error
    if shape.isNull():
        raise _lost(format, "it holds no shape")
    wanted = [item.shape for item in items]
    for what, measure in (("mm³", shapes.volume), ("mm²", _area), ("mm of edges", _length)):
        expected = sum(measure(each) for each in wanted)
        if expected > 0:
            found = measure(shape)
            # An IGES file may hold faces instead of solids, and seams that no shape has.
            if format == "iges" and (what == "mm of edges" or (what == "mm³" and not shape.Solids)):
                continue
            if not isclose(found, expected, rel_tol=TOLERANCE[format]):
                raise _lost(format, f"it holds {found:g} {what} instead of {expected:g}")
            return


def _area(shape: Any) -> float:
    return shape.Area if shape.Faces else 0.0


def _length(shape: Any) -> float:
    return sum(edge.Length for edge in shape.Edges)


def check_mesh(format: str, path: str, facets: int) -> None:
    """Raise AppError `command_failed` when the file does not hold `facets` triangles."""
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        raise _lost(format, "nothing was written")
    counted = COUNTERS[format](path)
    if counted != facets:
        raise _lost(format, f"it holds {counted} triangles instead of {facets}")


def _lost(format: str, why: str) -> AppError:
    return AppError("command_failed", f"FreeCAD wrote a {format.upper()} file that does not hold the objects: {why}")


def _tail(path: str) -> bytes:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 200))
        return file.read()


def _entities(path: str) -> int:
    with open(path, "rb") as file:
        return sum(line.strip() in (b"LINE", b"CIRCLE", b"ARC", b"ELLIPSE", b"SPLINE", b"LWPOLYLINE") for line in file)


def stl_facets(path: str) -> int:
    """From the header of a binary STL, if the file is just as long as that says; -1 otherwise."""
    with open(path, "rb") as file:
        header = file.read(84)
    if len(header) < 84:
        return -1
    (count,) = struct.unpack_from("<I", header, 80)
    return count if os.path.getsize(path) == 84 + 50 * count else -1


def _obj_facets(path: str) -> int:
    with open(path, "rb") as file:
        return sum(line.startswith(b"f ") for line in file)


def _ply_facets(path: str) -> int:
    with open(path, "rb") as file:
        for line in file:
            if line.startswith(b"element face "):
                return int(line.split()[2])
            if line.startswith(b"end_header"):
                break
    return -1


def _count_in(file: Any, word: bytes) -> int:
    total, rest = 0, b""
    while chunk := file.read(1 << 20):
        data = rest + chunk
        total += data.count(word)
        rest = data[-(len(word) - 1) :]
    return total


def _3mf_facets(path: str) -> int:
    with zipfile.ZipFile(path) as archive, archive.open("3D/3dmodel.model") as file:
        return _count_in(file, b"<triangle ")


def _amf_facets(path: str) -> int:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            return _count_in(file, b"<triangle>")
    with open(path, "rb") as file:
        return _count_in(file, b"<triangle>")


COUNTERS: dict[str, Callable[[str], int]] = {
    "stl": stl_facets,
    "obj": _obj_facets,
    "ply": _ply_facets,
    "3mf": _3mf_facets,
    "amf": _amf_facets,
}
