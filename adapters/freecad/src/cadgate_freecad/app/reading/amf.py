"""AMF, packed or not: objects, and the constellations that place them."""

from __future__ import annotations

import math
import zipfile
from array import array
from typing import Any
from xml.etree import ElementTree

from cadgate.appserver import AppError
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.transforms import IDENTITY, Transform, product
from cadgate_freecad.app.reading.units import millimetres

MOST_INSTANCES = 10_000


def part_of(archive: zipfile.ZipFile) -> str:
    """Return the AMF in a ZIP: the member with that suffix, or the only one."""
    named = [each for each in archive.namelist() if each.lower().endswith(".amf")]
    return (named or archive.namelist())[0]


def read(path: str, found: Found, name: str) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(part_of(archive)) as file:
            root = ElementTree.parse(file).getroot()
    else:
        root = ElementTree.parse(path).getroot()
    scale = millimetres(root.get("unit", "millimeter"))
    if root.find(".//color") is not None:
        found.colors_lost("The AMF file has colours")
    found.leave_out("curved edges (imported as straight)", len(root.findall(".//edge")))
    found.leave_out("textures", len(root.findall("texture")))
    objects = {node.get("id", f"#{number}"): node for number, node in enumerate(root.iter("object"))}
    meshes = {key: _mesh(node) for key, node in objects.items()}
    names = {key: _name(node) for key, node in objects.items()}
    placed = _placed(root, objects)
    for key, matrix in placed:
        if not meshes[key]:
            continue
        label = names[key] or found.stem
        moved = meshes[key].moved(matrix, scale)
        found.add("Mesh", label, mesh=moved.mesh(repr(label)))


def _name(node: Any) -> str:
    return next(
        (each.text.strip() for each in node.findall("metadata") if each.get("type") == "name" and each.text), ""
    )


def _mesh(node: Any) -> Triangles:
    points, corners = array("d"), array("i")
    try:
        for mesh in node.findall("mesh"):
            first = len(points) // 3
            for each in mesh.iterfind("vertices/vertex/coordinates"):
                points.extend([float(each.findtext(axis, "")) for axis in ("x", "y", "z")])
            for each in mesh.iterfind("volume/triangle"):
                corners.extend([int(each.findtext(key, "")) + first for key in ("v1", "v2", "v3")])
    except ValueError as error:
        raise AppError("unsupported_format", f"The AMF file has an invalid number: {error}") from None
    return Triangles(points, corners)


def _placed(root: Any, objects: dict[str, Any]) -> list[tuple[str, Transform]]:
    """Return each object's id and place: by the constellations, or as it is if none has it.

    Some programs number objects and constellations separately: an instance refers to an object first.
    """
    constellations = {node.get("id", ""): node for node in root.iter("constellation")}
    inner = {each.get("objectid", "") for node in constellations.values() for each in node.findall("instance")}
    placed: list[tuple[str, Transform]] = []

    def walk(key: str, matrix: Transform, above: tuple[str, ...]) -> None:
        if len(placed) > MOST_INSTANCES or key in above:
            raise AppError("unsupported_format", "The AMF file has circular constellations, or too many instances")
        for instance in constellations[key].findall("instance"):
            wanted, where = instance.get("objectid", ""), product(matrix, _transform(instance))
            if wanted in objects:
                placed.append((wanted, where))
            elif wanted in constellations:
                walk(wanted, where, (*above, key))

    for key in constellations:
        if key not in inner or key in objects:
            walk(key, IDENTITY, ())
    return placed + [(key, IDENTITY) for key in objects if key not in inner]


def _transform(instance: Any) -> Transform:
    """Turn about x, then y, then z, then move."""
    try:
        x, y, z = (float(instance.findtext(f"delta{axis}") or 0) for axis in "xyz")
        a, b, c = (math.radians(float(instance.findtext(f"r{axis}") or 0)) for axis in "xyz")
    except ValueError as error:
        raise AppError("unsupported_format", f"The AMF file has an invalid number: {error}") from None
    turn_x = (1.0, 0.0, 0.0, 0.0, 0.0, math.cos(a), -math.sin(a), 0.0, 0.0, math.sin(a), math.cos(a), 0.0)
    turn_y = (math.cos(b), 0.0, math.sin(b), 0.0, 0.0, 1.0, 0.0, 0.0, -math.sin(b), 0.0, math.cos(b), 0.0)
    turn_z = (math.cos(c), -math.sin(c), 0.0, x, math.sin(c), math.cos(c), 0.0, y, 0.0, 0.0, 1.0, z)
    return product(turn_z, product(turn_y, turn_x))
