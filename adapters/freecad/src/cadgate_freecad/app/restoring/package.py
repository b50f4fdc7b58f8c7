"""Rewrites a whole FCStd file: one newly written Document.xml and the entries that it refers to."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
import zlib
from typing import Any, NamedTuple

import FreeCAD

from cadgate.appserver import AppError, scrutiny
from cadgate_freecad.app.fcstd import check_file
from cadgate_freecad.app.restoring import lists
from cadgate_freecad.app.restoring.leavings import Leavings, reason
from cadgate_freecad.app.restoring.objects import Reducer, plain_type, stored_geometry
from cadgate_freecad.app.restoring.xml import Node, opening, read, write

DOCUMENT = "Document.xml"
_SCHEMA = "4"
_HEAD = ("ProgramVersion", "FileVersion")
_FLAGS = ("Touched", "Invalid", "Freeze")
_HASHERS = ("StringHasher", "StringHasher2")


class Restorable(NamedTuple):
    """A file that holds data only."""

    path: str
    warnings: list[dict[str, str]]
    unknown: list[str]
    """Objects of types that this FreeCAD does not have, as text: `'Sizes' (App::VarSet)`."""


class _Listed(NamedTuple):
    """An object in the list at the head of the document."""

    kind: str
    attributes: dict[str, str]


def rewrite(path: str, name: str, folder: str) -> Restorable:
    """Write the data of the FCStd file `path` into `folder`.

    Raises AppError `unsupported_format` for a file that is damaged, that can be read in two ways, or that would be
    another model without what it refers to.
    """
    check_file(path)
    target = os.path.join(folder, "restorable.FCStd")
    try:
        with zipfile.ZipFile(path) as archive:
            return _Rewriting(archive).write(target)
    except scrutiny.Unsound as error:
        raise AppError("unsupported_format", f"{name!r} {error}", {"name": name}) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RecursionError, UnicodeError) as error:
        raise AppError(
            "unsupported_format", f"{name!r} is not a complete FCStd file: {error}", {"name": name}
        ) from None


def require_whole(path: str, name: str) -> None:
    """Raise AppError `unsupported_format` for a file that is damaged or holds XML that grows, even a trusted one."""
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                if part.endswith(".xml"):
                    with archive.open(part) as file:
                        scrutiny.require_plain_xml(file)
    except scrutiny.Unsound as error:
        raise AppError("unsupported_format", f"{name!r} {error}", {"name": name}) from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise AppError(
            "unsupported_format", f"{name!r} is not a complete FCStd file: {error}", {"name": name}
        ) from None


class _Rewriting:
    """One run through a file: first to see its contents, then to write what may stay."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = Leavings()
        self._root = Node("", {})
        self._objects: dict[str, _Listed] = {}
        self._becomes: dict[str, str] = {}
        self._unknown: list[str] = []
        self._entries = [each.filename for each in archive.infolist()]
        if len(set(map(str.lower, self._entries))) != len(self._entries):
            raise scrutiny.Unsound("has two parts of the same name")

    def write(self, target: str) -> Restorable:
        self._survey()
        reducer = Reducer(set(self._entries) - {DOCUMENT}, set(self._becomes), self._left)
        with tempfile.TemporaryFile("w+", encoding="utf-8", dir=os.path.dirname(target)) as data:
            head: list[str] = []
            self._reduce(reducer, head, data)
            data.seek(0)
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
                with made.open(DOCUMENT, "w") as document:
                    document.write("".join(head).encode())
                    for line in iter(lambda: data.read(scrutiny.CHUNK), ""):
                        document.write(line.encode())
                    document.write(b"</ObjectData>\n</Document>\n")
                # FreeCAD goes through the entries once, in this order.
                for entry in self._entries:
                    if entry in reducer.used:
                        with self._archive.open(entry) as source, made.open(entry, "w") as copy:
                            shutil.copyfileobj(source, copy, scrutiny.CHUNK)
        return Restorable(target, self._left.warnings(), self._unknown)

    # --- what is in it -------------------------------------------------------------------------------------------

    def _survey(self) -> None:
        """Decide what each object becomes. Raises Unsound if that would change the model."""
        listed: dict[str, _Listed] = {}
        data: set[str] = set()

        def begin(root: Node) -> None:
            if root.tag != "Document" or root.get("SchemaVersion") != _SCHEMA:
                raise scrutiny.Unsound(
                    f"has a Document.xml of schema {root.get('SchemaVersion')!r}; only {_SCHEMA!r} is read, which "
                    "FreeCAD 0.9 and later write: open it in FreeCAD and save it again"
                )
            self._root = root

        def section(where: str, node: Node) -> None:
            if where == "Objects":
                if listed or data:
                    raise scrutiny.Unsound("lists its objects twice, or after their data")
                listed.update(_listed(node))
            elif where == "ObjectData":
                name = node.get("name")
                if name in data:
                    raise scrutiny.Unsound(f"holds the data of the object {name!r} twice")
                data.add(name)
                if node.tag == "Object" and name in listed:
                    self._decide(name, listed[name].kind, stored_geometry(node))

        with self._archive.open(DOCUMENT) as file:
            read(file, begin, section)
        for name, each in listed.items():
            if name not in data:
                self._decide(name, each.kind, None)
        self._objects = listed

    def _decide(self, name: str, kind: str, geometry: str | None) -> None:
        becomes = plain_type(kind, geometry)
        if becomes is None and kind in lists.READERS:
            raise scrutiny.Unsound(
                f"refers to another file by the object {name!r} ({kind}: {reason(kind)}), and contains no shape of it: "
                "only what the file contains can be opened"
            )
        if becomes is None:
            if _is_known(kind):
                self._left.gone(name, f"{kind}: {reason(kind)}")
            else:
                self._unknown.append(f"{name!r} ({kind})")
        elif becomes == kind and not _is_known(kind):
            self._unknown.append(f"{name!r} ({kind})")
        else:
            if becomes != kind:
                self._left.bare(name, f"{kind}: {reason(kind)}")
            self._becomes[name] = becomes

    # --- what stays of it ----------------------------------------------------------------------------------------

    def _reduce(self, reducer: Reducer, head: list[str], data: Any) -> None:
        version = {key: self._root.get(key) for key in _HEAD if self._root.get(key)}
        hashers: list[Node] = []
        properties = Node("Properties", {"Count": "0", "TransientCount": "0"})

        def section(where: str, node: Node) -> None:
            nonlocal properties
            if where == "Properties":
                properties = reducer.reduce_properties(node, "")
            elif where in _HASHERS:
                hashers.append(reducer.reduce_hasher(node))
            elif where == "ObjectData" and node.tag == "Object" and node.get("name") in self._becomes:
                name = node.get("name")
                write(reducer.reduce_object(node, self._objects[name].kind, self._becomes[name]), data.write)

        with self._archive.open(DOCUMENT) as file:
            read(file, lambda _: None, section)
        listing = [
            Node("Object", {"type": self._becomes[name], "name": name, **each.attributes})
            for name, each in self._objects.items()
            if name in self._becomes
        ]
        head.append('<?xml version="1.0" encoding="utf-8"?>\n')
        hashed = {"StringHasher": "1"} if hashers and self._root.get("StringHasher") else {}
        head.append(opening("Document", {"SchemaVersion": _SCHEMA, **version, **hashed}) + ">\n")
        for node in (*hashers, properties, Node("Objects", {"Count": str(len(listing))}, *listing)):
            write(node, head.append)
        count = len(self._becomes)
        head.append(opening("ObjectData", {"Count": str(count)}) + ">\n")


def _listed(node: Node) -> dict[str, _Listed]:
    """Return the objects listed at the head of the document. Raises Unsound for names that FreeCAD would change."""
    found: dict[str, _Listed] = {}
    for each in node.children:
        if each.tag != "Object":
            continue
        name = each.get("name")
        if not (name.isascii() and name.isidentifier()) or name in found:
            raise scrutiny.Unsound(f"has an object named {name!r}, which FreeCAD cannot have written")
        kept = {key: each.get(key) for key in _FLAGS if each.get(key) in ("0", "1")}
        if each.get("id").isdecimal():
            kept["id"] = each.get("id")
        found[name] = _Listed(each.get("type"), kept)
    return found


def _is_known(kind: str) -> bool:
    """Return whether this FreeCAD has objects of this type. Imports the workbench, as restoring would."""
    module = kind.split("::")[0]
    if kind in _known or module in lists.LEFT_OUT_MODULES:
        return True
    if module in _MODULES and module not in _imported:
        _imported.add(module)
        try:
            __import__(module)
        except ImportError:
            return False
    _known.update(_supported())
    return kind in _known


_MODULES = frozenset(each.split("::")[0] for each in (*lists.TYPES, *lists.LEFT_OUT)) - {"App"}
_known: set[str] = set()
_imported: set[str] = set()


def _supported() -> list[str]:
    opened: dict[str, Any] = FreeCAD.listDocuments()
    for document in opened.values():
        return document.supportedTypes()
    from cadgate_freecad.app.scratch import scratch

    with scratch() as document:
        return document.supportedTypes()
