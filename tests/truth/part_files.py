"""Exported CAD files, read by other programs than the one that wrote them."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import trimesh
from numpy.typing import NDArray
from OCP.BRep import BRep_Builder
from OCP.BRepTools import BRepTools
from OCP.IGESControl import IGESControl_Reader
from OCP.Message import Message
from OCP.STEPControl import STEPControl_Reader
from OCP.TopoDS import TopoDS_Shape

from tests.truth.kernel import Measures, measure

EXACT = ("step", "brep", "fcstd")

# The readers' own progress reports are not for the terminal.
Message.DefaultMessenger_s().ChangePrinters().Clear()


class Unreadable(Exception):
    """An independent reader cannot read the file."""


def read_exact(format: str, path: Path, name: str) -> Measures:
    """What an exact file holds; of an FCStd the object `name`."""
    if format == "fcstd":
        path = _unpacked(path, name)
    if format in ("brep", "fcstd"):
        shape, builder = TopoDS_Shape(), BRep_Builder()
        if not BRepTools.Read_s(shape, str(path), builder):
            raise Unreadable("no shape in the BREP")
        return measure(shape)
    reader = STEPControl_Reader() if format == "step" else IGESControl_Reader()
    reader.ReadFile(str(path))
    reader.TransferRoots()
    return measure(reader.OneShape())


def _unpacked(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("Document.xml"))
        for obj in root.iterfind("./ObjectData/Object"):
            part = obj.find("./Properties/Property[@name='Shape']/Part")
            if obj.get("name") == name and part is not None:
                target = path.with_suffix(".brp")
                target.write_bytes(archive.read(part.attrib["file"]))
                return target
    raise Unreadable(f"no shape of {name} in the FCStd")


def read_mesh(format: str, path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points and triangles, joined only where the file itself shares a point."""
    if format in ("stl", "obj", "ply"):
        mesh = trimesh.load_mesh(path, file_type=format, process=False, maintain_order=True)
        return np.asarray(mesh.vertices, float), np.asarray(mesh.faces)
    data = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inner = next(one for one in archive.namelist() if one.lower().endswith((".model", ".amf")))
            data = archive.read(inner)
    root = ElementTree.fromstring(data)
    found, triangles, offset = [], [], 0
    for mesh in (one for one in root.iter() if one.tag.rpartition("}")[2] == "mesh"):
        points = [_point(one) for one in mesh.iter() if one.tag.rpartition("}")[2] == "vertex"]
        faces = [_corners(one) for one in mesh.iter() if one.tag.rpartition("}")[2] == "triangle"]
        found += points
        triangles += [[corner + offset for corner in face] for face in faces]
        offset += len(points)
    return np.array(found, float), np.array(triangles)


def _point(vertex: ElementTree.Element) -> list[float]:
    if vertex.attrib:
        return [float(vertex.attrib[axis]) for axis in "xyz"]
    return [float(vertex.findtext(f"coordinates/{axis}", "nan")) for axis in "xyz"]


def _corners(triangle: ElementTree.Element) -> list[int]:
    if triangle.attrib:
        return [int(triangle.attrib[key]) for key in ("v1", "v2", "v3")]
    return [int(triangle.findtext(key, "-1")) for key in ("v1", "v2", "v3")]


def signed_volume(points: NDArray[np.float64], faces: NDArray[np.int64]) -> float:
    """Above 0 where the triangles of a closed mesh run counter-clockwise, seen from outside."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def open_edges(faces: NDArray[np.int64]) -> int:
    """How many edges do not have as many triangles on one side as on the other, by the indices of their points."""
    count: Counter[tuple[int, int]] = Counter()
    for start, end in _edges(faces):
        count[min(start, end), max(start, end)] += 1 if start < end else -1
    return sum(1 for balance in count.values() if balance)


def is_manifold(faces: NDArray[np.int64]) -> bool:
    """Whether each edge has just two triangles: a solid that touches itself along an edge has four there."""
    count = Counter((min(edge), max(edge)) for edge in _edges(faces))
    return all(number == 2 for number in count.values())


def _edges(faces: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for a, b, c in faces.tolist():
        yield from ((a, b), (b, c), (c, a))


def merged(points: NDArray[np.float64], faces: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same with equal points joined: an STL has no indices of its own."""
    unique, inverse = np.unique(points, axis=0, return_inverse=True)
    return unique, inverse.reshape(-1)[faces]
