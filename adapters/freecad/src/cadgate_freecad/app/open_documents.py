"""The open documents: which one a call works in, and which is active."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import Any, ContextManager, Generator

import FreeCAD

from cadgate.appserver import current, not_found
from cadgate_freecad.app.observer import OBSERVER


class Active:
    """The gateway's active document, by name: a call without `document` works in it."""

    name: str | None = None


def find(name: str) -> Any:
    """Return the open document `name`. Raises AppError `document_not_found`."""
    documents = opened()
    if name not in documents:
        raise not_found("document", name, documents)
    return documents[name]


def opened() -> dict[str, Any]:
    """Return the open documents by name, the oldest first."""
    documents = FreeCAD.listDocuments()
    return {name: documents[name] for name in OBSERVER.documents if name in documents}


def standing() -> Any:
    """Return the open documents, their labels, and the active one: no transaction of FreeCAD undoes these."""
    return Active.name, [(name, document.Label) for name, document in opened().items()]


def target() -> Any:
    """Return the document for the running call: the one it names, or the active one, created if there is none."""
    name = named()
    return active() if name is None else find(name)


def named() -> str | None:
    """Return the open document that the running call names, or None."""
    name = current().context.get("document")
    return None if name is None else str(find(name).Name)


def working_in_the_named() -> ContextManager[None]:
    """Temporarily make the document that the running call names FreeCAD's active one.

    A change elsewhere makes FreeCAD commit an empty transaction in its active document, which undo would find there.
    """
    name = named()
    return nullcontext() if name is None or name == Active.name else _working_in(name)


@contextmanager
def _working_in(name: str) -> Generator[None, None, None]:
    FreeCAD.setActiveDocument(name)
    try:
        yield
    finally:
        now = FreeCAD.ActiveDocument
        if now is not None and now.Name == name and Active.name in FreeCAD.listDocuments():
            FreeCAD.setActiveDocument(Active.name)


def active() -> Any:
    """Return the active document; the first one if that was closed, a new one if none is open."""
    now = FreeCAD.ActiveDocument
    if now is not None and now.Name == Active.name and Active.name in OBSERVER.documents:
        return now
    documents = opened()
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
    """Create a document; the active one does not change, unless this is the first."""
    document = FreeCAD.newDocument(name)
    document.UndoMode = 1
    document.Label = label
    if Active.name is None or Active.name not in FreeCAD.listDocuments():
        Active.name = document.Name
    FreeCAD.setActiveDocument(Active.name)
    return document


def follow() -> None:
    """After a call, which may have been any code, keep the active document, or adopt the one that the code activated.

    FreeCAD activates each new document by itself, which does not count as a choice of the code.
    """
    documents = opened()
    if Active.name not in documents:
        Active.name = next(iter(documents), None)
    now = FreeCAD.ActiveDocument
    if now is not None and now.Name != Active.name and now.Name not in OBSERVER.created_documents:
        Active.name = now.Name
        OBSERVER.changed = True
    if Active.name is not None and (now is None or now.Name != Active.name):
        FreeCAD.setActiveDocument(Active.name)
