"""The whole session as one file: every document as FCStd, and a manifest with what FCStd does not store."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from typing import Any, Generator
from xml.parsers import expat

import FreeCAD

from cadgate_freecad.app import open_documents, preferences

MANIFEST = "manifest.json"


def save(path: str) -> None:
    """Write all documents to `path`. Raises OSError, RuntimeError."""
    folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(path)))
    try:
        entries: list[dict[str, Any]] = []
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive, exact_and_fast():
            for number, document in enumerate(open_documents.opened().values()):
                entry = f"{number}.FCStd"
                part = os.path.join(folder, entry)
                document.saveCopy(part)
                _check_text(part, document.Name)
                archive.write(part, entry)
                os.remove(part)
                entries.append(
                    {
                        "file": entry,
                        "name": document.Name,
                        "label": document.Label,
                        "saved_as": document.FileName,
                        "objects": [obj.Name for obj in document.Objects],
                    }
                )
            archive.writestr(MANIFEST, json.dumps({"active": open_documents.Active.name, "documents": entries}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_text(path: str, name: str) -> None:
    """Raise ValueError if FreeCAD could not read its own file: it writes text that XML cannot hold."""
    with zipfile.ZipFile(path) as archive, archive.open("Document.xml") as file:
        try:
            expat.ParserCreate().ParseFile(file)
        except expat.ExpatError as error:
            raise ValueError(f"text in the document {name!r} cannot be saved: {error}") from None


def load(path: str | None) -> None:
    """Replace all documents by those of `path`; None leaves no document. Raises ValueError for an incomplete file."""
    for name in list(FreeCAD.listDocuments()):
        FreeCAD.closeDocument(name)
    open_documents.Active.name = None
    if path is None:
        return
    folder = tempfile.mkdtemp()
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            for entry in manifest["documents"]:
                _load(archive.extract(entry["file"], folder), entry)
        if manifest["active"] is not None:
            open_documents.activate(open_documents.find(manifest["active"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load(path: str, entry: dict[str, Any]) -> None:
    document = open_documents.create(entry["name"], entry["label"])
    if document.Name != entry["name"]:
        raise ValueError(f"the document {entry['name']!r} came back as {document.Name!r}")
    restore_into(document, path)
    document.Label = entry["label"]
    document.FileName = entry["saved_as"]
    names = [obj.Name for obj in document.Objects]
    if names != entry["objects"]:
        raise ValueError(
            f"the document {entry['name']!r} came back with {len(names)} of {len(entry['objects'])} objects"
        )


def restore_into(document: Any, path: str) -> None:
    """Fill a new document from an FCStd file; it keeps its name. Undo starts empty."""
    document.load(path)
    document.UndoMode = 1
    document.clearUndos()


@contextmanager
def exact_and_fast() -> Generator[None, None, None]:
    """Save shapes in binary, which keeps every digit, and with little compression."""
    settings = FreeCAD.ParamGet(preferences.DOCUMENT)
    binary = settings.GetBool("SaveBinaryBrep", False)
    level = settings.GetInt("CompressionLevel", 3)
    settings.SetBool("SaveBinaryBrep", True)
    settings.SetInt("CompressionLevel", 1)
    try:
        yield
    finally:
        settings.SetBool("SaveBinaryBrep", binary)
        settings.SetInt("CompressionLevel", level)
