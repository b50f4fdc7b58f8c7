"""Warns of what a file contains and the document that FreeCAD restored from it does not."""

from __future__ import annotations

import zipfile
from typing import Any, Sequence
from xml.parsers import expat

from cadgate.appserver import scrutiny
from cadgate_freecad.app.restoring.leavings import some


class _Stored:
    """An object as Document.xml has it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.properties: list[str] = []
        self.module = ""


def missing(path: str, document: Any, unknown: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return warnings of what the file contains and the document restored from it does not.

    FreeCAD silently leaves out objects and properties of types that it does not know: those of newer versions.
    `unknown` are such objects that are no longer in the file.
    """
    version, stored = _stored(path)
    by = f"; the file was written by FreeCAD {version}" if version else ""
    warnings: list[dict[str, str]] = []
    arrived = {obj.Name: obj for obj in document.Objects}
    lost = [*unknown, *(f"{name!r} ({each.kind})" for name, each in stored.items() if name not in arrived)]
    if lost:
        total = len(stored) + len(unknown)
        text = f"{len(lost)} of {total} objects are of types that this FreeCAD does not know, and were left out: "
        warnings.append({"code": "objects_missing", "message": text + some(lost) + by})
    properties: list[str] = []
    scripted: list[str] = []
    for name, each in stored.items():
        obj = arrived.get(name)
        if obj is None:
            continue
        own = set(obj.PropertiesList)
        gone = [prop for prop in each.properties if prop not in own and not prop.startswith("_")]
        if gone:
            properties.append(f"{name!r} ({', '.join(gone)})")
        if each.module and getattr(obj, "Proxy", None) is None:
            scripted.append(f"{name!r} (module {each.module})")
    if properties:
        text = "This FreeCAD does not know some properties, and their values were left out: "
        warnings.append({"code": "properties_missing", "message": text + some(properties) + by})
    if scripted:
        text = "The code of some objects is not installed here; they stay as they are and do not follow changes: "
        warnings.append({"code": "code_missing", "message": text + some(scripted) + by})
    return warnings


def _stored(path: str) -> tuple[str, dict[str, _Stored]]:
    """Return the version that wrote the file, and its objects by name."""
    version = ""
    stored: dict[str, _Stored] = {}
    inside: list[str] = []
    now: _Stored | None = None
    parser = expat.ParserCreate()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal version, now
        inside.append(tag)
        if tag == "Document":
            version = attributes.get("ProgramVersion", "").split("R")[0]
        elif tag == "Object" and inside[-2] == "Objects":
            stored[attributes.get("name", "")] = _Stored(attributes.get("type", ""))
        elif tag == "Object" and inside[-2] == "ObjectData":
            now = stored.get(attributes.get("name", ""))
        elif tag == "Property" and now is not None and inside[-3:-1] == ["Object", "Properties"]:
            now.properties.append(attributes.get("name", ""))
        elif tag == "Python" and now is not None and attributes.get("module"):
            now.module = attributes["module"]

    def end(tag: str) -> None:
        nonlocal now
        inside.pop()
        if tag == "Object":
            now = None

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    with zipfile.ZipFile(path) as archive, archive.open("Document.xml") as file:
        scrutiny.parse_xml(parser, file)
    return version, stored
