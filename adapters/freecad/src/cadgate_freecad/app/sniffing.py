"""Recognises files by their content, which FreeCAD's importers do not do. Truncated files are refused."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from typing import Any, Callable

from cadgate.appserver import AppError, recognise, scrutiny
from cadgate_freecad.app.reading import amf, brep, gltf, step, stl
from cadgate_freecad.app.reading.dxf import binary

FORMATS = ("step", "iges", "brep", "stl", "obj", "ply", "off", "3mf", "amf", "fcstd", "dxf", "glb", "gltf")
SUFFIXES = {"stp": "step", "igs": "iges", "brp": "brep", "bin": "brep", "p21": "step", "stpz": "step"}
_NUMBER = rb"[-+]?[0-9.,]+(?:[eE][-+]?[0-9]+)?"
_OBJ = re.compile(rb"^[ \t]*v[ \t]+" + _NUMBER + rb"[ \t]+" + _NUMBER + rb"[ \t]+" + _NUMBER, re.MULTILINE)
_OBJ_NOT_A_NUMBER = re.compile(rb"^v[ \t]+\S*(?:nan|inf)", re.MULTILINE | re.IGNORECASE)
_OBJ_FACE = re.compile(rb"^[ \t]*f[ \t]+-?[0-9]", re.MULTILINE)
_OBJ_ALONE = re.compile(rb"^(?:o|g|v|vn|vt|mtllib)[ \t]", re.MULTILINE)
_IGES = re.compile(rb"^.{72}S {0,6}0*1\r?$", re.MULTILINE)
_DXF = re.compile(rb"(?:\s*999\s*\n[^\n]*\n)*\s*0\s*\n\s*SECTION\s*\n")
_FILL = b" \t\r\n\f\0\x1a"
"""What programs leave at the end of a file: line breaks, zeros, the end mark of CP/M."""
_BY_OTHERS = ("fbx", "usd", "usdz", "abc", "blend")
_THROUGH_OTHERS = "convert it (POST /api/v1/convert?to=glb, where Blender is there, too), and import that file here"


def sniff(path: str, name: str) -> str:
    """Return the format of the file. Raises AppError `unsupported_format` for an unknown, damaged or truncated one."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(65_536)
        file.seek(max(0, size - 65_536))
        tail = file.read().rstrip(_FILL)
    if zipfile.is_zipfile(path) or head.startswith(b"PK\x03\x04"):
        return _zipped(path, name)
    if gltf.is_binary(head) and 12 < gltf.whole_size(head) <= size:
        return "glb"
    plain = _plain(head)
    start = plain.lstrip()
    if step.is_begin(head) and b"FILE_SCHEMA" in head and recognised_kind(path, name) == "ifc":
        raise _unknown(path, name)
    if step.is_begin(head):
        return _whole("step", name, step.is_whole(tail), "END-ISO-10303-21;")
    if _IGES.search(plain[:2000]):
        return _whole("iges", name, re.search(rb"T {0,6}0*1\s*\Z", tail) is not None, "the terminate section")
    if brep.is_begin(head):
        return _whole_brep(path, name)
    if re.match(rb"ply\s*\n", start):
        return _whole("ply", name, size >= _announced(scrutiny.ply_size, start, name), "all that its header announces")
    if stl.binary_facets(path, name) >= 0:
        return "stl"
    if start[:5].lower() == b"solid" and re.search(rb"\b(?:facet|endsolid)\b", start, re.IGNORECASE):
        return _whole("stl", name, stl.ends_whole(_plain(tail).lower()), "endsolid")
    if re.match(rb"(?:ST)?C?N?4?n?OFF\b", start):
        return _whole("off", name, size >= scrutiny.off_size(start), "all that its header announces")
    if b"<amf" in start[:4096]:
        with open(path, "rb") as file:
            _announced(scrutiny.require_plain_xml, file, name)
        return _whole("amf", name, tail.endswith(b"</amf>"), "</amf>")
    if _DXF.match(start) or head.startswith(binary.SENTINEL):
        return _whole("dxf", name, _plain(tail).rstrip().endswith(b"EOF"), "EOF")
    if gltf.is_text(plain + tail) and tail.endswith(b"}"):
        return "gltf"
    if _OBJ.search(plain) and (_OBJ_FACE.search(plain) or size > len(head)):
        return "obj"
    if _OBJ_NOT_A_NUMBER.search(plain) and _OBJ_FACE.search(plain):
        return "obj"
    if name.lower().endswith(".obj") and _OBJ_ALONE.search(plain) and b"\0" not in plain:
        return "obj"
    raise _damaged_stl(path, name, size, head) or _unknown(path, name)


def _plain(data: bytes) -> bytes:
    r"""Return text as UTF-8 without a byte order mark, with lines ended by `\n` and continued ones (by `\`) joined."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "ignore").encode("utf-8", "ignore")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\\\n", b" ")


def recognised_kind(path: str, name: str) -> str | None:
    found = recognise(path, name)
    return None if found is None else found.kind


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
    models = [each for each in names if each.lower().endswith(".model")]
    if models:
        _require_plain(path, [*models, *(each for each in names if each.lower().endswith((".rels", ".config")))], name)
        return "3mf"
    if any(each.lower().endswith(".amf") for each in names) or name.lower().endswith(".amf"):
        with zipfile.ZipFile(path) as archive:
            part = amf.part_of(archive) if names else ""
        _require_plain(path, [part] if part else [], name)
        return "amf"
    raise _unknown(path, name)


def _require_plain(path: str, parts: list[str], name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        for part in parts:
            with archive.open(part) as file:
                _announced(scrutiny.require_plain_xml, file, name)


def _announced(look: Callable[[Any], Any], content: Any, name: str) -> Any:
    """Return what `look` finds in `content`. Raises AppError for what it calls unsound."""
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


def _whole_brep(path: str, name: str) -> str:
    with open(path, "rb") as file:
        damage = brep.damage(file.read())
    if damage is not None:
        raise AppError(
            "unsupported_format",
            f"{name!r} begins as BREP but {damage}: it is cut off or damaged; export it again",
            {"name": name, "format": "brep"},
        )
    return "brep"


def _damaged_stl(path: str, name: str, size: int, head: bytes) -> AppError | None:
    if not name.lower().endswith(".stl") or size < 134 or b"\0" not in head[84:] or not head.strip(b"\0"):
        return None
    count, there = int.from_bytes(head[80:84], "little"), (size - 84) // 50
    if not stl.is_plausible(head[84 : 84 + 50 * min(there, 100)]):
        return None
    why = "one of the two is wrong; export it again" if count < there else "it is cut off"
    return AppError(
        "unsupported_format",
        f"{name!r} is a binary STL whose header announces {count} triangles, but it contains {there}: {why}",
        {"name": name, "format": "stl"},
    )


def _unknown(path: str, name: str) -> AppError:
    found = recognise(path, name)
    details: dict[str, Any] = {"name": name, "formats": list(FORMATS)}
    known = ", ".join(FORMATS)
    if found is None:
        return AppError(
            "unsupported_format", f"{name!r} has none of the formats that can be imported: {known}", details
        )
    advice = _THROUGH_OTHERS if found.kind in _BY_OTHERS else None
    details["kind"] = found.kind
    if found.kind in FORMATS and advice is None:
        return AppError(
            "unsupported_format",
            f"{name!r} begins as {found.what}, but is damaged or empty: export it again",
            details,
        )
    return AppError("unsupported_format", f"{found.refusal(name, advice)}. Supported formats: {known}", details)
