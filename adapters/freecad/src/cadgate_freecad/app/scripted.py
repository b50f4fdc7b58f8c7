"""Scripted objects: those whose recompute is Python code, found where that is there, and told where it is not."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import scripting, warn
from cadgate_freecad.app import documents
from cadgate_freecad.app.observer import OBSERVER

MODULES = (
    scripting.MODULES
    | {"BOPTools", "Draft", "DraftVecUtils", "FreeCAD", "Mesh", "MeshPart", "Part", "numpy"}
    | {
        *("Import", "PartDesign", "Sketcher", "Spreadsheet"),
    }
)
WORDS = scripting.WORDS | {
    *("ExtensionProxy", "ParamGet", "Proxy", "RecomputesFrozen", "UndoMode", "addDocumentObserver", "addExportType"),
    *("addExtension", "addImportType", "addModule", "removeDocumentObserver", "setActiveTransaction"),
    *("closeActiveTransaction", "addCommand", "addWorkbench", "changeExportModule", "changeImportModule"),
}
"""Of FreeCAD: what attaches somebody's code to objects or documents, or changes what recomputing and saving do."""


def because() -> str | None:
    """Why somebody's code may act on what calls do, as the end of a sentence; None where none does."""
    return None if _host is None else _host.scripted


def serve(host: Any) -> None:
    """Tell this module which host serves the documents."""
    global _host
    _host = host


_host: Any = None

_without_code: set[tuple[str, str]] = set()
"""Document and name of the scripted objects whose class is not there."""


def acting() -> str | None:
    """The first object that somebody's code recomputes, as the end of a sentence; None for none."""
    _without_code.clear()
    found = None
    for document in documents.opened().values():
        for obj in document.Objects:
            if _is_scripted(obj):
                if obj.Proxy is None:
                    _without_code.add((document.Name, obj.Name))
                elif found is None:
                    kind = type(obj.Proxy)
                    found = f"{obj.Name!r} is computed by the Python class {kind.__module__}.{kind.__qualname__}"
    return found


def warn_of_missing_code() -> None:
    """Warn of each scripted object without its class that the running call changed, or changed what it is made from."""
    if not _without_code or not OBSERVER.events:
        return
    for document, name in sorted(_without_code):
        opened = documents.opened().get(document)
        obj = None if opened is None else opened.getObject(name)
        if obj is None or not _is_scripted(obj) or obj.Proxy is not None:
            continue
        if any((document, each.Name) in OBSERVER.events for each in (obj, *obj.OutListRecursive)):
            warn(
                "script_missing",
                f"{name!r} is a scripted object ({obj.TypeId}) whose Python class is not there, as after a restart: "
                "its properties can be set, but nothing computes it anew. Run the code that defines the class and "
                "assign it (obj.Proxy = …), or replace the object",
            )


def _is_scripted(obj: Any) -> bool:
    return bool(obj.TypeId.endswith("Python")) and hasattr(obj, "Proxy")
