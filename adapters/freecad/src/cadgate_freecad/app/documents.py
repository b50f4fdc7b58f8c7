"""Documents: which one a call works in, and opening, closing, activating, recomputing them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate.appserver import AppError, about_to_change, cleared, limit_exceeded, method, uninterruptible, warn
from cadgate_freecad.app import info, operands, shapes, verification
from cadgate_freecad.app.changes import follow as follow_chosen
from cadgate_freecad.app.fcstd import check_file, check_size, object_count
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.open_documents import Active, activate, create, find, follow, opened
from cadgate_freecad.app.recomputing import reason
from cadgate_freecad.app.snapshots import restore_into


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
        if document.Name != name or (not document.Objects and object_count(path)):
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
