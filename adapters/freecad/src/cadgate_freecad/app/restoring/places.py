"""Properties that name files or code: no route sets them, whoever made the object."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError
from cadgate_freecad.app.restoring import formulas, lists

_KINDS = ("App::PropertyFile", "App::PropertyFileIncluded", "App::PropertyPath", "App::PropertyPythonObject")
_ENDS = ("filename", "filepath", "filepattern", "hatchpattern", "urls", "resources", "template")
_TEXTS = {
    "App::FeatureTest": ("String", "ExecResult"),
    "App::FeatureTestException": ("String", "ExecResult"),
    "App::InventorObject": ("FileName", "Buffer"),
    "TechDraw::DrawViewDraft": ("LineStyle",),
    "TechDraw::DrawViewArch": ("RenderMode",),
}
"""Text properties of single types that are read as a file name, or run."""


def purpose(obj: Any, name: str) -> str | None:
    """Return what a property that no route may set does, as the end of a sentence; None for a plain value."""
    kind = obj.getTypeIdOfProperty(name)
    if kind == "App::PropertyPythonObject" or name in ("Proxy", "ExtensionProxy"):
        return "holds code"
    if name in lists.WORDS or name in _TEXTS.get(obj.TypeId, ()):
        return "names a file" if obj.TypeId == "App::InventorObject" else "names code that FreeCAD would run"
    if kind in _KINDS or name.lower().endswith(_ENDS):
        return "names a file"
    return None


def require_value(obj: Any, name: str, field: str) -> None:
    """Raise AppError `path_not_allowed` for a property that names a file or code."""
    what = purpose(obj, name) if name in obj.PropertiesList else None
    if what is not None:
        raise AppError(
            "path_not_allowed",
            f"{field}: {name!r} of {obj.Name!r} ({obj.TypeId}) {what}, so it cannot be set here: upload the file and "
            "import it, or run code that sets it, which needs the scope execute",
            {"field": field, "name": name},
        )


def expression_objection(path: str, text: str) -> str | None:
    """Return why an expression is not accepted, as the end of a sentence."""
    return formulas.path_objection(path) or formulas.objection(text)
