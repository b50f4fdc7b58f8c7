"""Tells what a file is by its content, as FreeCAD's importers do not. Files that are cut off are refused."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from typing import Any, Callable

from cadgate.appserver import AppError, scrutiny
from cadgate_freecad.app.verification.mesh_readers import stl_facets

FORMATS = ("step", "iges", "brep", "stl", "obj", "ply", "off", "3mf", "amf", "fcstd", "dxf")
SUFFIXES = {"stp": "step", "igs": "iges", "brp": "brep"}
_NUMBER = rb"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_OBJ = re.compile(rb"^v[ \t]+" + _NUMBER + rb"[ \t]+" + _NUMBER + rb"[ \t]+" + _NUMBER, re.MULTILINE)
_OBJ_FACE = re.compile(rb"^f[ \t]+[0-9]", re.MULTILINE)
_IGES = re.compile(rb"^.{72}S {0,6}0*1\r?$", re.MULTILINE)
_DXF = re.compile(rb"^(?:\s*999\r?\n[^\n]*\n)*\s*0\r?\n\s*SECTION\r?\n")


def sniff(path: str, name: str) -> str:
    """The format of the file. Raises AppError `unsupported_format` for an unknown, a damaged or a cut one."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(65_536)
        file.seek(max(0, size - 4096))
        tail = file.read().rstrip()
    if zipfile.is_zipfile(path) or head.startswith(b"PK\x03\x04"):
        return _zipped(path, name)
    start = head.lstrip()
    if start.startswith(b"ISO-10303-21"):
        return _whole("step", name, tail.endswith(b"END-ISO-10303-21;"), "END-ISO-10303-21;")
    if _IGES.search(head[:2000]):
        return _whole("iges", name, re.search(rb"T {0,6}0*1\s*\Z", tail) is not None, "the terminate section")
    if b"DBRep_DrawableShape" in head[:200] or b"CASCADE Topology V" in head[:400]:
        return "brep"
    if start.startswith((b"ply\n", b"ply\r\n")):
        return _whole("ply", name, size >= _announced(scrutiny.ply_size, start, name), "all that its header announces")
    if stl_facets(path) > 0:
        return "stl"
    if start.startswith(b"solid") and b"facet" in head:
        return _whole("stl", name, b"endsolid" in tail, "endsolid")
    if start.startswith(b"OFF"):
        return _whole("off", name, size >= scrutiny.off_size(start), "all that its header announces")
    if b"<amf" in head[:4096]:
        with open(path, "rb") as file:
            _announced(scrutiny.require_plain_xml, file, name)
        return _whole("amf", name, tail.endswith(b"</amf>"), "</amf>")
    if _DXF.match(start):
        return _whole("dxf", name, tail.endswith(b"EOF"), "EOF")
    if _OBJ.search(head) and (_OBJ_FACE.search(head) or size > len(head)):
        return "obj"
    raise _unknown(name)


def _zipped(path: str, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise AppError("unsupported_format", f"{name!r} is a damaged ZIP file: {error}", {"name": name}) from None
    if damaged is not None:
        raise AppError("unsupported_format", f"{name!r} is damaged in its part {damaged!r}", {"name": name})
    if "Document.xml" in names:
        return "fcstd"
    for suffix, format in ((".model", "3mf"), (".amf", "amf")):
        for each in names:
            if each.lower().endswith(suffix):
                with zipfile.ZipFile(path) as archive, archive.open(each) as file:
                    _announced(scrutiny.require_plain_xml, file, name)
                return format
    raise _unknown(name)


def _announced(look: Callable[[Any], Any], content: Any, name: str) -> Any:
    """What `look` finds in `content`. Raises AppError for what it calls unsound."""
    try:
        return look(content)
    except scrutiny.Unsound as error:
        raise AppError("unsupported_format", f"{name!r} {error}", {"name": name}) from None


def _whole(format: str, name: str, complete: bool, end: str) -> str:
    if not complete:
        raise AppError(
            "unsupported_format",
            f"{name!r} begins as {format.upper()} but does not end with {end}: it is cut off",
            {"name": name, "format": format},
        )
    return format


def _unknown(name: str) -> AppError:
    return AppError(
        "unsupported_format",
        f"{name!r} is none of the formats that can be imported: {', '.join(FORMATS)}",
        {"name": name, "formats": list(FORMATS)},
    )
