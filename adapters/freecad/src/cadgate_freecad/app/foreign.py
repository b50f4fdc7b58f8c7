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
