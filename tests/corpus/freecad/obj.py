"""OBJ of many writers: ways to count vertices, to end lines, to name parts."""

from __future__ import annotations

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
    TETRA,
    TETRA_FACES,
    TETRA_VOLUME,
    TRIANGLES,
    Face,
    Point,
    moved,
)

BLOCK_MESH = Expected(
    format="obj", objects=1, kinds=["Mesh"], names=["part"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def vertices(points: Sequence[Point], more: str = "") -> str:
    return "".join(f"v {x} {y} {z}{more}\n" for x, y, z in points)


def faces(chosen: Sequence[Face], corner: str = "{0}", first: int = 1) -> str:
    return "".join("f " + " ".join(corner.format(each + first) for each in face) + "\n" for face in chosen)


def obj(points: Sequence[Point] = BLOCK, chosen: Sequence[Face] = TRIANGLES, corner: str = "{0}") -> str:
    return "# a file\n" + vertices(points) + "vt 0 0\nvn 0 0 1\n" + faces(chosen, corner)


def backwards(corner: str) -> bytes:
    return (vertices(BLOCK) + "vt 0 0\nvn 0 0 1\n" + faces(TRIANGLES, corner, first=-8)).encode()


def two(word: str, first: str, second: str) -> str:
    return (
        f"{word} {first}\n{vertices(BLOCK)}{faces(QUADS)}"
        f"{word} {second}\n{vertices(moved(TETRA, 100))}{faces(TETRA_FACES, first=9)}"
    )


def sides() -> bytes:
    """One block whose sides are groups, and which has a smoothing group."""
    text = vertices(BLOCK)
    for number, quad in enumerate(QUADS):
        text += f"g side{number}\ns {number}\n{faces([quad])}"
    return text.encode()


def doubled(group: str = "") -> bytes:
    """Each face with points of its own, as game engines write."""
    text = ""
    for number, quad in enumerate(QUADS):
        text += group.format(number)
        text += vertices([BLOCK[each] for each in quad]) + faces([(0, 1, 2, 3)], first=4 * number + 1)
    return text.encode()


TWO = Expected(
    format="obj",
    objects=2,
    names=["left", "right"],
    volume=BLOCK_VOLUME + TETRA_VOLUME,
    boxes={"left": BLOCK_BOX, "right": ((100, 0, 0), (106, 6, 6))},
)
CASES = [
    FileCase(id="obj", name="part.obj", make=lambda: obj().encode(), expected=BLOCK_MESH),
    FileCase(id="obj-quads", name="part.obj", make=lambda: obj(chosen=QUADS).encode(), expected=BLOCK_MESH),
    *(
        FileCase(
            id=f"obj-corners-{corner.format(1)}",
            name="part.obj",
            make=lambda corner=corner: obj(corner=corner).encode(),
            expected=BLOCK_MESH,
        )
        for corner in ("{0}/1", "{0}//1", "{0}/1/1")
    ),
    *(
        FileCase(
            id=f"obj-negative-{corner.format(-1)}",
            name="part.obj",
            make=lambda corner=corner: backwards(corner),
            expected=BLOCK_MESH,
        )
        for corner in ("{0}", "{0}/-1", "{0}//-1", "{0}/-1/-1")
    ),
    FileCase(
        id="obj-negative-in-two-objects",
        name="part.obj",
        make=lambda: (
            f"o left\n{vertices(BLOCK)}{faces(QUADS, first=-8)}"
            f"o right\n{vertices(moved(TETRA, 100))}{faces(TETRA_FACES, first=-4)}"
        ).encode(),
        expected=TWO,
    ),
    FileCase(
        id="obj-faces-before-vertices",
        name="part.obj",
        make=lambda: (faces(QUADS) + vertices(BLOCK)).encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="obj-concave-polygons",
        name="part.obj",
        make=lambda: obj(L_POINTS, L_FACES).encode(),
        expected=replace(BLOCK_MESH, volume=L_VOLUME, area=2 * 600 + 140 * 5, box=L_BOX),
    ),
    FileCase(id="obj-crlf", name="part.obj", make=lambda: obj().replace("\n", "\r\n").encode(), expected=BLOCK_MESH),
    FileCase(id="obj-cr-only", name="part.obj", make=lambda: obj().replace("\n", "\r").encode(), expected=BLOCK_MESH),
    FileCase(
        id="obj-with-bom", name="part.obj", make=lambda: b"\xef\xbb\xbf" + obj()[9:].encode(), expected=BLOCK_MESH
    ),
    FileCase(
        id="obj-lines-continued",
        name="part.obj",
        make=lambda: (vertices(BLOCK) + faces(QUADS).replace(" ", " \\\n  ")).encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="obj-indented-with-tabs",
        name="part.obj",
        make=lambda: ("\t" + obj().replace("# a file\n", "").replace("\n", "\n\t").replace("v ", "v\t")).encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(id="obj-objects", name="part.obj", make=lambda: two("o", "left", "right").encode(), expected=TWO),
    FileCase(id="obj-groups", name="part.obj", make=lambda: two("g", "left", "right").encode(), expected=TWO),
    FileCase(id="obj-one-object", name="file.obj", make=lambda: f"o part\n{obj()}".encode(), expected=BLOCK_MESH),
    FileCase(id="obj-sides-as-groups", name="part.obj", make=sides, expected=BLOCK_MESH),
    FileCase(
        id="obj-sides-as-groups-with-points-of-their-own",
        name="part.obj",
        make=lambda: doubled("g side{}\n"),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="obj-groups-that-touch",
        name="part.obj",
        make=lambda: (
            f"g left\n{vertices(BLOCK)}{faces(QUADS)}g right\n{vertices(moved(BLOCK, 10))}{faces(QUADS, first=9)}"
        ).encode(),
        expected=replace(TWO, volume=2 * BLOCK_VOLUME, boxes={"left": BLOCK_BOX, "right": ((10, 0, 0), (20, 20, 30))}),
    ),
    FileCase(id="obj-points-doubled", name="part.obj", make=doubled, expected=BLOCK_MESH),
    FileCase(
        id="obj-points-nobody-uses",
        name="part.obj",
        make=lambda: obj([*BLOCK, (99, 99, 99)]).encode(),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="obj-names-in-utf-8",
        name="part.obj",
        make=lambda: two("o", "Größe 10", "零件").encode(),
        expected=replace(TWO, names=["Größe 10", "零件"], boxes=None),
    ),
    FileCase(
        id="obj-names-in-latin-1",
        name="part.obj",
        make=lambda: two("o", "Größe 10", "Fuß").encode("latin-1"),
        expected=replace(
            TWO, names=["Größe 10", "Fuß"], boxes=None, warnings=["label_changed"], warning_words=["CP1252"]
        ),
    ),
    FileCase(
        id="obj-names-in-gb18030",
        name="part.obj",
        make=lambda: two("o", "零件", "底板").encode("gb18030"),
        expected=replace(
            TWO, names=["零件", "底板"], boxes=None, warnings=["label_changed"], warning_words=["GB18030"]
        ),
    ),
    FileCase(
        id="obj-names-with-control-characters",
        name="part.obj",
        make=lambda: two("o", "a\x01b", "right").encode(),
        expected=replace(TWO, names=["a\ufffdb", "right"], boxes=None, warnings=["label_changed"]),
    ),
    FileCase(
        id="obj-with-materials",
        name="part.obj",
        make=lambda: ("mtllib part.mtl\nusemtl red\n" + obj()).encode(),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(
        id="obj-with-coloured-vertices",
        name="part.obj",
        make=lambda: (vertices(BLOCK, " 1 0 0") + faces(QUADS)).encode(),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(
        id="obj-with-lines-and-points",
        name="part.obj",
        make=lambda: (obj() + "l 1 2 3\nl 4 5\np 1\n").encode(),
        expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=["2 polylines", "1 point elements"]),
    ),
    FileCase(
        id="obj-with-a-vertex-that-is-not",
        name="part.obj",
        make=lambda: (obj() + "f 1 2 9\n").encode(),
        expected=Expected(error="unsupported_format", error_words=["Line 24", "'9'", "8 vertices"]),
    ),
    FileCase(
        id="obj-with-nan",
        name="part.obj",
        make=lambda: obj().replace("v 10 20 30", "v nan 20 30").encode(),
        expected=Expected(error="unsupported_format", error_words=["nan", "point 7"]),
    ),
    FileCase(
        id="obj-of-vertices-alone",
        name="part.obj",
        make=lambda: vertices(BLOCK).encode(),
        expected=Expected(error="degenerate_result", error_words=["nothing"]),
    ),
    FileCase(
        id="obj-without-faces",
        name="part.obj",
        make=lambda: (vertices(BLOCK) + "l 1 2\nf 1 2\n").encode(),
        expected=Expected(error="degenerate_result", error_words=["1 polylines"]),
    ),
]
