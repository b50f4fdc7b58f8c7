"""STL of many writers: binary, in text, and what is in between."""

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
    TETRA,
    TETRA_FACES,
    TETRA_VOLUME,
    TRIANGLES,
    Face,
    Point,
    moved,
)

BLOCK_MESH = Expected(
    format="stl", objects=1, kinds=["Mesh"], names=["part"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def binary(
    points: Sequence[Point] = BLOCK,
    faces: Sequence[Face] = TRIANGLES,
    head: bytes = b"made by a program",
    attribute: int = 0,
) -> bytes:
    data = head.ljust(80, b"\0") + struct.pack("<I", len(faces))
    for face in faces:
        corners = [value for corner in face for value in points[corner]]
        data += struct.pack("<12fH", 0, 0, 0, *corners, attribute)
    return data


def text(
    points: Sequence[Point] = BLOCK, faces: Sequence[Face] = TRIANGLES, name: str = "thing", number: str = "{:e}"
) -> str:
    lines = [f"solid {name}"]
    for face in faces:
        lines += ["  facet normal 0 0 0", "    outer loop"]
        lines += ["      vertex " + " ".join(number.format(value) for value in points[corner]) for corner in face]
        lines += ["    endloop", "  endfacet"]
    return "\n".join([*lines, f"endsolid {name}", ""])


def two(first: str, second: str, shift: float) -> bytes:
    return (text(name=first) + text(moved(TETRA, shift), TETRA_FACES, name=second)).encode()


def commas(points: Sequence[Point]) -> bytes:
    return text(points, number="{:.6f}").replace(".", ",").encode()


def nan() -> bytes:
    data = bytearray(binary())
    data[84 + 12 : 84 + 16] = struct.pack("<f", float("nan"))
    return bytes(data)


COLORED = replace(BLOCK_MESH, warnings=["colors_lost"])
CASES = [
    FileCase(id="stl-binary", name="part.stl", make=binary, expected=BLOCK_MESH),
    FileCase(
        id="stl-binary-that-begins-with-solid",
        name="part.stl",
        make=lambda: binary(head=b"solid facet vertex"),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-binary-with-bytes-after-the-end",
        name="part.stl",
        make=lambda: binary() + b"\0" * 7 + b"a note",
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-binary-solid-with-bytes-after-the-end",
        name="part.stl",
        make=lambda: binary(head=b"solid x") + bytes(100),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-binary-with-colours",
        name="part.stl",
        make=lambda: binary(head=b"COLOR=\xff\0\0\xff"),
        expected=COLORED,
    ),
    FileCase(
        id="stl-binary-with-coloured-triangles",
        name="part.stl",
        make=lambda: binary(attribute=0x8000 | 31),
        expected=COLORED,
    ),
    FileCase(
        id="stl-binary-with-flat-triangles",
        name="part.stl",
        make=lambda: binary(faces=[*TRIANGLES, (0, 1, 1)]),
        expected=BLOCK_MESH,
    ),
    FileCase(id="stl-text", name="part.stl", make=lambda: text().encode(), expected=BLOCK_MESH),
    FileCase(id="stl-text-upper-case", name="part.STL", make=lambda: text().upper().encode(), expected=BLOCK_MESH),
    FileCase(
        id="stl-text-with-bom", name="part.stl", make=lambda: b"\xef\xbb\xbf" + text().encode(), expected=BLOCK_MESH
    ),
    FileCase(id="stl-text-in-utf-16", name="part.stl", make=lambda: text().encode("utf-16"), expected=BLOCK_MESH),
    FileCase(
        id="stl-text-crlf", name="part.stl", make=lambda: text().replace("\n", "\r\n").encode(), expected=BLOCK_MESH
    ),
    FileCase(
        id="stl-text-cr-only", name="part.stl", make=lambda: text().replace("\n", "\r").encode(), expected=BLOCK_MESH
    ),
    FileCase(
        id="stl-text-with-tabs-and-blank-lines",
        name="part.stl",
        make=lambda: text().replace("  ", "\t").replace("endfacet", "endfacet\n").encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(id="stl-text-with-decimal-commas", name="part.stl", make=lambda: commas(BLOCK), expected=BLOCK_MESH),
    FileCase(
        id="stl-text-with-zeros-after-the-end",
        name="part.stl",
        make=lambda: text().encode() + bytes(64),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-text-two-solids",
        name="part.stl",
        make=lambda: two("left", "right", 100),
        expected=Expected(
            format="stl",
            objects=2,
            names=["left", "right"],
            volume=BLOCK_VOLUME + TETRA_VOLUME,
            boxes={"left": BLOCK_BOX, "right": ((100, 0, 0), (106, 6, 6))},
        ),
    ),
    FileCase(
        id="stl-text-two-patches-of-one-block",
        name="part.stl",
        make=lambda: (text(faces=TRIANGLES[:4], name="inlet") + text(faces=TRIANGLES[4:], name="wall")).encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-far-from-the-origin",
        name="part.stl",
        make=lambda: binary(moved(BLOCK, 4096, 4096, 4096)),
        expected=replace(BLOCK_MESH, box=((4096, 4096, 4096), (4106, 4116, 4126))),
    ),
    FileCase(
        id="stl-inside-out",
        name="part.stl",
        make=lambda: binary(faces=[face[::-1] for face in TRIANGLES]),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="stl-open",
        name="part.stl",
        make=lambda: binary(faces=TRIANGLES[2:]),
        expected=replace(BLOCK_MESH, volume=0, area=BLOCK_AREA - 200, warnings=["open_mesh"]),
    ),
    FileCase(
        id="stl-with-nan",
        name="part.stl",
        make=nan,
        expected=Expected(error="unsupported_format", error_words=["nan", "coordinate"]),
    ),
    FileCase(
        id="stl-text-with-inf",
        name="part.stl",
        make=lambda: text().replace("3.000000e+01", "inf", 1).encode(),
        expected=Expected(error="unsupported_format", error_words=["inf", "coordinate"]),
    ),
    FileCase(
        id="stl-text-empty",
        name="part.stl",
        make=lambda: b"solid facet\nendsolid facet\n",
        expected=Expected(error="degenerate_result", error_words=["nothing"]),
    ),
    FileCase(
        id="stl-text-of-nothing",
        name="part.stl",
        make=lambda: b"solid thing\nendsolid thing\n",
        expected=Expected(error="degenerate_result", error_words=["nothing"]),
    ),
    FileCase(
        id="stl-binary-of-nothing",
        name="part.stl",
        make=lambda: binary(faces=[]),
        expected=Expected(error="degenerate_result", error_words=["nothing"]),
    ),
    FileCase(
        id="stl-binary-cut-off",
        name="part.stl",
        make=lambda: binary()[:-120],
        expected=Expected(error="unsupported_format", error_words=["cut off", "12 triangles, but it contains 9"]),
    ),
    FileCase(
        id="stl-binary-that-counts-wrong",
        name="part.stl",
        make=lambda: binary()[:80] + bytes(4) + binary()[84:],
        expected=Expected(error="unsupported_format", error_words=["0 triangles, but it contains 12"]),
    ),
    FileCase(
        id="stl-text-cut-off",
        name="part.stl",
        make=lambda: text().encode()[:-400],
        expected=Expected(error="unsupported_format", error_words=["cut off"]),
    ),
]
