"""Documents: which one a call works in, and opening, closing, activating, recomputing them."""

from __future__ import annotations

import os
import zipfile
import zlib
from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate.appserver import (
    AppError,
    about_to_change,
    cleared,
    current,
    limit_exceeded,
    method,
    not_found,
    scrutiny,
    uninterruptible,
    warn,
)
from cadgate_freecad.app.limits import LIMITS
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


@contextmanager
def working_in_the_named() -> Generator[None, None, None]:
    """Temporarily make the document that the running call names FreeCAD's active one.

    A change elsewhere makes FreeCAD commit an empty transaction in its active document, which undo would find there.
    """
    name = named()
    if name in (None, Active.name):
        yield
        return
    FreeCAD.setActiveDocument(name)
    try:
        yield
    finally:
        now = FreeCAD.ActiveDocument
        if now is not None and now.Name == name and Active.name in FreeCAD.listDocuments():
            FreeCAD.setActiveDocument(Active.name)


def active() -> Any:
    """Return the active document; the first one if that was closed, a new one if none is open."""
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


def entry(document: Any) -> dict[str, Any]:
    """Return the description of a document."""
    return {
        "name": document.Name,
        "label": document.Label,
        "objects": len(document.Objects),
        "active": document.Name == Active.name,
    }


@method("documents.list")
def list_documents() -> dict[str, Any]:
    return {"documents": [entry(document) for document in opened().values()]}


@method("documents.get")
def get_document(*, name: str) -> dict[str, Any]:
    return entry(find(name))


@method("documents.create")
def create_document(*, name: str | None, label: str | None, on_conflict: str) -> dict[str, Any]:
    name = _new_name(name, on_conflict)
    about_to_change()
    return entry(_created(name, label))


@method("documents.delete")
def close_document(*, name: str) -> dict[str, Any]:
    document = find(name)
    about_to_change()
    FreeCAD.closeDocument(document.Name)
    if name in FreeCAD.listDocuments():
        raise AppError("command_failed", f"FreeCAD did not close the document {name!r}")
    follow()
    cleared()
    return {"deleted": name}


@method("documents.activate")
def activate_document(*, name: str) -> dict[str, Any]:
    document = find(name)
    about_to_change()
    return entry(activate(document))


@contextmanager
def recomputed() -> Generator[set[str], None, None]:
    """Collect the names of the objects that FreeCAD recomputes inside the block."""
    names: set[str] = set()

    class Listener:
        @uninterruptible
        def slotRecomputedObject(self, obj: Any) -> None:
            names.add(obj.Name)

    listener = Listener()
    FreeCAD.addDocumentObserver(listener)
    try:
        yield names
    finally:
        FreeCAD.removeDocumentObserver(listener)


@method("documents.recompute")
def recompute_document(*, name: str, force: bool) -> dict[str, Any]:
    from cadgate_freecad.app import info, operands
    from cadgate_freecad.app.changes import follow as follow_chosen
    from cadgate_freecad.app.creation import reason

    document = find(name)
    about_to_change()
    operands.renew(document)
    if force:
        # FreeCAD's own force considers touched objects only.
        for obj in document.Objects:
            obj.touch()
    with recomputed() as due:
        document.recompute(None, force)
        follow_chosen(document)
    wrong = {obj.Name: found for obj in document.Objects if obj.Name in due for found in [_wrong(obj)] if found}
    report = [
        {
            "name": obj.Name,
            "valid": info.is_valid(obj) and obj.Name not in wrong,
            "state": info.state(obj),
            "reason": wrong.get(obj.Name) if obj.isValid() else reason(obj),
        }
        for obj in document.Objects
        if obj.Name in due or not obj.isValid() or info.state(obj) != ["Up-to-date"]
    ]
    failed = [str(each["name"]) for each in report if not each["valid"]]
    if failed:
        warn("recompute_failed", f"{len(failed)} of {len(report)} objects are invalid: {', '.join(failed[:10])}")
    return {"document": name, "objects": report, "failed": failed}


def _wrong(obj: Any) -> str | None:
    """Return why the recomputed shape of an object is proved wrong, or None."""
    from cadgate_freecad.app import info, shapes, verification

    if not info.is_valid(obj) or shapes.shape_of(obj) is None:
        return None
    try:
        verification.check(obj)
    except AppError as error:
        return error.message
    return None


@method("internal.save")
def save_document(*, name: str, path: str) -> dict[str, Any]:
    document = find(name)
    document.saveCopy(path)
    check_file(path, len(document.Objects))
    return {"document": name}


@method("internal.open")
def open_document(
    *,
    path: str,
    name: str | None,
    label: str | None,
    stem: str,
    on_conflict: str,
    warnings: list[dict[str, str]],
) -> dict[str, Any]:
    from cadgate_freecad.app.snapshots import restore_into

    check_size(path)
    for each in warnings:
        warn(each["code"], each["message"])
    name = _new_name(name, on_conflict, base=identifier(stem))
    about_to_change()
    document = _created(name, label or stem)
    try:
        restore_into(document, path)
        document.Label = label or stem
        document.FileName = ""
        if document.Name != name or (not document.Objects and _object_count(path)):
            raise AppError("command_failed", f"FreeCAD opened the file, but nothing from it arrived in {name!r}")
    except BaseException:
        FreeCAD.closeDocument(name)
        follow()
        raise
    return entry(document)


def _new_name(name: str | None, on_conflict: str, base: str = "Unnamed") -> str:
    documents = opened()
    if len(documents) >= LIMITS["max_documents"]:
        raise limit_exceeded(
            "The number of open documents", len(documents) + 1, LIMITS["max_documents"], "max_documents"
        )
    if name is not None and name in documents and on_conflict == "error":
        raise AppError(
            "name_taken",
            f'The name {name!r} is in use by another document: choose another, or send "on_conflict": "rename"',
            {"name": name},
        )
    wanted = name or base
    chosen, number = wanted, 0
    while chosen in documents:
        number += 1
        chosen = f"{wanted}{number}"
    return chosen


def _created(name: str, label: str | None) -> Any:
    document = create(name, label or name)
    if document.Name != name:
        FreeCAD.closeDocument(document.Name)
        follow()
        raise AppError("command_failed", f"FreeCAD named the document {document.Name!r} instead of {name!r}")
    return document


def identifier(text: str) -> str:
    """Return a FreeCAD name that resembles `text`."""
    cleaned = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in text)
    return cleaned if cleaned and not cleaned[0].isdigit() else f"_{cleaned}"


UNPACKED = 8
"""How many times `max_import_bytes` an unpacked archive may have."""


def check_size(path: str) -> None:
    """Raise AppError `limit_exceeded` for a file that is too large to read."""
    size = os.path.getsize(path)
    if zipfile.is_zipfile(path):
        try:
            size = max(size, scrutiny.zip_size(path) // UNPACKED)
        except scrutiny.Unsound as error:
            raise AppError("unsupported_format", f"The file {error}") from None
    if size > LIMITS["max_import_bytes"]:
        raise limit_exceeded("The size of the file in bytes", size, LIMITS["max_import_bytes"], "max_import_bytes")


def check_file(path: str, objects: int | None = None) -> None:
    """Make sure that `path` is a complete FCStd file, with `objects` objects if that is known.

    Raises AppError `unsupported_format`: FreeCAD opens half a file without an error.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"its part {damaged!r} is damaged")
            if "Document.xml" not in archive.namelist():
                raise zipfile.BadZipFile("it has no Document.xml")
            count = _object_count(path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise AppError("unsupported_format", f"{os.path.basename(path)!r} is not a whole FCStd file: {error}") from None
    if objects is not None and count != objects:
        raise AppError("command_failed", f"FreeCAD wrote {count} of {objects} objects")


def _object_count(path: str) -> int:
    """Return the count in the file's `<Objects Count="…">`."""
    with zipfile.ZipFile(path) as archive, archive.open("Document.xml") as file:
        for line in file:
            if b"<Objects " in line:
                start = line.index(b'Count="') + 7
                return int(line[start : line.index(b'"', start)])
    raise ValueError("its Document.xml lists no objects")
