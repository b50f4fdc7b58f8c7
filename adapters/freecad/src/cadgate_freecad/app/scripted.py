"""Finds scripted objects, whose recompute is Python code, and warns of those whose code is missing."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import scripting, warn
from cadgate_freecad.app import open_documents
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
"""FreeCAD's names that attach code to objects or documents, or change what recomputing and saving do."""


def because() -> str | None:
    """Return why some code may act on what calls do, as the end of a sentence, or None."""
    return None if _host is None else _host.scripted


def serve(host: Any) -> None:
    """Set the host that serves the documents."""
    global _host
    _host = host


_host: Any = None

_without_code: set[tuple[str, str]] = set()
"""Document and name of the scripted objects whose class is missing."""


def acting() -> str | None:
    """Return the first object that is recomputed by Python code, as the end of a sentence, or None."""
    _without_code.clear()
    found = None
    for document in open_documents.opened().values():
        for obj in document.Objects:
            if _is_scripted(obj):
                if obj.Proxy is None:
                    _without_code.add((document.Name, obj.Name))
                elif found is None:
                    kind = type(obj.Proxy)
                    found = f"{obj.Name!r} is computed by the Python class {kind.__module__}.{kind.__qualname__}"
    return found


def warn_of_missing_code() -> None:
    """Warn of each scripted object without its class if the running call changed it or what it is made from."""
    if not _without_code or not OBSERVER.events:
        return
    for document, name in sorted(_without_code):
        opened = open_documents.opened().get(document)
        obj = None if opened is None else opened.getObject(name)
        if obj is None or not _is_scripted(obj) or obj.Proxy is not None:
            continue
        if any((document, each.Name) in OBSERVER.events for each in (obj, *obj.OutListRecursive)):
            warn(
                "script_missing",
                f"{name!r} is a scripted object ({obj.TypeId}) whose Python class is missing, as after a restart: "
                "its properties can be set, but nothing recomputes it. Run the code that defines the class and "
                "assign it (obj.Proxy = …), or replace the object",
            )


def _is_scripted(obj: Any) -> bool:
    return bool(obj.TypeId.endswith("Python")) and hasattr(obj, "Proxy")
