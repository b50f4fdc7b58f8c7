"""Objects of FCStd files that name code: classes, modules, types, formulas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

from tests.attack.freecad_packages import BOX, Property, Target, python, text, thing


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
