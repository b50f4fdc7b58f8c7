"""3MF packages as slicers and CAD programs write them: components, other parts, transforms, what is no part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

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

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
MATERIAL = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
LATTICE = "http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02"
START = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
BLOCK_MESH = Expected(
    format="3mf", objects=1, kinds=["Mesh"], names=["Block"], volume=BLOCK_VOLUME, area=BLOCK_AREA, box=BLOCK_BOX
)


def mesh(
    points: Sequence[Point] = BLOCK, faces: Sequence[Face] = TRIANGLES, on_triangle: str = "", more: str = ""
) -> str:
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in points)
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"{on_triangle}/>' for a, b, c in faces)
    return f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles>{more}</mesh>"


def thing(number: int, content: str, attributes: str = ' type="model" name="Block"') -> str:
    return f'<object id="{number}"{attributes}>{content}</object>'


def components(*references: str) -> str:
    return "<components>" + "".join(f"<component {each}/>" for each in references) + "</components>"


def model(resources: str, build: str, unit: str = "millimeter") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="{unit}" xml:lang="en-US" xmlns="{CORE}" '
        f'xmlns:p="{PRODUCTION}" xmlns:m="{MATERIAL}" xmlns:b="{LATTICE}">'
        f"<resources>{resources}</resources><build>{build}</build></model>"
    )


def item(number: int, attributes: str = "") -> str:
    return f'<item objectid="{number}"{attributes}/>'


def package(
    root: str, root_name: str = "3D/3dmodel.model", *, first: dict[str, str] | None = None, **more: str
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (first or {}).items():
            archive.writestr(name, content)
        archive.writestr(
            "_rels/.rels",
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Target="/{quote(root_name)}" Id="r1" Type="{START}"/></Relationships>',
        )
        archive.writestr(root_name, root)
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def simple(unit: str = "millimeter", transform: str = "", **more: str) -> bytes:
    placed = f' transform="{transform}"' if transform else ""
    return package(model(thing(1, mesh()), item(1, placed), unit), first=None, **more)


TETRA_OBJECT = thing(2, mesh(TETRA, TETRA_FACES), ' type="model" name="Wedge"')


def assembled() -> bytes:
    """An object of a block and two wedges, one turned by 90° about z, placed 100 to the side."""
    parts = components(
        'objectid="1"',
        'objectid="2" transform="1 0 0 0 1 0 0 0 1 20 0 0"',
        'objectid="2" transform="0 1 0 -1 0 0 0 0 1 40 0 0"',
    )
    whole = thing(3, parts, ' type="model" name="Whole"')
    return package(model(thing(1, mesh()) + TETRA_OBJECT + whole, item(3, ' transform="1 0 0 0 1 0 0 0 1 100 0 0"')))


def nested() -> bytes:
    inner = thing(3, components('objectid="2" transform="1 0 0 0 1 0 0 0 1 0 0 10"'), ' type="model"')
    outer = thing(4, components('objectid="3" transform="1 0 0 0 1 0 0 0 1 0 10 0"'), ' type="model"')
    return package(model(TETRA_OBJECT + inner + outer, item(4, ' transform="1 0 0 0 1 0 0 0 1 10 0 0"')))


def bambu() -> bytes:
    """As Bambu Studio and Orca write: a shell in the root, meshes in other parts, names in a configuration."""
    objects = model(
        thing(1, mesh(), ' p:UUID="a" type="model"') + thing(2, mesh(TETRA, TETRA_FACES), ' p:UUID="b" type="other"'),
        "",
    )
    path = 'p:path="/3D/Objects/object_1.model"'
    whole = thing(3, components(f'{path} objectid="1"', f'{path} objectid="2"'), ' p:UUID="c" type="model"')
    settings = (
        '<?xml version="1.0"?><config><object id="3"><metadata key="name" value="bracket.stl"/>'
        '<part id="1" subtype="normal_part"><metadata key="name" value="Block"/></part>'
        '<part id="2" subtype="modifier_part"><metadata key="name" value="Denser"/></part></object></config>'
    )
    return package(
        model(whole, item(3, ' p:UUID="d" transform="1 0 0 0 1 0 0 0 1 50 50 0" printable="1"')),
        first={"3D/Objects/object_1.model": objects},
        Metadata__model_settings_dot_config=settings,
    )


def prusa(*kinds: str, end: str = "15") -> bytes:
    """As PrusaSlicer writes: all volumes in one mesh, their ranges of triangles in a configuration."""
    points = [*BLOCK, *moved(TETRA, 40)]
    faces = [*TRIANGLES, *((a + 8, b + 8, c + 8) for a, b, c in TETRA_FACES)]
    ranges = [("0", "11", "Body", kinds[0]), ("12", end, "Extra", kinds[1])]
    volumes = "".join(
        f'<volume firstid="{first}" lastid="{last}"><metadata type="volume" key="name" value="{name}"/>'
        f'<metadata type="volume" key="volume_type" value="{kind}"/></volume>'
        for first, last, name, kind in ranges
    )
    settings = (
        '<?xml version="1.0"?><config><object id="1" instances_count="1">'
        f'<metadata type="object" key="name" value="Block"/>{volumes}</object></config>'
    )
    return package(
        model(thing(1, mesh(points, faces), ' type="model"'), item(1, ' printable="1"')),
        Metadata__Slic3r_PE_model_dot_config=settings,
    )


def cura() -> bytes:
    marked = '<metadatagroup><metadata name="cura:support_mesh" type="xs:boolean">True</metadata></metadatagroup>'
    plain = '<metadatagroup><metadata name="cura:extruder_nr" type="xs:integer">0</metadata></metadatagroup>'
    return package(
        model(
            thing(1, plain + mesh()) + thing(2, marked + mesh(TETRA, TETRA_FACES), ' type="model" name="Prop"'),
            item(1) + item(2),
        )
    )


def not_the_first() -> bytes:
    """The root model is not the first one in the package."""
    other = model(TETRA_OBJECT, item(2))
    return package(model(thing(1, mesh()), item(1)), "3D/root.model", first={"3D/3dmodel.model": other})


def circle() -> bytes:
    return package(
        model(
            thing(1, components('objectid="2"'), ' type="model"')
            + thing(2, components('objectid="1"'), ' type="model"'),
            item(1),
        )
    )


COLORS = '<m:colorgroup id="5"><m:color color="#FF0000FF"/></m:colorgroup>'
MATERIALS = '<basematerials id="5"><base name="PLA" displaycolor="#FF0000"/></basematerials>'
CASES = [
    FileCase(id="3mf", name="part.3mf", make=simple, expected=BLOCK_MESH),
    *(
        FileCase(
            id=f"3mf-in-{unit}",
            name="part.3mf",
            make=lambda unit=unit: simple(unit, "1 0 0 0 1 0 0 0 1 1 2 3"),
            expected=replace(
                BLOCK_MESH,
                volume=BLOCK_VOLUME * factor**3,
                area=BLOCK_AREA * factor**2,
                box=((factor, 2 * factor, 3 * factor), (11 * factor, 22 * factor, 33 * factor)),
            ),
        )
        for unit, factor in {"inch": 25.4, "centimeter": 10.0, "foot": 304.8, "meter": 1000.0, "micron": 0.001}.items()
    ),
    FileCase(
        id="3mf-turned",
        name="part.3mf",
        make=lambda: simple(transform="0 1 0 -1 0 0 0 0 1 0 0 0"),
        expected=replace(BLOCK_MESH, box=((-20, 0, 0), (0, 10, 30))),
    ),
    FileCase(
        id="3mf-mirrored",
        name="part.3mf",
        make=lambda: simple(transform="-1 0 0 0 1 0 0 0 1 5 0 0"),
        expected=replace(BLOCK_MESH, box=((-5, 0, 0), (5, 20, 30))),
    ),
    FileCase(
        id="3mf-sheared",
        name="part.3mf",
        make=lambda: simple(transform="1 0 0 0.5 1 0 0 0 2 0 0 0"),
        expected=replace(BLOCK_MESH, volume=2 * BLOCK_VOLUME, area=None, box=((0, 0, 0), (20, 20, 60))),
    ),
    FileCase(
        id="3mf-flattened",
        name="part.3mf",
        make=lambda: simple(transform="1 0 0 0 1 0 0 0 0 0 0 0"),
        expected=Expected(error="unsupported_format", error_words=["flat"]),
    ),
    FileCase(
        id="3mf-components",
        name="part.3mf",
        make=assembled,
        expected=Expected(
            format="3mf",
            objects=3,
            names=["Block", "Wedge", "Wedge"],
            volume=BLOCK_VOLUME + 2 * TETRA_VOLUME,
            extra={
                "boxes": [
                    ((100, 0, 0), (110, 20, 30)),
                    ((120, 0, 0), (126, 6, 6)),
                    ((134, 0, 0), (140, 6, 6)),
                ]
            },
        ),
    ),
    FileCase(
        id="3mf-components-of-components",
        name="part.3mf",
        make=nested,
        expected=Expected(
            format="3mf", objects=1, names=["Wedge"], volume=TETRA_VOLUME, box=((10, 10, 10), (16, 16, 16))
        ),
    ),
    FileCase(
        id="3mf-bambu",
        name="part.3mf",
        make=bambu,
        expected=replace(
            BLOCK_MESH, box=((50, 50, 0), (60, 70, 30)), warnings=["left_out"], warning_words=["1 modifiers"]
        ),
    ),
    FileCase(
        id="3mf-prusa-modifier",
        name="part.3mf",
        make=lambda: prusa("ModelPart", "ParameterModifier"),
        expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=["1 modifiers"]),
    ),
    FileCase(
        id="3mf-prusa-two-parts",
        name="part.3mf",
        make=lambda: prusa("ModelPart", "ModelPart"),
        expected=Expected(format="3mf", objects=2, names=["Body", "Extra"], volume=BLOCK_VOLUME + TETRA_VOLUME),
    ),
    FileCase(
        id="3mf-prusa-range-is-no-number",
        name="part.3mf",
        make=lambda: prusa("ModelPart", "ModelPart", end="1\N{SUPERSCRIPT FIVE}"),
        expected=Expected(format="3mf", objects=1, names=["Block"], volume=BLOCK_VOLUME + TETRA_VOLUME),
    ),
    FileCase(
        id="3mf-prusa-negative-volume",
        name="part.3mf",
        make=lambda: prusa("ModelPart", "NegativeVolume"),
        expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=["1 negative volumes"]),
    ),
    FileCase(
        id="3mf-cura-support-mesh",
        name="part.3mf",
        make=cura,
        expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=["1 support meshes"]),
    ),
    *(
        FileCase(
            id=f"3mf-{kind}",
            name="part.3mf",
            make=lambda kind=kind: package(
                model(
                    thing(1, mesh()) + thing(2, mesh(TETRA, TETRA_FACES), f' type="{kind}" name="Prop"'),
                    item(1) + item(2),
                )
            ),
            expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=[f"1 objects of the type '{kind}'"]),
        )
        for kind in ("support", "solidsupport", "other")
    ),
    FileCase(
        id="3mf-surface",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh(faces=TRIANGLES[2:]), ' type="surface" name="Block"'), item(1))),
        expected=replace(BLOCK_MESH, volume=0, area=BLOCK_AREA - 200, warnings=["open_mesh"]),
    ),
    FileCase(id="3mf-root-is-not-the-first", name="part.3mf", make=not_the_first, expected=BLOCK_MESH),
    FileCase(
        id="3mf-root-with-a-space",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh()), item(1)), "3D/my part.model"),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="3mf-not-placed-is-not-imported",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh()) + TETRA_OBJECT, item(1))),
        expected=BLOCK_MESH,
    ),
    FileCase(
        id="3mf-placed-twice",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh()), item(1) + item(1, ' transform="1 0 0 0 1 0 0 0 1 50 0 0"'))),
        expected=Expected(format="3mf", objects=2, volume=2 * BLOCK_VOLUME, box=((0, 0, 0), (60, 20, 30))),
    ),
    FileCase(
        id="3mf-with-colours",
        name="part.3mf",
        make=lambda: package(model(COLORS + thing(1, mesh(on_triangle=' pid="5" p1="0"')), item(1))),
        expected=replace(BLOCK_MESH, colors=["#ff0000"]),
    ),
    FileCase(
        id="3mf-with-one-coloured-triangle",
        name="part.3mf",
        make=lambda: package(
            model(COLORS + thing(1, mesh(on_triangle=' pid="5" p1="0"').replace(' pid="5" p1="0"', "", 1)), item(1))
        ),
        expected=replace(BLOCK_MESH, colors=[None], warnings=["colors_lost"]),
    ),
    FileCase(
        id="3mf-with-materials",
        name="part.3mf",
        make=lambda: package(
            model(MATERIALS + thing(1, mesh(), ' type="model" name="Block" pid="5" pindex="0"'), item(1))
        ),
        expected=replace(BLOCK_MESH, colors=["#ff0000"]),
    ),
    FileCase(
        id="3mf-with-a-beam-lattice",
        name="part.3mf",
        make=lambda: package(
            model(thing(1, mesh(more='<b:beamlattice radius="1"><b:beams/></b:beamlattice>')), item(1))
        ),
        expected=replace(BLOCK_MESH, warnings=["left_out"], warning_words=["1 beam lattices"]),
    ),
    FileCase(
        id="3mf-names-in-any-script",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh(), ' name="Größe &lt;1&gt; 零件"'), item(1))),
        expected=replace(BLOCK_MESH, names=["Größe <1> 零件"]),
    ),
    FileCase(
        id="3mf-without-a-name", name="part.3mf", make=lambda: package(model(thing(1, mesh(), ""), item(1))),
        expected=replace(BLOCK_MESH, names=["part"]),
    ),
    FileCase(
        id="3mf-circle",
        name="part.3mf",
        make=circle,
        expected=Expected(error="unsupported_format", error_words=["contains itself"]),
    ),
    FileCase(
        id="3mf-places-what-it-has-not",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh()), item(7))),
        expected=Expected(error="unsupported_format", error_words=["'7'"]),
    ),
    FileCase(
        id="3mf-places-nothing",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh()), "")),
        expected=Expected(error="degenerate_result", error_words=["1 objects", "places none"]),
    ),
    FileCase(
        id="3mf-with-nan",
        name="part.3mf",
        make=lambda: package(model(thing(1, mesh().replace('z="30"', 'z="nan"', 1)), item(1))),
        expected=Expected(error="unsupported_format", error_words=["nan"]),
    ),
]  # fmt: skip
