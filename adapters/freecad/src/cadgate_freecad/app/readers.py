"""Reads files into shapes and meshes, each with its label, where it stands. Runs in a worker: importers may crash."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from typing import Any, Iterator
from xml.etree import ElementTree

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, versions
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import words
from cadgate_freecad.app.writers import Item


def read(format: str, path: str, label: str) -> list[Item]:
    """Everything in the file. Raises AppError `unsupported_format` or `degenerate_result`."""
    with _named(path, format) as named:
        try:
            items = _READERS[format](named, label)
        except AppError:
            raise
        except Exception as error:
            raise AppError(
                "unsupported_format", f"FreeCAD cannot read this {format.upper()} file: {words(error)}"
            ) from error
    items = [item for item in items if _is_something(item)]
    if not items:
        raise AppError("degenerate_result", f"The {format.upper()} file was read, and there is nothing in it")
    return items


def _is_something(item: Item) -> bool:
    if item.shape is not None:
        return not item.shape.isNull() and item.shape.BoundBox.isValid()
    return item.mesh is not None and item.mesh.CountFacets > 0


@contextmanager
def _named(path: str, format: str) -> Iterator[str]:
    """The file under a name with the suffix that FreeCAD's importers go by."""
    folder = tempfile.mkdtemp()
    try:
        named = os.path.join(folder, f"file.{format}")
        os.symlink(os.path.abspath(path), named)
        yield named
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_by_import(path: str, label: str) -> list[Item]:
    """STEP and IGES with their names. What the document holds is compared with the bare geometry of the file."""
    bare = Part.Shape()
    bare.read(path)
    if bare.isNull():
        return []
    with scratch() as document:
        versions.insert(path, document.Name)
        items = list(_leaves(document, label))
    whole, found = _size(bare), sum(_size(item.shape) for item in items)
    if abs(whole - found) > 1e-6 * max(whole, found):
        # Names are lost, geometry is not.
        return [Item("Import", label, bare, None)]
    return items


def _size(shape: Any) -> float:
    return shapes.volume(shape) or (shape.Area if shape.Faces else sum(edge.Length for edge in shape.Edges))


def _leaves(document: Any, label: str) -> Iterator[Item]:
    """The shapes of a document as they stand in it, without the groups and links that hold them."""
    for root in document.RootObjects:
        yield from _below(root, "", label)


def _below(root: Any, path: str, label: str) -> Iterator[Item]:
    document_name = root.Document.Name
    obj = root.getSubObject(path, 1) if path else root
    if obj is None or obj.TypeId in ("App::Origin", "App::Line", "App::Plane", "App::Point"):
        return
    linked = obj.getLinkedObject(True)
    is_group = linked.hasExtension("App::GroupExtension") or linked.isDerivedFrom("App::LinkGroup")
    if is_group and not linked.isDerivedFrom("Part::Feature"):
        for name in linked.getSubObjects():
            yield from _below(root, path + name, label)
        return
    shape = Part.getShape(root, path) if path else shapes.shape_of(obj)
    if shape is not None and not shape.isNull():
        generated = obj.Label in ("", "Part__Feature", "Solid", "Shape", document_name) or obj.Label.startswith(
            "Open CASCADE"
        )
        yield Item(linked.Name, label if generated else obj.Label, shape, None)


def _read_brep(path: str, label: str) -> list[Item]:
    shape = Part.Shape()
    shape.read(path)
    return [Item("Import", label, shape, None)]


def _read_dxf(path: str, label: str) -> list[Item]:
    import Import

    with scratch() as document:
        Import.readDXF(path, document.Name)
        found = [shapes.shape_of(obj) for obj in document.Objects]
        edges = [shape.copy() for shape in found if shape is not None]
    return [Item("Drawing", label, Part.makeCompound(edges), None)] if edges else []


def _read_mesh(path: str, label: str) -> list[Item]:
    import Mesh

    with scratch() as document:
        Mesh.insert(path, document.Name)
        read = [(obj.Label, obj.Mesh.copy()) for obj in document.Objects if hasattr(obj, "Mesh")]
    single = len(read) == 1
    return [Item("Mesh", label if single or name.startswith("file") else name, None, mesh) for name, mesh in read]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


_UNITS = {
    "micron": 0.001,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "meter": 1000.0,
    "inch": 25.4,
    "foot": 304.8,
    "feet": 304.8,
}


def _read_3mf(path: str, label: str) -> list[Item]:
    with zipfile.ZipFile(path) as archive:
        part = next(name for name in archive.namelist() if name.lower().endswith(".model"))
        with archive.open(part) as file:
            root = ElementTree.parse(file).getroot()
    scale = _UNITS.get(root.get("unit", "millimeter"), 1.0)
    objects: dict[str, Any] = {}
    for node in root.iter():
        if _local(node.tag) == "object":
            points = [_point(each, scale) for each in node.iter() if _local(each.tag) == "vertex"]
            faces = [
                tuple(points[int(each.get(key, ""))] for key in ("v1", "v2", "v3"))
                for each in node.iter()
                if _local(each.tag) == "triangle"
            ]
            objects[node.get("id", "")] = (node.get("name") or label, faces)
    items: list[Item] = []
    for node in root.iter():
        if _local(node.tag) == "item" and node.get("objectid") in objects:
            name, faces = objects[node.get("objectid", "")]
            items.append(Item("Mesh", name, None, _mesh(faces, node.get("transform"), scale)))
    return items


def _point(node: Any, scale: float) -> Any:
    return FreeCAD.Vector(*(float(node.get(axis, "")) * scale for axis in ("x", "y", "z")))


def _mesh(faces: list[Any], transform: str | None, scale: float) -> Any:
    import Mesh

    mesh = Mesh.Mesh([corner for face in faces for corner in face])
    if transform:
        m = [float(part) for part in transform.split()]
        x, y, z = (part * scale for part in m[9:12])
        mesh.transform(FreeCAD.Matrix(m[0], m[3], m[6], x, m[1], m[4], m[7], y, m[2], m[5], m[8], z, 0, 0, 0, 1))
    return mesh


def _read_amf(path: str, label: str) -> list[Item]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            root = ElementTree.parse(file).getroot()
    else:
        root = ElementTree.parse(path).getroot()
    scale = _UNITS.get(root.get("unit", "millimeter"), 1.0)
    items: list[Item] = []
    for node in root.iter("object"):
        points = [
            FreeCAD.Vector(*(float(each.findtext(axis, "")) * scale for axis in ("x", "y", "z")))
            for each in node.iter("coordinates")
        ]
        faces = [
            tuple(points[int(each.findtext(key, ""))] for key in ("v1", "v2", "v3")) for each in node.iter("triangle")
        ]
        name = next((each.text for each in node.iter("metadata") if each.get("type") == "name" and each.text), label)
        items.append(Item("Mesh", name, None, _mesh(faces, None, scale)))
    return items


_READERS = {
    "step": _read_by_import,
    "iges": _read_by_import,
    "brep": _read_brep,
    "stl": _read_mesh,
    "obj": _read_mesh,
    "ply": _read_mesh,
    "off": _read_mesh,
    "3mf": _read_3mf,
    "amf": _read_amf,
    "dxf": _read_dxf,
}
