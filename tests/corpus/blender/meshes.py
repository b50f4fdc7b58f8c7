"""OBJ, STL and PLY in the dialects of many programs, and what Blender must make of them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from tests.corpus import Expected, FileCase

# A pyramid over a unit square, one high: five points, a square and four triangles.
POINTS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0.5, 0.5, 1)]
SQUARE, SIDES = (0, 3, 2, 1), [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
TRIANGLES = [(0, 3, 2), (0, 2, 1), *SIDES]
BOX = ((0, 0, 0), (1, 1, 1))
TWO = ((0, 0, 0), (11, 1, 1))


def text(*lines: str, end: str = "\n") -> Callable[[], bytes]:
    return lambda: (end.join(lines) + end).encode()


# --- OBJ ---------------------------------------------------------------------------------------------------------


def vertices(shift: float = 0, form: str = "v {} {} {}") -> list[str]:
    return [form.format(x + shift, y, z) for x, y, z in POINTS]


def faces(first: int = 1, form: str = "{}") -> list[str]:
    return ["f " + " ".join(form.format(corner + first) for corner in face) for face in (SQUARE, *SIDES)]


def negative() -> list[str]:
    return ["f " + " ".join(str(corner - 5) for corner in face) for face in (SQUARE, *SIDES)]


def obj(id: str, make: Callable[[], bytes], name: str = "part.obj", **expected: Any) -> FileCase:
    if "error" not in expected:
        expected = {"names": ["part"], "box": BOX, "faces": 5, **expected}
    return FileCase(id=f"obj {id}", name=name, make=make, query={"up": "Z"}, expected=Expected(**expected))


V, F = vertices(), faces()
VT, VN = ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1", "vt 0.5 0.5"], ["vn 0 0 1"] * 5
OBJS = [
    obj("plain", text(*V, *F)),
    obj("carriage returns and line feeds", text(*V, *F, end="\r\n")),
    obj("byte order mark", lambda: b"\xef\xbb\xbf" + text(*V, *F)()),
    obj("comments", text("# made by hand", *V, "", "# faces", *F)),
    obj("negative indices", text(*V, *negative())),
    obj("texture coordinates", text(*V, *VT, *faces(form="{0}/{0}"))),
    obj("normals", text(*V, *VN, *faces(form="{0}//{0}"))),
    obj("texture coordinates and normals", text(*V, *VT, *VN, *faces(form="{0}/{0}/{0}"))),
    obj("four numbers a vertex", text(*vertices(form="v {} {} {} 1.0"), *F)),
    obj("colours of vertices", text(*vertices(form="v {} {} {} 0.5 0.2 0.1"), *F)),
    obj("exponents", text(*vertices(form="v {:e} {:e} {:e}"), *F)),
    obj("many blanks", text(*vertices(form="v   {}   {}   {}  "), *F)),
    obj("tabs", text(*vertices(form="v\t{}\t{}\t{}"), *F)),
    obj("continued lines", text(*V, *[line.replace(" ", " \\\n ", 2) for line in F])),
    obj("one object", text("o Pyramid", *V, *F), names=["Pyramid"]),
    obj(
        "two objects",
        text("o One", *V, *F, "o Two", *vertices(10), *faces(6)),
        names=["One", "Two"],
        faces=10,
        box=TWO,
    ),
    obj("groups", text("g One", *V, *F, "g Two", *vertices(10), *faces(6)), faces=10, box=TWO),
    obj("object name with blanks", text("o Upper part 2", *V, *F), names=["Upper part 2"]),
    obj("a library that did not come", text("mtllib part.mtl", "usemtl Red", *V, *F)),
    obj("smoothing groups", text(*V, "s 1", *F, "s off")),
    obj("lines beside faces", text(*V, *F, "l 1 5")),
    obj("no faces", text(*V), faces=0),
    obj("capitals in the suffix", text(*V, *F), name="PART.OBJ", names=["PART"]),
    obj("decimal commas", text("v 0,5 0 0", *V, *F), error="degenerate_result", error_words=["decimal commas"]),
    obj("carriage returns", text(*V, *F, end="\r"), error="degenerate_result", error_words=["carriage returns"]),
    obj("no numbers", text("v nan 0 0", *V, *F), error="degenerate_result", error_words=["finite"]),
    obj("a face beyond the points", text(*V, *F, "f 1 2 99"), warnings=["faces_left_out"], warning_words=["1 faces"]),
    obj("a face twice", text(*V, *F, F[1]), warnings=["faces_left_out"], warning_words=["1 of the 6"]),
    FileCase(
        id="obj Y up",
        name="part.obj",
        make=text(*V, *F),
        expected=Expected(names=["part"], faces=5, box=((0, -1, 0), (1, 0, 1))),
    ),
    FileCase(
        id="obj in millimetres",
        name="part.obj",
        make=text(*(f"v {x * 1000} {y * 1000} {z * 1000}" for x, y, z in POINTS), *F),
        query={"up": "Z", "scale": 0.001},
        expected=Expected(names=["part"], faces=5, box=BOX),
    ),
]

# --- STL ---------------------------------------------------------------------------------------------------------


def facets(form: str = "{} {} {}") -> list[str]:
    lines: list[str] = []
    for triangle in TRIANGLES:
        corners = [f"vertex {form.format(*POINTS[corner])}" for corner in triangle]
        lines += ["facet normal 0 0 0", "outer loop", *corners, "endloop", "endfacet"]
    return lines


def ascii_stl(name: str = "part", form: str = "{} {} {}", indent: str = "") -> list[str]:
    return [f"solid {name}".rstrip(), *(indent + line for line in facets(form)), f"endsolid {name}".rstrip()]


def binary_stl(header: bytes = b"", tail: bytes = b"", attribute: int = 0) -> bytes:
    rows = [struct.pack("<3f", 0, 0, 0) + b"".join(struct.pack("<3f", *POINTS[c]) for c in t) for t in TRIANGLES]
    body = b"".join(row + struct.pack("<H", attribute) for row in rows)
    return header.ljust(80) + struct.pack("<I", len(TRIANGLES)) + body + tail


def stl(id: str, make: Callable[[], bytes], name: str = "part.stl", **expected: Any) -> FileCase:
    if "error" not in expected:
        expected = {"names": ["part"], "box": BOX, "faces": 6, **expected}
    return FileCase(id=f"stl {id}", name=name, make=make, expected=Expected(**expected))


STLS = [
    stl("ascii", text(*ascii_stl())),
    stl("ascii, indented", text(*ascii_stl(indent="    "))),
    stl("ascii without a name", text(*ascii_stl(name=""))),
    stl("ascii in capitals", lambda: text(*ascii_stl())().upper()),
    stl("ascii with exponents", text(*ascii_stl(form="{:.6e} {:.6E} {:+.3f}"))),
    stl("ascii with carriage returns and line feeds", text(*ascii_stl(), end="\r\n")),
    stl("ascii with a byte order mark", lambda: b"\xef\xbb\xbf" + text(*ascii_stl())()),
    stl("ascii without an end", text(*ascii_stl()[:-1])),
    stl("ascii with a long name", text(*ascii_stl(name="facet of a gem, exported by hand " * 3))),
    stl("binary", binary_stl),
    stl("binary with solid in its header", lambda: binary_stl(b"solid made by a program")),
    stl("binary with colours", lambda: binary_stl(b"COLOR=\xff\x00\x00\xff", attribute=0x8FFF)),
    stl("binary with notes after the end", lambda: binary_stl(tail=b"made by a slicer")),
    stl("capitals in the suffix", binary_stl, name="Part.STL", names=["Part"]),
    stl("ascii with decimal commas", lambda: text(*ascii_stl())().replace(b"0.5", b"0,5"), error="degenerate_result"),
    stl("ascii with carriage returns", text(*ascii_stl(), end="\r"), error="degenerate_result"),
    stl("binary cut off", lambda: binary_stl()[:-60], error="unsupported_format"),
    FileCase(
        id="stl Y up",
        name="part.stl",
        make=binary_stl,
        query={"up": "Y"},
        expected=Expected(names=["part"], faces=6, box=((0, -1, 0), (1, 0, 1))),
    ),
]

# --- PLY ---------------------------------------------------------------------------------------------------------


def ply(
    form: str = "ascii",
    kind: str = "float",
    index: str = "vertex_indices",
    colours: bool = False,
    end: str = "\n",
    more: tuple[str, ...] = (),
    normals: bool = False,
) -> bytes:
    extra = ["property uchar red", "property uchar green", "property uchar blue"] if colours else []
    normal = ["property float nx", "property float ny", "property float nz"] if normals else []
    head = [
        "ply",
        f"format {form} 1.0",
        *more,
        f"element vertex {len(POINTS)}",
        *(f"property {kind} {axis}" for axis in "xyz"),
        *normal,
        *extra,
        "element face 5",
        f"property list uchar int {index}",
        "end_header",
    ]
    if form == "ascii":
        tail = (" 0 0 1" if normals else "") + (" 255 128 0" if colours else "")
        rows = [f"{x} {y} {z}{tail}" for x, y, z in POINTS]
        rows += [f"{len(face)} " + " ".join(map(str, face)) for face in (SQUARE, *SIDES)]
        return (end.join([*head, *rows]) + end).encode()
    order = "<" if "little" in form else ">"
    code = {"float": "f", "double": "d"}[kind]
    body = b""
    for point in POINTS:
        body += struct.pack(f"{order}3{code}", *point)
        body += struct.pack(f"{order}3f", 0, 0, 1) if normals else b""
        body += bytes((255, 128, 0)) if colours else b""
    for face in (SQUARE, *SIDES):
        body += struct.pack(f"{order}B{len(face)}i", len(face), *face)
    return (end.join(head) + end).encode() + body


def ply_case(id: str, make: Callable[[], bytes], **expected: Any) -> FileCase:
    if "error" not in expected:
        expected = {"names": ["part"], "box": BOX, "faces": 5, **expected}
    return FileCase(id=f"ply {id}", name="part.ply", make=make, expected=Expected(**expected))


LITTLE, BIG = "binary_little_endian", "binary_big_endian"
PLYS = [
    ply_case("ascii", ply),
    ply_case("ascii with carriage returns and line feeds", lambda: ply(end="\r\n")),
    ply_case("little endian", lambda: ply(LITTLE)),
    ply_case("big endian", lambda: ply(BIG)),
    ply_case("big endian in doubles", lambda: ply(BIG, kind="double")),
    ply_case("doubles", lambda: ply(LITTLE, kind="double")),
    ply_case("colours", lambda: ply(LITTLE, colours=True)),
    ply_case("colours in ascii", lambda: ply(colours=True)),
    ply_case("normals", lambda: ply(LITTLE, normals=True)),
    ply_case("vertex_index", lambda: ply(index="vertex_index")),
    ply_case("comments", lambda: ply(more=("comment made by hand", "obj_info scanned"))),
    ply_case(
        "points alone", lambda: b"\n".join(ply().split(b"\n")[:-6]).replace(b"face 5", b"face 0") + b"\n", faces=0
    ),
    ply_case("decimal commas", lambda: ply().replace(b"0.5 0.5 1", b"0,5 0,5 1"), error="degenerate_result"),
    ply_case("no numbers", lambda: ply().replace(b"0.5 0.5 1", b"nan 0.5 1"), error="degenerate_result"),
    ply_case("cut off", lambda: ply(LITTLE)[:-100], error="unsupported_format"),
]

CASES = [*OBJS, *STLS, *PLYS]
