"""Documents: which one a call works in, and how they are described."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import current, not_found


class Active:
    """The gateway's active document, by name: what a call without `document` works in."""

    name: str | None = None


def find(name: str) -> Any:
    """The open document `name`. Raises AppError `document_not_found`."""
    documents = FreeCAD.listDocuments()
    if name not in documents:
        raise not_found("document", name, documents)
    return documents[name]


def target() -> Any:
    """The document that the running call works in: the one it names, or the active one, made where there is none."""
    name = current().context.get("document")
    return find(name) if name is not None else active()


def active() -> Any:
    """The active document; the first one where that was closed, a new one where none is open."""
    documents = FreeCAD.listDocuments()
    document = documents.get(Active.name) if Active.name else None
    if document is None:
        document = next(iter(documents.values())) if documents else create("Unnamed", "Unnamed")
    return activate(document)


def activate(document: Any) -> Any:
    """Make `document` the active one, for the gateway and for `App.ActiveDocument`."""
    Active.name = document.Name
    if FreeCAD.ActiveDocument is None or FreeCAD.ActiveDocument.Name != document.Name:
        FreeCAD.setActiveDocument(document.Name)
    return document


def create(name: str, label: str) -> Any:
    """A new document; the active one stays what it was, unless this is the first."""
    document = FreeCAD.newDocument(name)
    document.UndoMode = 1
    document.Label = label
    if Active.name is None or Active.name not in FreeCAD.listDocuments():
        Active.name = document.Name
    FreeCAD.setActiveDocument(Active.name)
    return document


def entry(document: Any) -> dict[str, Any]:
    """What the gateway says of a document."""
    return {
        "name": document.Name,
        "label": document.Label,
        "objects": len(document.Objects),
        "active": document.Name == Active.name,
    }
