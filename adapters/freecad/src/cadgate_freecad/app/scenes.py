"""Writes scenes with tree, names and colours: glTF (binary or text) and USDZ, in metres, Y up.

Coordinates are those of the document; nodes of parts and groups have no transformation of their own.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import zipfile
import zlib
from typing import Any, Iterator, NamedTuple, Sequence

from cadgate.appserver import AppError
from cadgate_freecad.app import meshing, values
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.triangles import Facet, Point, Triangles

FORMATS = ("glb", "gltf", "usdz")
_METRES = 0.001


class Patch(NamedTuple):
    """The triangles of one face, or of a whole mesh, in the document's coordinates, and its colour."""

    points: list[Point]
    facets: list[Facet]
    color: str | None


def patches_of(item: Item, linear: float, angular: float) -> list[Patch]:
    """Return the triangles of an object face by face. Raises AppError if nothing can be meshed."""
    if item.shape is None:
        mesh = Triangles.of_mesh(item.mesh)
        return [Patch(mesh.points, mesh.facets, item.color)]
    if not item.shape.Faces:
        raise values.invalid("objects", f"{item.name!r} has no face, so it has no triangles: use STEP, IGES or BREP")
    # The triangulation is on the shape as a whole, so that neighbouring faces share the points of their edges.
    shape, _ = meshing.triangulated(item.shape, linear, angular)
    found: list[Patch] = []
    for number, face in enumerate(shape.Faces, 1):
        points, facets = face.tessellate(linear)
        corners = [(point.x, point.y, point.z) for point in points]
        found.append(Patch(corners, [(a, b, c) for a, b, c in facets], item.faces.get(number, item.color)))
    if not any(each.facets for each in found):
        raise AppError("degenerate_result", f"{item.name!r} gave no triangle", {"name": item.name})
    return found


def normals(patch: Patch) -> list[Point]:
    """Return the normal at each point: the mean of the facets around it, by their area."""
    sums = [[0.0, 0.0, 0.0] for _ in patch.points]
    for a, b, c in patch.facets:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = patch.points[a], patch.points[b], patch.points[c]
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        normal = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        for corner in (a, b, c):
            for axis in range(3):
                sums[corner][axis] += normal[axis]
    found: list[Point] = []
    for x, y, z in sums:
        length = (x * x + y * y + z * z) ** 0.5
        found.append((x / length, y / length, z / length) if length > 0 else (0.0, 0.0, 1.0))
    return found


def y_up(point: Point) -> Point:
    x, y, z = point
    return (x, z, -y)


def rgba(color: str) -> list[float]:
    """Return the channels of `#rrggbb[aa]`, 0…1."""
    channels = [int(color[index : index + 2], 16) / 255 for index in range(1, len(color), 2)]
    return channels if len(channels) == 4 else [*channels, 1.0]


def linear_rgba(color: str) -> list[float]:
    """Return the same as light: glTF and USD hold linear values, `#rrggbb` is what a screen is sent."""
    *channels, alpha = rgba(color)
    return [*(each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels), alpha]


def write(format: str, path: str, items: list[Item], patches: list[list[Patch]]) -> None:
    _WRITERS[format](path, items, patches)


class Node:
    """A part or group in the tree, or an object at its end."""

    def __init__(self, label: str, item: int | None = None) -> None:
        self.label, self.item = label, item
        self.children: list[Node] = []


def tree(items: list[Item]) -> list[Node]:
    """Return the roots of the tree that the objects are in."""
    roots: list[Node] = []
    known: dict[tuple[str, ...], Node] = {}
    for number, item in enumerate(items):
        below, way = roots, ()
        for name, label in item.holders:
            way = (*way, name)
            if way not in known:
                known[way] = Node(label)
                below.append(known[way])
            below = known[way].children
        below.append(Node(item.label, number))
    return roots


def _by_color(patches: list[Patch]) -> list[tuple[str | None, list[Patch]]]:
    groups: dict[str | None, list[Patch]] = {}
    for each in patches:
        if each.facets:
            groups.setdefault(each.color, []).append(each)
    return list(groups.items())


# --- glTF ------------------------------------------------------------------------------------------------------------


class _Gltf:
    def __init__(self, items: list[Item], patches: list[list[Patch]]) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.nodes: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self._colors: dict[str, int] = {}
        self.items, self.patches = items, patches
        roots = [self._node(each) for each in tree(items)]
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "cadgate"},
            "scene": 0,
            "scenes": [{"nodes": roots}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.data)}],
        }
        if self.materials:
            self.document["materials"] = self.materials

    def _node(self, node: Node) -> int:
        number = len(self.nodes)
        made: dict[str, Any] = {"name": node.label}
        self.nodes.append(made)
        if node.item is not None:
            made["mesh"] = self._mesh(self.items[node.item], self.patches[node.item])
        if node.children:
            made["children"] = [self._node(each) for each in node.children]
        return number

    def _mesh(self, item: Item, patches: list[Patch]) -> int:
        primitives: list[dict[str, Any]] = []
        for color, group in _by_color(patches):
            points, directions, indices = _joined(group)
            scaled = [struct.unpack("<3f", struct.pack("<3f", *(part * _METRES for part in each))) for each in points]
            primitive: dict[str, Any] = {
                "attributes": {
                    "POSITION": self._vectors(scaled, extents=True),
                    "NORMAL": self._vectors(directions),
                },
                "indices": self._indices(indices),
                "mode": 4,
            }
            if color is not None:
                primitive["material"] = self._material(color)
            primitives.append(primitive)
        self.meshes.append({"name": item.label, "primitives": primitives})
        return len(self.meshes) - 1

    def _material(self, color: str) -> int:
        if color not in self._colors:
            self._colors[color] = len(self.materials)
            channels = linear_rgba(color)
            material: dict[str, Any] = {
                "name": color,
                "pbrMetallicRoughness": {"baseColorFactor": channels, "metallicFactor": 0.0, "roughnessFactor": 0.5},
            }
            if channels[3] < 1:
                material["alphaMode"] = "BLEND"
            self.materials.append(material)
        return self._colors[color]

    def _view(self, data: bytes, target: int) -> int:
        while len(self.data) % 4:
            self.data.append(0)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data), "target": target})
        self.data += data
        return len(self.views) - 1

    def _vectors(self, rows: list[Any], *, extents: bool = False) -> int:
        data = b"".join([struct.pack("<3f", *row) for row in rows])
        accessor: dict[str, Any] = {
            "bufferView": self._view(data, 34962),
            "componentType": 5126,
            "count": len(rows),
            "type": "VEC3",
        }
        if extents:
            columns = list(zip(*rows))
            accessor["min"] = [min(column) for column in columns]
            accessor["max"] = [max(column) for column in columns]
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def _indices(self, indices: list[int]) -> int:
        data = struct.pack(f"<{len(indices)}I", *indices)
        accessor = {
            "bufferView": self._view(data, 34963),
            "componentType": 5125,
            "count": len(indices),
            "type": "SCALAR",
        }
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _write_glb(path: str, items: list[Item], patches: list[list[Patch]]) -> None:
    made = _Gltf(items, patches)
    text = _json(made.document)
    text += b" " * (-len(text) % 4)
    data = bytes(made.data) + b"\0" * (-len(made.data) % 4)
    with open(path, "wb") as file:
        file.write(struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(data)))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        file.write(struct.pack("<I4s", len(data), b"BIN\0") + data)


def _write_gltf(path: str, items: list[Item], patches: list[list[Patch]]) -> None:
    made = _Gltf(items, patches)
    coded = base64.b64encode(bytes(made.data)).decode()
    made.document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{coded}"
    with open(path, "wb") as file:
        file.write(_json(made.document))


# --- USDZ ------------------------------------------------------------------------------------------------------------

_LAYER = "model.usda"
_ALIGNED = 64


def _write_usdz(path: str, items: list[Item], patches: list[list[Patch]]) -> None:
    """Write a package whose only file is stored without compression and aligned, as USD reads it in place."""
    data = "".join(_usd(items, patches)).encode("utf-8", "replace")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        info = zipfile.ZipInfo(_LAYER, (1980, 1, 1, 0, 0, 0))
        start = 30 + len(_LAYER)
        padding = -(start + 4) % _ALIGNED
        info.extra = struct.pack("<HH", 0x1986, padding) + b"\0" * padding
        archive.writestr(info, data)
    if zlib.crc32(data) != info.CRC:
        raise AppError("command_failed", "The USDZ package was not written completely")


def _usd(items: list[Item], patches: list[list[Patch]]) -> Iterator[str]:
    colors = sorted({each.color for of_item in patches for each in of_item if each.color and each.facets})
    yield '#usda 1.0\n(\n    defaultPrim = "Root"\n    metersPerUnit = 1\n    upAxis = "Y"\n)\n\n'
    yield 'def Xform "Root" (\n    kind = "component"\n)\n{\n'
    if colors:
        yield '    def Scope "_materials"\n    {\n'
        for color in colors:
            yield from _usd_material(color)
        yield "    }\n"
    taken: set[str] = {"_materials"}
    for node in tree(items):
        yield from _usd_node(node, items, patches, taken, "    ")
    yield "}\n"


def _usd_material(color: str) -> Iterator[str]:
    name = "m_" + color[1:]
    red, green, blue, alpha = linear_rgba(color)
    yield f'        def Material "{name}"\n        {{\n'
    yield f"            token outputs:surface.connect = </Root/_materials/{name}/Surface.outputs:surface>\n"
    yield '            def Shader "Surface"\n            {\n'
    yield '                uniform token info:id = "UsdPreviewSurface"\n'
    yield f"                color3f inputs:diffuseColor = ({red:.9g}, {green:.9g}, {blue:.9g})\n"
    yield f"                float inputs:opacity = {alpha:.9g}\n                float inputs:roughness = 0.5\n"
    yield "                token outputs:surface\n            }\n        }\n"


def _usd_name(label: str, taken: set[str]) -> str:
    base = re.sub(r"[^A-Za-z0-9_]", "_", label) or "Object"
    base = base if not base[0].isdigit() else f"_{base}"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name


def _usd_node(node: Node, items: list[Item], patches: list[list[Patch]], taken: set[str], indent: str) -> Iterator[str]:
    name = _usd_name(node.label, taken)
    kind = "Xform" if node.item is None else "Mesh"
    bound = "" if node.item is None else f'\n{indent}    prepend apiSchemas = ["MaterialBindingAPI"]'
    shown = json.dumps(node.label, ensure_ascii=False)
    yield f'{indent}def {kind} "{name}" ({bound}\n{indent}    displayName = {shown}\n{indent})\n{indent}{{\n'
    if node.item is not None:
        yield from _usd_mesh(patches[node.item], indent + "    ")
    below: set[str] = set()
    for each in node.children:
        yield from _usd_node(each, items, patches, below, indent + "    ")
    yield f"{indent}}}\n"


def _joined(patches: Sequence[Patch]) -> tuple[list[Point], list[Point], list[int]]:
    """Return the points, normals and triangles' corners of several patches as those of one, with Y up."""
    points = [y_up(point) for each in patches for point in each.points]
    directions = [y_up(normal) for each in patches for normal in normals(each)]
    corners: list[int] = []
    start = 0
    for each in patches:
        corners += [corner + start for facet in each.facets for corner in facet]
        start += len(each.points)
    return points, directions, corners


def _usd_mesh(patches: list[Patch], indent: str) -> Iterator[str]:
    groups = _by_color(patches)
    points, directions, corners = _joined([each for _, group in groups for each in group])
    low, high = ([choose(column) * _METRES for column in zip(*points)] for choose in (min, max))
    yield f"{indent}float3[] extent = [{_triple(low)}, {_triple(high)}]\n"
    yield f"{indent}int[] faceVertexCounts = [{', '.join(['3'] * (len(corners) // 3))}]\n"
    yield f"{indent}int[] faceVertexIndices = [{', '.join(map(str, corners))}]\n"
    yield f"{indent}point3f[] points = [{', '.join(_triple([p * _METRES for p in point]) for point in points)}]\n"
    yield f"{indent}normal3f[] normals = [{', '.join(map(_triple, directions))}] (\n"
    yield f'{indent}    interpolation = "vertex"\n{indent})\n{indent}uniform token subdivisionScheme = "none"\n'
    if len(groups) == 1:
        color = groups[0][0]
        if color is not None:
            red, green, blue, _ = linear_rgba(color)
            yield f"{indent}color3f[] primvars:displayColor = [({red:.9g}, {green:.9g}, {blue:.9g})]\n"
            yield f"{indent}rel material:binding = </Root/_materials/m_{color[1:]}>\n"
        return
    first = 0
    yield f'{indent}uniform token subsetFamily:materialBind:familyType = "nonOverlapping"\n'
    for number, (color, group) in enumerate(groups, 1):
        count = sum(len(each.facets) for each in group)
        faces = ", ".join(map(str, range(first, first + count)))
        first += count
        if color is None:
            continue
        yield f'{indent}def GeomSubset "Color{number}" (\n{indent}    prepend apiSchemas = ["MaterialBindingAPI"]\n'
        yield f'{indent})\n{indent}{{\n{indent}    uniform token elementType = "face"\n'
        yield f'{indent}    uniform token familyName = "materialBind"\n{indent}    int[] indices = [{faces}]\n'
        yield f"{indent}    rel material:binding = </Root/_materials/m_{color[1:]}>\n{indent}}}\n"


def _triple(values: Any) -> str:
    x, y, z = values
    return f"({x:.9g}, {y:.9g}, {z:.9g})"


_WRITERS = {"glb": _write_glb, "gltf": _write_gltf, "usdz": _write_usdz}
