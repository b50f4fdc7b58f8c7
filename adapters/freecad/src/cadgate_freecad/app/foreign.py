"""An FCStd file of somebody else, looked at before FreeCAD opens it: whole, of bounded size, and about itself alone."""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

from cadgate.appserver import AppError, scrutiny
from cadgate_freecad.app.documents import check_file

_OTHER_FILES = ("App::PropertyFile", "App::PropertyPath")


def require_own(path: str, name: str) -> None:
    """Raise AppError `unsupported_format` for a file that is damaged, or that leads FreeCAD to other files.

    FreeCAD reads what a file property or an external link names, and writes included files where their names say.
    """
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                if part.endswith(".xml"):
                    with archive.open(part) as file:
                        scrutiny.require_plain_xml(file)
            with archive.open("Document.xml") as file:
                _require_own_files(file)
    except scrutiny.Unsound as error:
        raise AppError("unsupported_format", f"{name!r} {error}", {"name": name}) from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, expat.ExpatError) as error:
        raise AppError("unsupported_format", f"{name!r} is no complete FCStd file: {error}", {"name": name}) from None


def _require_own_files(file: Any) -> None:
    kinds: list[str] = []
    parser = expat.ParserCreate()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Property":
            kinds.append(attributes.get("type", ""))
        named = attributes.get("file", "")
        if named and (tag == "XLink" or os.path.basename(named.replace("\\", "/")) != named or named == ".."):
            raise scrutiny.Unsound(f"refers to another file {named!r}: only what came with it can be opened")
        value = attributes.get("value", "")
        if tag == "String" and value and kinds and kinds[-1] in _OTHER_FILES:
            raise scrutiny.Unsound(f"refers to another file {value!r}: only what came with it can be opened")

    def end(tag: str) -> None:
        if tag == "Property":
            kinds.pop()

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.ParseFile(file)


_SOME = 8
"""How many names a warning lists."""


class _Stored:
    """An object as Document.xml has it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.properties: list[str] = []
        self.module = ""


def missing(path: str, document: Any) -> list[dict[str, str]]:
    """Warnings of what the file holds and the document that was restored from it does not.

    FreeCAD leaves out, in silence, objects and properties of types that it does not know: those of newer versions.
    """
    version, stored = _stored(path)
    by = f"; the file was written by FreeCAD {version}" if version else ""
    warnings: list[dict[str, str]] = []
    arrived = {obj.Name: obj for obj in document.Objects}
    lost = [f"{name!r} ({each.kind})" for name, each in stored.items() if name not in arrived]
    if lost:
        text = f"{len(lost)} of {len(stored)} objects are of types that this FreeCAD does not know, and did not come: "
        warnings.append({"code": "objects_missing", "message": text + _some(lost, by)})
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
        text = "This FreeCAD does not know some properties, and their values did not come: "
        warnings.append({"code": "properties_missing", "message": text + _some(properties, by)})
    if scripted:
        text = "The code of some objects is not installed here; they stay as they are and do not follow changes: "
        warnings.append({"code": "code_missing", "message": text + _some(scripted, by)})
    return warnings


def _some(names: list[str], end: str) -> str:
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more + end


def _stored(path: str) -> tuple[str, dict[str, _Stored]]:
    """The version that wrote the file, and its objects by name."""
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
        parser.ParseFile(file)
    return version, stored
