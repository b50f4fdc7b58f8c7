"""Writes 3MF: meshes in millimetres with the colours of objects and faces, and the tree as components."""

from __future__ import annotations

import zipfile
from html import escape
from typing import Iterator, Sequence

from cadgate_freecad.app import meshing, scenes
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.mesh_files import number_format, xml_text
from cadgate_freecad.app.triangles import Triangles

FORMAT = "3mf"
_COLORS = 1
_PLAIN = "#CCCCCCFF"
"""Of the uncoloured faces of an object that has coloured ones: the format wants a colour for all or for none."""


def painted(item: Item, linear: float, angular: float) -> tuple[Triangles, list[str | None]]:
    """Return the triangles of an object, and the colour of each; none if all have that of the object."""
    if item.shape is None or not item.faces:
        return meshing.triangles_of(item, linear, angular), []
    patches = iter(scenes.patches_of(item, linear, angular))
    size = max(item.shape.BoundBox.DiagonalLength, 1e-6)
    whole = Triangles()
    colors: list[str | None] = []
    # Solids one by one: they may share points and edges, but meshes may not.
    for part in meshing.apart(item.shape):
        own = Triangles()
        for _ in part.Faces:
            patch = next(patches)
            facets = [each for each in patch.facets if not _is_flat(patch, each, 1e-7 * size)]
            own.add(Triangles(patch.points, facets))
            colors += [patch.color] * len(facets)
        whole.add(own.welded(1e-7 * size))
    return (whole, colors) if len(colors) == len(whole.facets) else (whole, [])


def _is_flat(patch: scenes.Patch, facet: tuple[int, int, int], least: float) -> bool:
    corners = [patch.points[each] for each in facet]
    return any(max(abs(p - q) for p, q in zip(a, b)) <= least for a, b in zip(corners, [*corners[1:], corners[0]]))


def write(path: str, items: list[Item], meshed: Sequence[tuple[Triangles, list[str | None]]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("[Content_Types].xml", _TYPES), ("_rels/.rels", _RELATIONS)):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        model = zipfile.ZipInfo("3D/3dmodel.model", (1980, 1, 1, 0, 0, 0))
        model.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(model, "w", force_zip64=True) as file:
            for text in _model(items, meshed):
                file.write(text.encode())


def displayed(color: str | None) -> str:
    """Return a colour as the format has it."""
    return _PLAIN if color is None else f"{color.upper()}{'FF' if len(color) == 7 else ''}"


def _model(items: list[Item], meshed: Sequence[tuple[Triangles, list[str | None]]]) -> Iterator[str]:
    yield _HEAD
    known: dict[str, int] = {}
    for item, (_, colors) in zip(items, meshed):
        if item.color is not None or colors:
            for color in (item.color, *colors):
                known.setdefault(displayed(color), len(known))
    if known:
        bases = "".join(f'<base name="{color}" displaycolor="{color}"/>' for color in known)
        yield f'<basematerials id="{_COLORS}">{bases}</basematerials>'
    point = '<vertex x="{0}" y="{0}" z="{0}"/>'.format(number_format([each for each, _ in meshed]))
    for number, (item, (triangles, colors)) in enumerate(zip(items, meshed), _COLORS + 1):
        own = known[displayed(item.color)] if item.color is not None or colors else None
        base = "" if own is None else f' pid="{_COLORS}" pindex="{own}"'
        yield f'<object id="{number}" type="model" name={_quoted(item.label)}{base}><mesh><vertices>'
        yield "".join([point % each for each in triangles.points])
        yield "</vertices><triangles>"
        yield "".join(_facets(triangles, colors, known, own))
        yield "</triangles></mesh></object>"
    roots, last = scenes.tree(items), _COLORS + len(items)
    numbers: list[int] = []
    for node in roots:
        texts: list[str] = []
        number, last = _assembled(node, last, texts)
        numbers.append(number)
        yield "".join(texts)
    built = "".join([f'<item objectid="{number}"/>' for number in numbers])
    yield f"</resources><build>{built}</build></model>"


def _facets(triangles: Triangles, colors: list[str | None], known: dict[str, int], own: int | None) -> Iterator[str]:
    for facet, color in zip(triangles.facets, colors or [None] * len(triangles.facets)):
        index = known[displayed(color)] if colors else own
        extra = "" if index == own else f' pid="{_COLORS}" p1="{index}"'
        one, two, three = facet
        yield f'<triangle v1="{one}" v2="{two}" v3="{three}"{extra}/>'


def _assembled(node: scenes.Node, last: int, texts: list[str]) -> tuple[int, int]:
    """Add the objects of a part or group, each after what it is made of. Returns its number and the last one given."""
    if node.item is not None:
        return _COLORS + 1 + node.item, last
    below: list[int] = []
    for each in node.children:
        number, last = _assembled(each, last, texts)
        below.append(number)
    last += 1
    components = "".join(f'<component objectid="{number}"/>' for number in below)
    name = _quoted(node.label)
    texts.append(f'<object id="{last}" type="model" name={name}><components>{components}</components></object>')
    return last, last


def _quoted(label: str) -> str:
    """Return the value of an attribute: what reads it would make spaces of line breaks and tabs."""
    text = escape(xml_text(label))
    for each in "\n\r\t":
        text = text.replace(each, f"&#{ord(each)};")
    return f'"{text}"'


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = (
    f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS = (
    f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
_HEAD = (
    f'{_XML}<model unit="millimeter" xml:lang="en-US" '
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
)
