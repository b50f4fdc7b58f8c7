"""Recognises what a file is by its content, so that a refusal can name it and say what to do. Reads no geometry.

Standard library only: both halves of an adapter may use it. The advice is generic; an adapter that knows better
replaces it, by the kind.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from typing import NamedTuple, Sequence

from cadgate.appserver.signatures import (
    BY_MEMBER,
    BY_PREFIX,
    BY_SUFFIX,
    COMPOUND,
    COMPOUND_BY_SUFFIX,
    COMPOUND_BY_TEXT,
    EXPORT_NEUTRAL,
    XML_ROOTS,
)

HEAD = 65_536
"""How many bytes at the start of a file `recognise` looks at."""
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_SKIPPED = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)+", re.DOTALL | re.IGNORECASE)
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(\s*'\s*IFC", re.IGNORECASE)
_IGES = re.compile(rb"^.{72}S {0,6}0*1\r?$", re.MULTILINE)
_GCODE = re.compile(rb"^[ \t]*[GM]\d{1,3}(?:[ \t]+[A-Z][-+\d.]|[ \t]*(?:;.*)?\r?$)", re.MULTILINE)
_OBJ = re.compile(rb"^v[ \t]+[-+.\d]\S*[ \t]+[-+.\d]\S*[ \t]+[-+.\d]", re.MULTILINE)


class Recognised(NamedTuple):
    """`kind` is a stable word, `what` a noun phrase with its article, `advice` what to do, as an imperative."""

    kind: str
    what: str
    advice: str

    def refusal(self, name: str, advice: str | None = None) -> str:
        """Return the message for a file that cannot be imported."""
        return f"{name!r} is {self.what}, which cannot be imported here: {advice or self.advice}"


def recognise(path: str, name: str) -> Recognised | None:
    """Return what the file at `path` is, which the client calls `name`; None if unknown. Raises OSError."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
    members: list[str] = []
    if head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.namelist()
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError):
            return Recognised("zip", "a damaged ZIP file", "download or copy it again, and upload the whole file")
    return recognise_bytes(head, name, members)


def recognise_bytes(head: bytes, name: str, members: Sequence[str] = ()) -> Recognised | None:
    """Return the same for the first bytes of a file; `members` are the names in it, if it is a ZIP archive."""
    suffix = os.path.splitext(name)[1].lower()
    if not head:
        return Recognised("empty", "an empty file (0 bytes)", "nothing was copied or downloaded; upload it again")
    if not head.strip(b"\0"):
        again = "it was not downloaded completely; download it again"
        return Recognised("zeros", "a file of zero bytes only (the space of a download that failed)", again)
    for prefix, kind, what, advice in BY_PREFIX:
        if head.startswith(prefix):
            return Recognised(kind, what, advice)
    if head.startswith(b"PK"):
        return _archive(members, suffix)
    if head.startswith(b"\x1f\x8b"):
        return _packed(head, name)
    if head.startswith(COMPOUND):
        return _compound(head, suffix)
    if re.match(rb"AC10\d\d", head):
        advice = "save it as DXF (R12 to 2018, text) in the drawing program, or convert it with the ODA File Converter"
        return Recognised("dwg", f"an AutoCAD drawing (DWG, version {head[:6].decode()})", advice)
    if head[257:262] == b"ustar":
        return Recognised("tar", "a tar archive", "unpack it, and upload the file in it")
    return _text(head, suffix) or _by_suffix(suffix, head)


def _archive(members: Sequence[str], suffix: str) -> Recognised:
    lower = [member.lower() for member in members]
    for pattern, kind, what, advice in BY_MEMBER:
        if any(re.search(pattern, member) for member in lower):
            return Recognised(kind, what, advice)
    known = BY_SUFFIX.get(suffix)
    if known is not None and suffix != ".zip":
        return Recognised(*known)
    some = ", ".join(repr(member) for member in list(members)[:5])
    more = f" and {len(members) - 5} more" if len(members) > 5 else ""
    return Recognised(
        "zip", f"a ZIP archive of {some}{more}" if members else "an empty ZIP archive", "unpack it, and upload one file"
    )


def _packed(head: bytes, name: str) -> Recognised:
    stem = name[:-3] if name.lower().endswith(".gz") else name
    try:
        inside = zlib.decompressobj(31).decompress(head, HEAD)
    except zlib.error:
        return Recognised("gzip", "a damaged gzip file", "download or copy it again, and upload the whole file")
    found = recognise_bytes(inside, stem) if inside and not inside.startswith(b"\x1f\x8b") else None
    if found is None:
        return Recognised("gzip", "a file compressed with gzip", "unpack it (gunzip), and upload its content")
    what = f"{found.what}, compressed with gzip"
    return Recognised(f"gzip-{found.kind}", what, f"unpack it (gunzip); {found.advice}")


def _compound(head: bytes, suffix: str) -> Recognised:
    for text, kind, what, advice in COMPOUND_BY_TEXT:
        if text.encode("utf-16-le") in head:
            return Recognised(kind, what, advice)
    known = COMPOUND_BY_SUFFIX.get(suffix)
    if known is not None:
        return Recognised(*known)
    what = "a Microsoft compound file (written by SolidWorks, Inventor, Solid Edge, Revit and old Office)"
    return Recognised("compound", what, EXPORT_NEUTRAL)


def _text(head: bytes, suffix: str) -> Recognised | None:
    start = head
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        if head.startswith(mark):
            start = head[len(mark) :]
            if mark != b"\xef\xbb\xbf":
                start = start.replace(b"\0", b"")
    start = start.lstrip()
    lower = start[:4096].lower()
    if lower.startswith((b"<!doctype html", b"<html")) or (b"<html" in lower and lower.startswith(b"<")):
        advice = "it is often a server's error or log-in page; log in, and download the file itself by its direct link"
        return Recognised("html", "an HTML page", advice)
    if start.startswith(b"<"):
        return _xml(start)
    if b"ISO-10303-21" in start[:4096]:
        if _SCHEMA.search(head):
            return Recognised("ifc", "an IFC building model", _IFC)
        return Recognised("step", "a STEP file", "convert it to a format that is read here")
    if start.startswith(b"{"):
        if re.search(rb'"asset"\s*:\s*\{', head) and re.search(rb'"version"', head):
            return Recognised("gltf", "a glTF scene", "convert it to a format that is read here, such as STL or OBJ")
        return Recognised("json", "JSON text", "it is often a server's answer; download the file itself")
    if b"FBXHeaderExtension" in head or re.match(rb";\s*FBX ", start):
        return Recognised("fbx", "an FBX scene in text", "convert it to a format that is read here, such as STL or OBJ")
    if _IGES.search(head[:2000]):
        return Recognised("iges", "an IGES file", "convert it to a format that is read here")
    if b"CASCADE Topology V" in head[:400]:
        return Recognised("brep", "an OpenCASCADE shape (BREP)", "convert it to a format that is read here")
    if re.match(rb"(?:999\r?\n[^\n]*\n)*\s*0\s*\r?\n\s*SECTION", start):
        return Recognised("dxf", "a DXF drawing", "convert it to a format that is read here")
    if lower.startswith(b"solid") and b"facet" in lower:
        return Recognised("stl", "an STL mesh", "convert it to a format that is read here")
    if _OBJ.search(head):
        return Recognised("obj", "an OBJ mesh", "convert it to a format that is read here")
    if b"newmtl " in head:
        return Recognised("mtl", "the material file of an OBJ", "upload the .obj file")
    if re.match(rb"[-\d ]+\r?\n[^\n]*\b(?:ACIS|ASM|SAT)\b", start) or suffix == ".sat":
        return Recognised("sat", "an ACIS solid (SAT)", EXPORT_NEUTRAL)
    if len(_GCODE.findall(head)) >= 3:
        return Recognised("gcode", "G-code for a machine", "upload the model that it was made from")
    return None


_IFC = "export it as STEP in the building program, or convert it with IfcConvert (`IfcConvert model.ifc model.stp`)"


def _xml(start: bytes) -> Recognised:
    skipped = _SKIPPED.match(start)
    root = _ROOT.match(start, skipped.end() if skipped else 0)
    word = root[1].decode("utf-8", "replace") if root else ""
    if word in XML_ROOTS:
        return Recognised(*XML_ROOTS[word])
    if not word:
        return Recognised("xml", "XML", "get the model itself")
    return Recognised("xml", f"XML with the root <{word}>", "convert it to a format that is read here")


def _by_suffix(suffix: str, head: bytes) -> Recognised | None:
    known = BY_SUFFIX.get(suffix)
    if known is not None:
        return Recognised(*known)
    if b"\0" not in head:
        printable = sum(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
        if printable == len(head):
            return Recognised("text", "text of an unknown kind", "get the model itself, or export it again")
    return None
