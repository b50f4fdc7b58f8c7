"""OFF with what may stand besides."""

from __future__ import annotations

from dataclasses import replace

from tests.corpus import Expected, FileCase
from tests.corpus.freecad.solids import BLOCK, BLOCK_AREA, BLOCK_BOX, BLOCK_VOLUME, QUADS

BLOCK_MESH = Expected(
    format="off", objects=1, kinds=["Mesh"], names=["part"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def off(head: str = "OFF\n", more: str = "", at_faces: str = "") -> bytes:
    rows = [f"{x} {y} {z}{more}" for x, y, z in BLOCK]
    rows += [" ".join(map(str, (len(quad), *quad))) + at_faces for quad in QUADS]
    return (f"{head}8 6 0\n" + "\n".join(rows) + "\n").encode()


CASES = [
    FileCase(id="off", name="part.off", make=off, expected=BLOCK_MESH),
    FileCase(
        id="off-with-comments", name="part.off", make=lambda: off("OFF # by hand\n# more\n\n"), expected=BLOCK_MESH
    ),
    FileCase(id="off-counts-on-the-first-line", name="part.off", make=lambda: off("OFF "), expected=BLOCK_MESH),
    FileCase(
        id="off-with-coloured-points",
        name="part.off",
        make=lambda: off("COFF\n", " 255 0 0 255"),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(
        id="off-with-coloured-faces",
        name="part.off",
        make=lambda: off(at_faces=" 1.0 0.0 0.0"),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
]
