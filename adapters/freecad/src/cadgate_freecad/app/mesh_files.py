"""Writes triangles to files: millimetres, Z up, shared points. OBJ and AMF keep the objects apart, by label."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from array import array
from html import escape
from math import sqrt
from struct import Struct
from typing import Any, Callable, Iterator, Sequence, Tuple

from cadgate_freecad.app.triangles import Triangles

Named = Tuple[str, Triangles]  # by label
_MISSING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(format: str, path: str, objects: Sequence[Named]) -> None:
    """STL and PLY (binary), OBJ or AMF; `threemf_files` writes 3MF."""
    WRITERS[format](path, objects)


def _whole(objects: Sequence[Named]) -> Triangles:
    if len(objects) == 1:
        return objects[0][1]
    whole = Triangles()
    for _, triangles in objects:
        whole.add(triangles)
    return whole


def number_format(meshes: Sequence[Triangles]) -> str:
    """Return the format of a coordinate: FreeCAD's meshes have seven digits; far parts, moved into place, have more."""
    far = any(abs(part) > 1000 for triangles in meshes for point in triangles.points for part in point)
    return "%.12g" if far else "%.9g"


def _little(numbers: array[Any]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _write_stl(path: str, objects: Sequence[Named]) -> None:
    whole = _whole(objects)
    points = whole.points
    pack = Struct("<12fH").pack
    rows: list[bytes] = []
    for one, two, three in whole.facets:
        ax, ay, az = a = points[one]
        bx, by, bz = b = points[two]
        cx, cy, cz = c = points[three]
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = sqrt(nx * nx + ny * ny + nz * nz) or 1.0
        rows.append(pack(nx / length, ny / length, nz / length, *a, *b, *c, 0))
    with open(path, "wb") as file:
        file.write(b"MESH-MESH-MESH binary STL, mm".ljust(80))
        file.write(Struct("<I").pack(len(rows)))
        file.write(b"".join(rows))


def _write_ply(path: str, objects: Sequence[Named]) -> None:
    whole = _whole(objects)
    head = (
        "ply\nformat binary_little_endian 1.0\ncomment Created by FreeCAD, mm\n"
        f"element vertex {len(whole.points)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(whole.facets)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    row = Struct("<B3i").pack
    with open(path, "wb") as file:
        file.write(head.encode())
        file.write(_little(array("f", (part for point in whole.points for part in point))))
        file.write(b"".join([row(3, a, b, c) for a, b, c in whole.facets]))


def _write_obj(path: str, objects: Sequence[Named]) -> None:
    """Begin each object with `o`, which every reader accepts; `g`, which FreeCAD writes, is a group for most."""
    start, line = 1, "v {0} {0} {0}\n".format(number_format([each for _, each in objects]))
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("# Created by FreeCAD; millimetres, Z up\n")
        for label, triangles in objects:
            file.write(f"o {one_line(label)}\n")
            file.write("".join([line % point for point in triangles.points]))
            file.write("".join([f"f {a + start} {b + start} {c + start}\n" for a, b, c in triangles.facets]))
            start += len(triangles.points)


def one_line(label: str) -> str:
    """Return the label on one line, for formats in which a line break ends it."""
    return " ".join(label.splitlines())


def xml_text(label: str) -> str:
    """Return the label without characters that XML cannot hold."""
    return _MISSING.sub("\N{REPLACEMENT CHARACTER}", label)


def _write_amf(path: str, objects: Sequence[Named]) -> None:
    name = os.path.basename(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        for text in _amf(objects):
            file.write(text.encode())


def _amf(objects: Sequence[Named]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<amf unit="millimeter">\n<metadata type="cad">FreeCAD</metadata>\n'
    point = "<vertex><coordinates><x>{0}</x><y>{0}</y><z>{0}</z></coordinates></vertex>".format(
        number_format([each for _, each in objects])
    )
    facet = "<triangle><v1>%d</v1><v2>%d</v2><v3>%d</v3></triangle>"
    for number, (label, triangles) in enumerate(objects):
        yield f'<object id="{number}"><metadata type="name">{escape(xml_text(label))}</metadata><mesh><vertices>\n'
        yield "".join([point % each for each in triangles.points])
        yield "</vertices><volume>\n"
        yield "".join([facet % each for each in triangles.facets])
        yield "</volume></mesh></object>\n"
    yield "</amf>\n"


WRITERS: dict[str, Callable[[str, Sequence[Named]], None]] = {
    "stl": _write_stl,
    "obj": _write_obj,
    "ply": _write_ply,
    "amf": _write_amf,
}
