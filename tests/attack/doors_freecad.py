"""Attacks on FreeCAD's newer doors: types, expressions, parameters, tables of variants, texts of drawings."""

from __future__ import annotations

from typing import Any

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field

CLOSED = (
    *(
        "App::FeaturePython",
        "Part::FeaturePython",
        "App::DocumentObjectGroupPython",
        "App::LinkPython",
        "Path::Feature",
    ),
    *(
        "Path::FeatureCompoundPython",
        "Mesh::Import",
        "Mesh::Export",
        "Points::Import",
        "Points::Export",
        "Part::ImportBrep",
    ),
    *("Part::ImportStep", "Part::ImportIges", "App::VRMLObject", "App::InventorObject", "TechDraw::DrawViewDraft"),
    *("TechDraw::DrawViewArch", "App::DocumentObjectFileIncluded", "Fem::FemSolverObject", "Drawing::FeatureView"),
    *("Raytracing::RayProject", "Robot::RobotObject", "Part::CurveNet", "App::PropertyPythonObject", "os.system"),
)
"""Types that run Python or programs, or read and write files."""


def _properties(field: Field) -> list[tuple[str, dict[str, Any]]]:
    """Properties that name files or code, and types that are open."""
    file, folder, python = str(field.canary.file), str(field.canary.folder), field.canary.python
    return [
        ("TechDraw::DrawViewImage", {"ImageFile": file}),
        ("TechDraw::DrawViewImage", {"ImageIncluded": file}),
        ("TechDraw::DrawSVGTemplate", {"Template": file}),
        ("TechDraw::DrawSVGTemplate", {"PageResult": f"{folder}/page.svg"}),
        ("TechDraw::DrawHatch", {"HatchPattern": file}),
        ("TechDraw::DrawHatch", {"SvgIncluded": file}),
        ("TechDraw::DrawGeomHatch", {"FilePattern": file}),
        ("TechDraw::DrawTileWeld", {"SymbolFile": file}),
        ("TechDraw::DrawPage", {"Template": file}),
        ("Image::ImagePlane", {"ImageFile": file}),
        ("Part::Feature", {"Shape": file}),
        ("Part::Box", {"Proxy": python}),
        ("Part::Box", {"AttacherType": "os::system"}),
        ("Part::Face", {"FaceMakerClass": "os::system"}),
        ("Part::Extrusion", {"FaceMakerClass": python}),
        ("Part::Box", {"ExpressionEngine": [["Length", python]]}),
        ("Spreadsheet::Sheet", {"cells": {"A1": f"={python}"}}),
        ("App::Link", {"LinkedObject": f"{file}#Box"}),
        ("App::Link", {"LinkExecute": python}),
    ]


def types(field: Field) -> Outcome:
    """Objects of types that reach files or code, and values that do."""
    tried = 0
    with field.client("/api/v1/freecad") as client:
        for kind in CLOSED:
            for given in ({}, {"FileName": str(field.canary.file)}):
                tried += 1
                if client.post("/objects", json={"type": kind, "properties": given}).is_success:
                    return broke(f"a {kind} was made")
        for kind, given in _properties(field):
            tried += 1
            if client.post("/objects", json={"type": kind, "properties": given}).is_success:
                return broke(f"{kind} with {given} was made")
            made = client.post("/objects", json={"type": kind, "properties": {}})
            if made.is_success:
                name = made.json()["result"]["name"]
                if client.patch(f"/objects/{name}", json={"properties": given}).is_success:
                    return broke(f"{given} of a {kind} was set")
        picture = f"<svg><image href='file://{field.canary.file}'/></svg>"
        client.post("/objects", json={"type": "TechDraw::DrawViewSymbol", "properties": {"Symbol": picture}})
        client.post("/objects", json={"type": "TechDraw::DrawRichAnno", "properties": {"AnnoText": picture}})
    field.use("freecad")
    return field.assert_quiet(f"refused, {tried} times", "freecad")


def _expressions(field: Field) -> list[str]:
    file, folder = field.canary.file, field.canary.folder
    return [
        f"_py.os.system(<<touch {folder}/made>>)",
        f"<<_py>>.os.system(<<touch {folder}/made>>)",
        *(
            "_app.activeDocument()",
            "_part",
            "_self",
            "Box._self.Document",
            "Box.Proxy",
            "Box.<<Proxy>>",
            "Box.Document",
        ),
        *(
            "Field#Box.Length",
            "<<Field>>#Box.Length",
            f"<<{file}>>#Box.Length",
            "Box.__class__",
            "Box.Length.__class__",
        ),
        f"Box.Shape.exportBrep(<<{folder}/made>>)",
        f"Box.Shape.exportBrep\t(<<{folder}/made>>)",
        f"Box . Shape . exportBrep\n(<<{folder}/made>>)",
        f"(Box.Shape).exportStep (<<{folder}/made>>)",
        f"href(Box.Shape.exportBrep)(<<{folder}/made>>)",
        *(
            "import os",
            "eval(<<1>>)",
            "open(<<x>>)",
            "lambda x: 1",
            "for i in range(3): i",
            "del Box",
            "Box.Length = 1",
        ),
        *(
            "list(1;2)[0].__class__",
            "str(1).__class__",
            "create(<<os>>; 1)",
            "parsequant(<<_py>>)",
            "print(1)",
            "a if b else c",
        ),
        f"=WEBSERVICE(<<file://{file}>>)",
        f"=cmd|' /C touch {folder}/made'!A0",
        f"hiddenref(_py.os.system(<<touch {folder}/made>>))",
    ]


def expressions(field: Field) -> Outcome:
    """Expressions that reach Python, other documents or files: of objects, parameters, units, features, variants."""
    with field.client("/api/v1/freecad", scopes="read,write") as owner:
        owner.post("/primitives/box", json={"name": "Box"})
        owner.patch("/parameters", json={"width": {"value": 1}})
    tried = 0
    with field.client("/api/v1") as client:
        for text in _expressions(field):
            row = {"name": "row", "parameters": {"width": text[:64]}}
            table = client.post("/artifacts", files={"file": ("t.csv", f'name,width\nx,"{text}"\n'.encode())})
            artifact = table.json()["result"]["id"] if table.is_success else "0" * 32
            sketch = {"geometry": [{"type": "circle", "radius": 1}], "expressions": {"Placement.Base.x": text}}
            answers = [
                client.patch("/freecad/objects/Box", json={"expressions": {"Length": text}}),
                client.patch("/freecad/objects/Box", json={"expressions": {text: "1"}}),
                client.patch("/freecad/objects/Box", json={"properties": {"Length": text}}),
                client.post("/freecad/primitives/box", json={"length": text}),
                client.post("/freecad/objects", json={"type": "Part::Box", "expressions": {"Length": text}}),
                client.patch("/freecad/parameters", json={"p": {"expression": text}}),
                client.put("/freecad/parameters", json={"q": {"value": 1, "unit": text}}),
                client.patch("/freecad/parameters", json={text: {"value": 1}}),
                client.post("/freecad/sketches", json=sketch),
            ]
            for sent in ({"rows": [row]}, {"table": artifact}):
                answer = client.post("/freecad/variants", json={**sent, "objects": ["Box"], "exports": ["stl"]})
                if answer.status_code == 202:
                    job = client.get(f"{answer.headers['location'].removeprefix('/api/v1')}?wait=60").json()
                    done = (job.get("result") or {}).get("result") or {"rows": []}
                    if any(each["error"] is None for each in done["rows"]):
                        return broke(f"a variant was computed with {text!r}")
            tried += len(answers) + 2
            if done := [each for each in answers if each.is_success]:
                return broke(f"{done[0].request.url.path} accepted {text!r}")
            client.patch("/freecad/parameters", json={"d": {"value": 1, "description": f"={text}"[:200]}})
    field.use("freecad")
    return field.assert_quiet(f"refused, {tried} times; descriptions are texts", "freecad")


def drawings(field: Field) -> Outcome:
    """Texts of a title block, a name and a label that are markup of SVG, PDF and DXF."""
    file = field.canary.file
    texts = [
        f'</text><image xlink:href="file://{file}"/><script>1</script>&x;',
        f'<!ENTITY x SYSTEM "file://{file}">',
        "a) Tj ET q (b",
        ")/AA<</O<</S/JavaScript/JS(1)>>>>(",
        "%%EOF",
        "0 SECTION",
        "{\\field{\\*\\fldinst INCLUDE}}",
        "%<\\AcVar filename>%",
    ]
    with field.client("/api/v1/freecad", scopes="read,write") as owner:
        owner.post("/primitives/box", json={"name": "Box", "label": texts[0]})
    with field.client("/api/v1/freecad") as client:
        for number, text in enumerate(texts):
            title = {"title": text, "drawn_by": text, "material": text}
            made = client.post(
                "/drawings", json={"name": f"D{number}", "objects": ["Box"], "views": ["front"], "title": title}
            )
            for format in ("svg", "pdf", "dxf"):
                sent = client.post("/export", json={"objects": [f"D{number}"], "format": format})
                if not made.is_success or not sent.is_success or not field.may_read:
                    continue
                artifact = sent.json()["result"]["artifact"]["id"]
                with field.client() as reader:
                    content = reader.get(f"/artifacts/{artifact}").content
                if format == "svg" and (b"<image" in content or b"<script" in content or b"<!ENTITY" in content):
                    return broke(f"the title {text!r} became markup in the SVG")
                if format == "pdf" and (b"/JavaScript" in content.replace(b"\\(", b"").split(b"stream")[0]):
                    return broke(f"the title {text!r} became a part of the PDF")
        client.post("/look", json={"labels": True, "highlight": ["Box"], "objects": ["Box"], "size": 256})
    return field.assert_quiet("texts are texts", "freecad")


ATTACKS = [
    Attack("types-that-reach-files-and-code", "types", "freecad", types),
    Attack("expressions-that-reach-python", "types", "freecad", expressions),
    Attack("drawings-with-markup", "types", "freecad", drawings),
]
