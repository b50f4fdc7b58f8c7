"""Objects of FCStd files that name files to be read or written outside of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

from tests.attack.freecad_packages import BOX, Property, Target, text, thing


def reads(kind: str, *properties: str, of: str = "App::PropertyString", suffix: str = "") -> Callable[[Target], Any]:
    def make(target: Target) -> list[tuple[str, str]]:
        path = str(target.brep) if suffix == ".brep" else str(target.file)
        return [BOX, thing(kind, "Reader", *(text(name, path, of) for name in properties))]

    return make


def writes(target: Target) -> list[tuple[str, str]]:
    source = ("Source", "App::PropertyLink", '<Link value="Cube"/>')
    path = text("FileName", str(target.folder / "written.stl"))
    return [thing("Mesh::Cube", "Cube"), thing("Mesh::Export", "Export", source, path, text("Format", "stl"))]


def vrml(target: Target) -> tuple[str, str]:
    def names(name: str, *values: str) -> Property:
        told = "".join(f"<String value={quoteattr(value)}/>" for value in values)
        return name, "App::PropertyStringList", f'<StringList count="{len(values)}">{told}</StringList>'

    return thing(
        "App::VRMLObject",
        "Scene",
        ("VrmlFile", "App::PropertyFileIncluded", '<FileIncluded file="scene.wrl"/>'),
        names("Urls", str(target.file)),
        names("Resources", "../" * 12 + str(target.folder / "resource")),
    )


def another_document(target: Target) -> tuple[str, str]:
    link = f'<XLink file={quoteattr(str(target.file.with_suffix(".FCStd")))} stamp="" name="Box"/>'
    return thing("App::Link", "Link", ("LinkedObject", "App::PropertyXLink", link))


def another_document_by_an_expression(target: Target) -> list[tuple[str, str]]:
    link = f'<XLink file={quoteattr(str(target.file.with_suffix(".FCStd")))} stamp="" name="Box"/>'
    engine = (
        f'<ExpressionEngine count="1" xlink="1"><XLinks count="1" docs="0">{link}</XLinks>'
        '<Expression path="Kept" expression="Other#Box.Label"/></ExpressionEngine>'
    )
    return [
        thing(
            "App::FeaturePython",
            "Follower",
            text("Kept", ""),
            ("ExpressionEngine", "App::PropertyExpressionEngine", engine),
        )
    ]


def included(name: str) -> Callable[[Target], Any]:
    def make(target: Target) -> tuple[str, str]:
        told = quoteattr(name.format(file=target.file, folder=target.folder))
        return thing(
            "Image::ImagePlane", "Image", ("ImageFile", "App::PropertyFileIncluded", f"<FileIncluded file={told}/>")
        )

    return make


FILES: dict[str, Callable[[Target], Any]] = {
    "import-brep": reads("Part::ImportBrep", "FileName", suffix=".brep"),
    "import-brep-of-another-kind": reads("Part::ImportBrep", "FileName", of="App::PropertyFile", suffix=".brep"),
    "import-step": reads("Part::ImportStep", "FileName"),
    "import-iges": reads("Part::ImportIges", "FileName"),
    "import-mesh": reads("Mesh::Import", "FileName", of="App::PropertyFile"),
    "curve-net": reads("Part::CurveNet", "FileName"),
    "export-mesh": writes,
    "vrml": vrml,
    "inventor": reads("App::InventorObject", "FileName", "Buffer"),
    "techdraw-template": reads("TechDraw::DrawSVGTemplate", "Template", of="App::PropertyFile"),
    "techdraw-hatch": reads("TechDraw::DrawHatch", "HatchPattern", of="App::PropertyFile"),
    "techdraw-pattern": reads("TechDraw::DrawGeomHatch", "FilePattern", of="App::PropertyFile"),
    "techdraw-section": reads(
        "TechDraw::DrawViewSection", "FileHatchPattern", "FileGeomPattern", of="App::PropertyFile"
    ),
    "techdraw-image": reads("TechDraw::DrawViewImage", "ImageFile", of="App::PropertyFile"),
    "techdraw-symbol": reads("TechDraw::DrawTileWeld", "SymbolFile", of="App::PropertyFile"),
    "drawing-page": reads("Drawing::FeaturePage", "Template", of="App::PropertyFile"),
    "raytracing-project": reads("Raytracing::RayProject", "Template", of="App::PropertyFile"),
    "another-document": another_document,
    "another-document-by-an-expression": another_document_by_an_expression,
    "included-from-elsewhere": included("{file}"),
    "included-from-above": included("../../../../../../../../{file}"),
    "path-in-a-property": reads("App::FeaturePython", "Where", of="App::PropertyPath"),
}
"""Objects that would read or write files outside of the package."""
