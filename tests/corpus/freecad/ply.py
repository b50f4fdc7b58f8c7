"""PLY in text and both binary orders, with properties and elements besides."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

from tests.corpus import Expected, FileCase
from tests.corpus.freecad.solids import (
    BLOCK,
    BLOCK_AREA,
    BLOCK_BOX,
    BLOCK_VOLUME,
    L_BOX,
    L_FACES,
    L_POINTS,
    L_VOLUME,
    QUADS,
    TRIANGLES,
    Face,
    Point,
)

BLOCK_MESH = Expected(
    format="ply", objects=1, kinds=["Mesh"], names=["part"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def header(
    kind: str,
    points: int,
    faces: int,
    before: str = "",
    after: str = "",
    real: str = "float",
    of_list: str = "uchar int",
) -> str:
    return (
        f"ply\nformat {kind} 1.0\ncomment by hand\nelement vertex {points}\n{before}property {real} x\n"
        f"property {real} y\nproperty {real} z\n{after}element face {faces}\n"
        f"property list {of_list} vertex_indices\nend_header\n"
    )


def text(points: Sequence[Point] = BLOCK, faces: Sequence[Face] = TRIANGLES, more: str = "", after: str = "") -> bytes:
    rows = [f"{x} {y} {z}{more}" for x, y, z in points]
    rows += [" ".join(map(str, (len(face), *face))) for face in faces]
    return (header("ascii", len(points), len(faces), after=after) + "\n".join(rows) + "\n").encode()


def binary(
    order: str,
    faces: Sequence[Face] = TRIANGLES,
    *,
    real: str = "f",
    before: bytes = b"",
    after: bytes = b"",
    described: tuple[str, str] = ("", ""),
    of_list: tuple[str, str, str] = ("uchar int", "B", "i"),
) -> bytes:
    kind = "binary_little_endian" if order == "<" else "binary_big_endian"
    name = {"f": "float32", "d": "double"}[real]
    words, length, index = of_list
    data = header(kind, len(BLOCK), len(faces), described[0], described[1], name, words).encode()
    for point in BLOCK:
        data += before + struct.pack(f"{order}3{real}", *point) + after
    for face in faces:
        data += struct.pack(f"{order}{length}", len(face)) + struct.pack(f"{order}{len(face)}{index}", *face)
    return data


COLORS = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
NORMALS = "property float nx\nproperty float ny\nproperty float nz\n"


def strips() -> bytes:
    rows = "\n".join(f"{x} {y} {z}" for x, y, z in BLOCK)
    strip = [face for triangle in TRIANGLES for face in (*triangle, -1)]
    text = header("ascii", 8, 1).replace("element face", "element tristrips")
    return (text + rows + f"\n{len(strip)} " + " ".join(map(str, strip)) + "\n").encode()


CASES = [
    FileCase(id="ply-text", name="part.ply", make=text, expected=BLOCK_MESH),
    FileCase(id="ply-text-quads", name="part.ply", make=lambda: text(faces=QUADS), expected=BLOCK_MESH),
    FileCase(
        id="ply-text-concave",
        name="part.ply",
        make=lambda: text(L_POINTS, L_FACES),
        expected=replace(BLOCK_MESH, volume=L_VOLUME, area=1900, box=L_BOX),
    ),
    FileCase(id="ply-text-crlf", name="part.ply", make=lambda: text().replace(b"\n", b"\r\n"), expected=BLOCK_MESH),
    FileCase(id="ply-little-endian", name="part.ply", make=lambda: binary("<"), expected=BLOCK_MESH),
    FileCase(id="ply-big-endian", name="part.ply", make=lambda: binary(">"), expected=BLOCK_MESH),
    FileCase(id="ply-doubles", name="part.ply", make=lambda: binary(">", real="d"), expected=BLOCK_MESH),
    FileCase(
        id="ply-binary-mixed",
        name="part.ply",
        make=lambda: binary("<", [*QUADS[:3], *TRIANGLES[6:]]),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="ply-other-list-types",
        name="part.ply",
        make=lambda: binary("<", of_list=("int32 uint16", "i", "H")),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="ply-with-normals",
        name="part.ply",
        make=lambda: binary("<", after=struct.pack("<3f", 0, 0, 1), described=("", NORMALS)),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="ply-with-a-property-before",
        name="part.ply",
        make=lambda: binary(">", before=b"\x07", described=("property uchar quality\n", "")),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="ply-with-colours",
        name="part.ply",
        make=lambda: binary("<", after=b"\xff\0\0", described=("", COLORS)),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(
        id="ply-text-with-colours",
        name="part.ply",
        make=lambda: text(more=" 255 0 0", after=COLORS),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(id="ply-strips", name="part.ply", make=strips, expected=BLOCK_MESH),
    FileCase(
        id="ply-cloud",
        name="part.ply",
        make=lambda: text(faces=[]),
        expected=Expected(error="degenerate_result", error_words=["cloud of 8 points"]),
    ),
    FileCase(
        id="ply-with-nan",
        name="part.ply",
        make=lambda: text().replace(b"10 20 30", b"nan 20 30"),
        expected=Expected(error="unsupported_format", error_words=["nan"]),
    ),
    FileCase(
        id="ply-with-a-corner-that-is-not",
        name="part.ply",
        make=lambda: text(faces=[*TRIANGLES, (0, 1, 8)]),
        expected=Expected(error="unsupported_format", error_words=["point 8", "8 points"]),
    ),
]
