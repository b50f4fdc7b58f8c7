"""Attacks by FCStd files: what they name (code, other files), and how they hide it from a reader."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.attack.attacks import Attack, Outcome
from tests.attack.freecad_code import CODE, path_job
from tests.attack.freecad_packages import BOX, SECRET_VOLUME, SVG, Target, document, package, python, text, thing, xml
from tests.attack.freecad_paths import FILES

if TYPE_CHECKING:
    from tests.attack.field import Field


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
    """Every file of these attacks, by the name of the attack: its own name and its bytes."""
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
