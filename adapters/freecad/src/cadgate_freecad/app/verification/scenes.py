"""Reads scene files again: names, colours, counts and extents, and whether the triangles enclose the solids."""

from __future__ import annotations

import base64
import json
import re
import struct
import zipfile
from collections import Counter
from typing import Any

from cadgate_freecad.app import attributes, scenes, shapes
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.triangles import Triangles
from cadgate_freecad.app.verification.files import check_written, lost
from cadgate_freecad.app.verification.mesh_files import check_meshed


def check(
    format: str, path: str, items: list[Item], patches: list[list[scenes.Patch]], linear: float, verify: str
) -> list[dict[str, str]]:
    """Return warnings about gaps. Raises AppError if the file is not what was to be written."""
    check_written(format, path)
    warnings: list[dict[str, str]] = []
    for item, of_item in zip(items, patches):
        whole = Triangles()
        for each in of_item:
            whole.add(Triangles(each.points, each.facets))
        size = max(attributes.box(item.shape).DiagonalLength, 1e-6) if item.shape is not None else 1.0
        warning = check_meshed(item, whole.welded(1e-7 * size), linear, verify)
        if warning is not None:
            warnings.append(warning)
    wanted = Counter(each.label for each in _nodes(scenes.tree(items)))
    facets = sum(len(each.facets) for of_item in patches for each in of_item)
    names, triangles = _read_usdz(path) if format == "usdz" else _read_gltf(format, path, items)
    if names != wanted:
        missing = sorted((wanted - names).elements()) or sorted((names - wanted).elements())
        raise lost(format, f"its names differ: {missing[:3]}")
    if triangles != facets:
        raise lost(format, f"it has {triangles} triangles instead of {facets}")
    return warnings


def _nodes(nodes: list[scenes.Node]) -> list[scenes.Node]:
    return [each for node in nodes for each in (node, *_nodes(node.children))]


def _read_gltf(format: str, path: str, items: list[Item]) -> tuple[Counter[str], int]:
    with open(path, "rb") as file:
        data = file.read()
    if format == "glb":
        magic, version, length = struct.unpack_from("<4sII", data)
        if (magic, version, length) != (b"glTF", 2, len(data)):
            raise lost(format, "its header is wrong")
        size = struct.unpack_from("<I", data, 12)[0]
        document: dict[str, Any] = json.loads(data[20 : 20 + size])
        binary = data[28 + size :]
    else:
        document = json.loads(data)
        binary = base64.b64decode(document["buffers"][0]["uri"].split(",", 1)[1])
    if document["buffers"][0]["byteLength"] > len(binary):
        raise lost(format, "its buffer is cut off")
    triangles = 0
    for mesh in document["meshes"]:
        for primitive in mesh["primitives"]:
            indices = document["accessors"][primitive["indices"]]
            count = document["accessors"][primitive["attributes"]["POSITION"]]["count"]
            view = document["bufferViews"][indices["bufferView"]]
            numbers = struct.unpack_from(f"<{indices['count']}I", binary, view["byteOffset"])
            if max(numbers) >= count:
                raise lost(format, "a triangle has a corner that is not there")
            triangles += indices["count"] // 3
    _check_extents(format, document, items)
    return Counter(node["name"] for node in document["nodes"]), triangles


def _check_extents(format: str, document: dict[str, Any], items: list[Item]) -> None:
    meshes = [node["mesh"] for node in document["nodes"] if "mesh" in node]
    for item, mesh in zip(_in_order(items), meshes):
        mesh_of_it: Any = item.mesh
        box: Any = attributes.box(mesh_of_it) if item.shape is None else shapes.bounding_box(item.shape)
        accessors = [document["accessors"][p["attributes"]["POSITION"]] for p in document["meshes"][mesh]["primitives"]]
        low = [min(each["min"][axis] for each in accessors) * 1000 for axis in range(3)]
        high = [max(each["max"][axis] for each in accessors) * 1000 for axis in range(3)]
        slack = 1e-3 * box.DiagonalLength + 1e-6 * max(map(abs, (*low, *high)))
        wide = ((box.XMin, low[0]), (box.ZMin, low[1]), (-box.YMax, low[2]))
        wide += ((high[0], box.XMax), (high[1], box.ZMax), (high[2], -box.YMin))
        if any(one > other + slack for one, other in wide):
            raise lost(format, f"{item.label!r} is in another place")


def _in_order(items: list[Item]) -> list[Item]:
    return [items[each.item] for each in _nodes(scenes.tree(items)) if each.item is not None]


def _read_usdz(path: str) -> tuple[Counter[str], int]:
    with zipfile.ZipFile(path) as archive:
        [info] = archive.infolist()
        text = archive.read(info).decode("utf-8")
    names = Counter(json.loads(each) for each in re.findall(r"displayName = (\".*\")\n", text))
    counts = re.findall(r"int\[\] faceVertexCounts = \[([^\]]*)\]", text)
    return names, sum(each.count("3") for each in counts)
