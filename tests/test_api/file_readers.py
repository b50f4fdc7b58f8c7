"""Readers that have nothing of FreeCAD: another OpenCASCADE for exact files, trimesh and plain XML for meshes."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import trimesh
from OCP.Bnd import Bnd_Box
from OCP.BRep import BRep_Builder
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepGProp import BRepGProp
from OCP.BRepTools import BRepTools
from OCP.collections import Sequence_TDF_Label
from OCP.GProp import GProp_GProps
from OCP.IGESControl import IGESControl_Reader
from OCP.STEPCAFControl import STEPCAFControl_Reader
from OCP.STEPControl import STEPControl_Reader
from OCP.TCollection import TCollection_ExtendedString
from OCP.TDataStd import TDataStd_Name
from OCP.TDF import TDF_Label
from OCP.TDocStd import TDocStd_Document
from OCP.TopAbs import TopAbs_SOLID
from OCP.TopExp import TopExp_Explorer
from OCP.TopoDS import TopoDS_Shape
from OCP.XCAFDoc import XCAFDoc_DocumentTool


class Solid:
    """Measures of a shape by the second kernel."""

    def __init__(self, shape: Any) -> None:
        properties = GProp_GProps()
        BRepGProp.VolumeProperties_s(shape, properties)
        self.volume = properties.Mass()
        center = properties.CentreOfMass()
        self.center = [center.X(), center.Y(), center.Z()]
        bounds = Bnd_Box()
        BRepBndLib.AddOptimal_s(shape, bounds, False, False)
        low, high = bounds.CornerMin(), bounds.CornerMax()
        self.low, self.high = [low.X(), low.Y(), low.Z()], [high.X(), high.Y(), high.Z()]
        explorer = TopExp_Explorer(shape, TopAbs_SOLID)
        self.solids = 0
        while explorer.More():
            self.solids += 1
            explorer.Next()


def read_exact(path: Path, format: str) -> Solid:
    """A STEP, IGES or BREP file."""
    if format == "brep":
        shape = TopoDS_Shape()
        assert BRepTools.Read_s(shape, str(path), BRep_Builder())
        return Solid(shape)
    reader = STEPControl_Reader() if format == "step" else IGESControl_Reader()
    assert reader.ReadFile(str(path)).name == "IFSelect_RetDone"
    reader.TransferRoots()
    return Solid(reader.OneShape())


def step_names(path: Path) -> list[tuple[int, str]]:
    """(depth, name) of each product of a STEP file."""
    document = TDocStd_Document(TCollection_ExtendedString("test"))
    reader = STEPCAFControl_Reader()
    reader.SetNameMode(True)
    assert reader.ReadFile(str(path)).name == "IFSelect_RetDone"
    assert reader.Transfer(document)
    tool = XCAFDoc_DocumentTool.ShapeTool_s(document.Main())
    found: list[tuple[int, str]] = []

    def walk(label: Any, depth: int) -> None:
        name = TDataStd_Name()
        assert label.FindAttribute(TDataStd_Name.GetID_s(), name)
        found.append((depth, name.Get().ToExtString()))
        parts = Sequence_TDF_Label()
        tool.GetComponents_s(label, parts)
        for number in range(1, parts.Length() + 1):
            referred = TDF_Label()
            assert tool.GetReferredShape_s(parts.Value(number), referred)
            walk(referred, depth + 1)

    roots = Sequence_TDF_Label()
    tool.GetFreeShapes(roots)
    for number in range(1, roots.Length() + 1):
        walk(roots.Value(number), 0)
    return found


def read_mesh(data: bytes, format: str) -> dict[str, trimesh.Trimesh]:
    """The meshes of a file by name, with the points as they are in it; STL and PLY have one without a name."""
    if format in ("stl", "ply"):
        mesh: Any = trimesh.load(BytesIO(data), file_type=format, process=False, force="mesh")
        if format == "stl":
            mesh.merge_vertices()  # the format repeats each point
        return {"": mesh}
    if format == "obj":
        return _read_obj(data.decode())
    with zipfile.ZipFile(BytesIO(data)) as archive:
        part = "3D/3dmodel.model" if format == "3mf" else archive.namelist()[0]
        root = ElementTree.fromstring(archive.read(part))
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    assert root.get("unit") == "millimeter"
    found: dict[str, trimesh.Trimesh] = {}
    for node in root.iter("object"):
        if format == "3mf":
            name = node.get("name", "")
            points = [[float(each.get(axis, "")) for axis in "xyz"] for each in node.iter("vertex")]
            faces = [[int(each.get(key, "")) for key in ("v1", "v2", "v3")] for each in node.iter("triangle")]
        else:
            name = next(each.text or "" for each in node.iter("metadata") if each.get("type") == "name")
            points = [[float(each.findtext(axis, "")) for axis in "xyz"] for each in node.iter("coordinates")]
            faces = [[int(each.findtext(key, "")) for key in ("v1", "v2", "v3")] for each in node.iter("triangle")]
        found[name] = trimesh.Trimesh(points, faces, process=False)
    return found


def _read_obj(text: str) -> dict[str, trimesh.Trimesh]:
    """An object begins with `o`, as Blender reads it."""
    points: list[list[float]] = []
    faces: dict[str, list[list[int]]] = {}
    name = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "o":
            name = rest
        elif kind == "v":
            points.append([float(part) for part in rest.split()])
        elif kind == "f":
            faces.setdefault(name, []).append([int(part) - 1 for part in rest.split()])
    found = {name: trimesh.Trimesh(points, each, process=False) for name, each in faces.items()}
    for mesh in found.values():
        mesh.remove_unreferenced_vertices()
    return found
