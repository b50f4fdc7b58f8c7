"""Writes files. Nothing here is believed: `readback` looks at every file afterwards."""

from __future__ import annotations

import os
import zipfile
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app.scratch import scratch

MESH_FORMATS = ("stl", "obj", "ply", "3mf", "amf")


class Item:
    """One object to export: its names, and a shape or a mesh where it stands in the document."""

    def __init__(self, name: str, label: str, shape: Any | None, mesh: Any | None) -> None:
        self.name = name
        self.label = label
        self.shape = shape
        self.mesh = mesh

    @property
    def is_solid(self) -> bool:
        return self.shape is not None and bool(self.shape.Solids)

    def keep(self, folder: str, number: int) -> dict[str, Any]:
        """Put the geometry into a file for another process."""
        file = f"item{number}.{'brp' if self.shape is not None else 'bms'}"
        path = os.path.join(folder, file)
        if self.shape is not None:
            self.shape.exportBinary(path)
        elif self.mesh is not None:
            self.mesh.write(path)
        return {"name": self.name, "label": self.label, "file": file}

    @staticmethod
    def restore(folder: str, entry: dict[str, Any]) -> Item:
        path = os.path.join(folder, entry["file"])
        if entry["file"].endswith(".brp"):
            shape = Part.Shape()
            shape.importBinary(path)
            return Item(entry["name"], entry["label"], shape, None)
        import Mesh

        return Item(entry["name"], entry["label"], None, Mesh.Mesh(path))


def write_exact(format: str, path: str, items: list[Item], title: str) -> None:
    """STEP, IGES, BREP, DXF or SVG. `title` is the product's name in STEP."""
    if format in ("step", "iges"):
        _write_by_import(path, items, title)
    elif format == "brep":
        _together(items).exportBrep(path)
    elif format == "dxf":
        _write_dxf(path, items)
    else:
        _write_svg(path, items)


def _together(items: list[Item]) -> Any:
    return items[0].shape if len(items) == 1 else Part.makeCompound([item.shape for item in items])


def _features(document: Any, items: list[Item]) -> list[Any]:
    """Plain features: exporters write nothing, and say nothing, for parametric objects that are not recomputed."""
    features: list[Any] = []
    for item in items:
        feature = document.addObject("Part::Feature", item.name)
        feature.Label = item.label
        feature.Shape = item.shape
        features.append(feature)
    return features


def _write_by_import(path: str, items: list[Item], title: str) -> None:
    import Import

    with scratch(title) as document:
        Import.export(_features(document, items), path)


def _write_dxf(path: str, items: list[Item]) -> None:
    import Import

    with scratch() as document:
        Import.writeDXFObject(_features(document, items), path)


def _write_svg(path: str, items: list[Item]) -> None:
    """The view from above (-Z), hidden lines left out, 1 unit = 1 mm."""
    import TechDraw

    whole = _together(items)
    drawn = TechDraw.projectToSVG(whole, FreeCAD.Vector(0, 0, 1))
    if "<path" not in drawn and "<circle" not in drawn:
        raise AppError("degenerate_result", "Seen from above, nothing of it has an outline")
    box = whole.BoundBox
    margin = max(1.0, 0.02 * max(box.XLength, box.YLength))
    width, height = box.XLength + 2 * margin, box.YLength + 2 * margin
    names = escape(", ".join(item.label for item in items))
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{width:g}mm" height="{height:g}mm" '
            f'viewBox="{box.XMin - margin:g} {-box.YMax - margin:g} {width:g} {height:g}">\n<title>{names}</title>\n'
            # FreeCAD draws lines of 1 unit, which is a thick line in a view whose unit is the millimetre.
            + drawn.replace('stroke-width="1.0"', 'stroke-width="0.35"')
            + "\n</svg>\n"
        )


def write_mesh(format: str, path: str, meshes: list[tuple[str, Any]]) -> None:
    """STL (binary), OBJ, PLY, 3MF or AMF. OBJ, 3MF and AMF keep the objects apart, with their labels."""
    import Mesh

    if format in ("stl", "ply"):
        whole = Mesh.Mesh()
        for _, mesh in meshes:
            whole.addMesh(_placed(mesh))
        whole.write(Filename=path, Format=format.upper())
        return
    if format == "3mf":
        _write_3mf(path, [(label, _placed(mesh)) for label, mesh in meshes])
        return
    with scratch() as document:
        features: list[Any] = []
        for label, mesh in meshes:
            feature = document.addObject("Mesh::Feature", "Mesh")
            feature.Label = label
            feature.Mesh = mesh
            features.append(feature)
        Mesh.export(features, path)


def _write_3mf(path: str, meshes: list[tuple[str, Any]]) -> None:
    """One object a mesh with its name, which FreeCAD's own writer merges into one without."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _3MF_TYPES)
        archive.writestr("_rels/.rels", _3MF_RELATIONS)
        with archive.open("3D/3dmodel.model", "w", force_zip64=True) as file:
            file.write(_3MF_HEAD.encode())
            for number, (label, mesh) in enumerate(meshes, 1):
                points, facets = mesh.Topology
                file.write(f'<object id="{number}" type="model" name={quoteattr(label)}><mesh><vertices>'.encode())
                for point in points:
                    file.write(f'<vertex x="{point.x:.9g}" y="{point.y:.9g}" z="{point.z:.9g}"/>'.encode())
                file.write(b"</vertices><triangles>")
                for a, b, c in facets:
                    file.write(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>'.encode())
                file.write(b"</triangles></mesh></object>")
            items = "".join(f'<item objectid="{number}"/>' for number in range(1, len(meshes) + 1))
            file.write(f"</resources><build>{items}</build></model>".encode())


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_3MF_TYPES = (
    f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_3MF_RELATIONS = (
    f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
_3MF_HEAD = (
    f'{_XML}<model unit="millimeter" xml:lang="en-US" '
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
)


def _placed(mesh: Any) -> Any:
    """With its placement applied to the points: combining meshes ignores placements."""
    if mesh.Placement.isIdentity():
        return mesh
    copy = mesh.copy()
    matrix = copy.Placement.toMatrix()
    copy.Placement = FreeCAD.Placement()
    copy.transform(matrix)
    return copy


def write_document(path: str, document: Any, chosen: list[Any] | None) -> None:
    """The whole document, or some of its objects with all that they depend on."""
    if chosen is None:
        document.saveCopy(path)
        return
    with scratch(document.Label) as copy:
        copy.copyObject(chosen, True)
        if len(copy.Objects) < len(chosen):
            raise AppError("command_failed", f"FreeCAD copied {len(copy.Objects)} of {len(chosen)} objects")
        copy.saveCopy(path)
