"""Reads mesh files with only the standard library, to see what another program would find in them."""

from __future__ import annotations

import os
import re
import zipfile
from array import array
from html import unescape
from struct import Struct, unpack_from
from struct import error as StructError
from typing import Any, Callable, List, Optional, Tuple

from cadgate_freecad.app.triangles import Facet, Triangles

Found = List[Tuple[Optional[str], Triangles]]  # by name, where the file has one


def read(format: str, path: str) -> Found:
    """Return the contents of the file. Raises ValueError if it is incomplete."""
    try:
        return READERS[format](path)
    except (IndexError, KeyError, StructError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error


def stl_facets(path: str) -> int:
    """Return the count in the header of a binary STL if it matches the file's length; otherwise -1."""
    with open(path, "rb") as file:
        header = file.read(84)
    if len(header) < 84:
        return -1
    (count,) = unpack_from("<I", header, 80)
    return count if os.path.getsize(path) == 84 + 50 * count else -1


def _read_stl(path: str) -> Found:
    count = stl_facets(path)
    if count < 0:
        raise ValueError("it is shorter or longer than its header says")
    with open(path, "rb") as file:
        data = file.read()[84:]
    numbers: dict[Any, int] = {}
    facets: list[Facet] = []
    for row in Struct("<12fH").iter_unpack(data):
        a, b, c = (numbers.setdefault(corner, len(numbers)) for corner in (row[3:6], row[6:9], row[9:12]))
        facets.append((a, b, c))
    return [(None, Triangles(list(numbers), facets))]


def _read_ply(path: str) -> Found:
    with open(path, "rb") as file:
        head, end, data = file.read().partition(b"end_header\n")
    counts = {kind: int(count) for kind, count in re.findall(rb"element (\w+) (\d+)", head)}
    size, count = counts[b"vertex"], counts[b"face"]
    flat = array("f", data[: 12 * size])
    rows = data[12 * size :]
    if not end or len(flat) != 3 * size or len(rows) != 13 * count:
        raise ValueError("it is shorter or longer than its header says")
    facets = [(a, b, c) for _, a, b, c in Struct("<B3i").iter_unpack(rows)]
    return [(None, Triangles(list(zip(flat[0::3], flat[1::3], flat[2::3])), facets))]


def _read_obj(path: str) -> Found:
    found: Found = []
    start = total = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "v":
                x, y, z = rest.split()
                found[-1][1].points.append((float(x), float(y), float(z)))
                total += 1
            elif kind == "f":
                a, b, c = rest.split()
                found[-1][1].facets.append((int(a) - 1 - start, int(b) - 1 - start, int(c) - 1 - start))
            elif kind == "o":
                start = total
                found.append((rest, Triangles()))
    return found


_3MF_VERTEX = re.compile(r'<vertex x="([^"]+)" y="([^"]+)" z="([^"]+)"')
_3MF_TRIANGLE = re.compile(r'<triangle v1="(\d+)" v2="(\d+)" v3="(\d+)"')
_AMF_VERTEX = re.compile(r"<x>([^<]+)</x><y>([^<]+)</y><z>([^<]+)</z>")
_AMF_TRIANGLE = re.compile(r"<v1>(\d+)</v1><v2>(\d+)</v2><v3>(\d+)</v3>")


def _parts(text: str, name: str, vertex: Any, triangle: Any) -> Found:
    found: Found = []
    for part in text.split("<object ")[1:]:
        named = re.search(name, part, re.DOTALL)
        points = [(float(x), float(y), float(z)) for x, y, z in vertex.findall(part)]
        facets = [(int(a), int(b), int(c)) for a, b, c in triangle.findall(part)]
        found.append((None if named is None else unescape(named[1]), Triangles(points, facets)))
    return found


def _read_3mf(path: str) -> Found:
    with zipfile.ZipFile(path) as archive:
        text = archive.read("3D/3dmodel.model").decode("utf-8")
    if 'unit="millimeter"' not in text or not text.endswith("</model>"):
        raise ValueError("its model is cut off, or not in millimetres")
    meshes = "".join(f"<object {part}" for part in text.split("<object ")[1:] if "<mesh>" in part)
    found = _parts(meshes, r'\bname="([^"]*)"', _3MF_VERTEX, _3MF_TRIANGLE)
    placed = re.findall(r'objectid="(\d+)"', text)
    if sorted(placed) != sorted(re.findall(r'<object id="(\d+)"', text)):
        raise ValueError("not every object is to be built once")
    return found


def colors_3mf(path: str) -> list[dict[str, int]]:
    """Return for each mesh how many triangles have which colour. Raises ValueError as `read`."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("3D/3dmodel.model").decode("utf-8")
    bases = re.findall(r'<base name="[^"]*" displaycolor="([^"]*)"', text)
    found: list[dict[str, int]] = []
    for part in text.split("<object ")[1:]:
        if "<mesh>" not in part:
            continue
        own = re.match(r'[^>]*pindex="(\d+)"', part)
        counts: dict[str, int] = {}
        for index in re.findall(r'<triangle v1="\d+" v2="\d+" v3="\d+"(?: pid="1" p1="(\d+)")?/>', part):
            color = bases[int(index)] if index else bases[int(own[1])] if own else ""
            counts[color] = counts.get(color, 0) + 1
        found.append(counts)
    return found


def _read_amf(path: str) -> Found:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode("utf-8")
    if 'unit="millimeter"' not in text or not text.rstrip().endswith("</amf>"):
        raise ValueError("it is cut off, or not in millimetres")
    return _parts(text, r'<metadata type="name">(.*?)</metadata>', _AMF_VERTEX, _AMF_TRIANGLE)


READERS: dict[str, Callable[[str], Found]] = {
    "stl": _read_stl,
    "obj": _read_obj,
    "ply": _read_ply,
    "3mf": _read_3mf,
    "amf": _read_amf,
}
