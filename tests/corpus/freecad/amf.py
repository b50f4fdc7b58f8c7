"""AMF, packed and plain, with units, several objects and constellations."""

from __future__ import annotations

import io
import zipfile
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
)

BLOCK_MESH = Expected(
    format="amf", objects=1, kinds=["Mesh"], names=["Block"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def part(
    number: int, name: str, points: Sequence[Point] = BLOCK, faces: Sequence[Face] = TRIANGLES, more: str = ""
) -> str:
    vertices = "".join(
        f"<vertex><coordinates><x>{x}</x><y>{y}</y><z>{z}</z></coordinates></vertex>" for x, y, z in points
    )
    triangles = "".join(f"<triangle><v1>{a}</v1><v2>{b}</v2><v3>{c}</v3></triangle>" for a, b, c in faces)
    title = f'<metadata type="name">{name}</metadata>' if name else ""
    return (
        f'<object id="{number}">{title}<mesh><vertices>{vertices}</vertices>'
        f"<volume>{more}{triangles}</volume></mesh></object>"
    )


def amf(*objects: str, unit: str = ' unit="millimeter"', more: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<amf{unit} version="1.1">{"".join(objects)}{more}</amf>\n'.encode()


def zipped(data: bytes, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def instance(number: int, x: float, rz: float = 0) -> str:
    shift = f"<deltax>{x}</deltax><deltay>0</deltay><deltaz>0</deltaz>"
    return f'<instance objectid="{number}">{shift}<rz>{rz}</rz></instance>'


CASES = [
    FileCase(id="amf", name="part.amf", make=lambda: amf(part(0, "Block")), expected=BLOCK_MESH),
    FileCase(
        id="amf-zipped", name="part.amf", make=lambda: zipped(amf(part(0, "Block")), "part.amf"), expected=BLOCK_MESH
    ),
    FileCase(
        id="amf-zipped-under-another-name",
        name="part.amf",
        make=lambda: zipped(amf(part(0, "Block")), "part.xml"),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="amf-without-a-name",
        name="part.amf",
        make=lambda: amf(part(0, "")),
        expected=replace(BLOCK_MESH, names=["part"]),
    ),
    *(
        FileCase(
            id=f"amf-in-{unit}",
            name="part.amf",
            make=lambda unit=unit: amf(part(0, "Block"), unit=f' unit="{unit}"'),
            expected=replace(
                BLOCK_MESH,
                volume=BLOCK_VOLUME * factor**3,
                area=BLOCK_AREA * factor**2,
                box=((0, 0, 0), (10 * factor, 20 * factor, 30 * factor)),
            ),
        )
        for unit, factor in {"inch": 25.4, "meter": 1000.0, "feet": 304.8}.items()
    ),
    FileCase(
        id="amf-two-objects-placed",
        name="part.amf",
        make=lambda: amf(
            part(1, "Block"),
            part(2, "Wedge", TETRA, TETRA_FACES),
            more=f'<constellation id="3">{instance(1, 0)}{instance(2, 50, 90)}{instance(2, 80)}</constellation>',
        ),
        expected=Expected(
            format="amf",
            objects=3,
            names=["Block", "Wedge", "Wedge"],
            volume=BLOCK_VOLUME + 2 * TETRA_VOLUME,
            extra={"boxes": [BLOCK_BOX, ((44, 0, 0), (50, 6, 6)), ((80, 0, 0), (86, 6, 6))]},
        ),
    ),
    FileCase(
        id="amf-with-colours",
        name="part.amf",
        make=lambda: amf(part(0, "Block", more="<color><r>1</r><g>0</g><b>0</b></color>")),
        expected=replace(BLOCK_MESH, warnings=["colors_lost"]),
    ),
    FileCase(
        id="amf-in-an-unknown-unit",
        name="part.amf",
        make=lambda: amf(part(0, "Block"), unit=' unit="cubit"'),
        expected=Expected(error="unsupported_format", error_words=["cubit", "millimeter"]),
    ),
]
