"""Import in two halves: a worker reads the file into plain shapes and meshes; the session makes objects of them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import zipfile
import zlib
from typing import Any

from cadgate.appserver import AppError, about_to_change, limit_exceeded, method, scrutiny, warn
from cadgate_freecad.app import painting, readers, shapes, versions
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.documents import identifier
from cadgate_freecad.app.exchange import MANIFEST
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.fcstd import check_size
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.restoring.losses import missing
from cadgate_freecad.app.restoring.package import require_whole, rewrite
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.snapshots import restore_into
from cadgate_freecad.app.sniffing import SUFFIXES, sniff
from cadgate_freecad.app.verification import measured


@method("internal.read")
def read(*, path: str, name: str, folder: str, trusted: bool) -> dict[str, Any]:
    """Recognise and read `path`, and put its contents into `folder`. Runs in a worker.

    Only data is read from an FCStd file that is not `trusted`: the `path` in the answer is that of the file to restore.
    """
    check_size(path)
    os.makedirs(folder, exist_ok=True)
    path, name = _unpacked(path, name, folder)
    format = sniff(path, name)
    if format == "fcstd":
        return _read_document(path, name, folder, trusted)
    found = readers.read(format, path, name)
    entries = [item.keep(folder, number) for number, item in enumerate(found.items)]
    with open(os.path.join(folder, MANIFEST), "w", encoding="utf-8") as file:
        json.dump(entries, file)
    return {"format": format, "count": len(entries), "warnings": found.warnings}


def _read_document(path: str, name: str, folder: str, trusted: bool) -> dict[str, Any]:
    warnings: list[dict[str, str]] = []
    unknown: list[str] = []
    if trusted:
        require_whole(path, name)
    else:
        path, warnings, unknown = rewrite(path, name, folder)
    with scratch() as document:
        restore_into(document, path)
        warnings += missing(path, document, unknown)
        return {"format": "fcstd", "path": path, "count": len(document.Objects), "warnings": warnings}


def _unpacked(path: str, name: str, folder: str) -> tuple[str, str]:
    """Unpack a gzip file (as .stpz is), within the limits of any other file; return the file itself if it is not one.

    Raises AppError `unsupported_format`, `limit_exceeded`.
    """
    with open(path, "rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path, name
    limit = int(LIMITS["max_import_bytes"])
    try:
        size = scrutiny.gzip_size(path, limit)
    except scrutiny.Unsound as error:
        raise AppError("unsupported_format", f"{name!r} {error}", {"name": name}) from None
    if size > limit:
        raise limit_exceeded("The size of the unpacked file in bytes", size, limit, "max_import_bytes")
    unpacked = os.path.join(folder, "unpacked")
    try:
        with gzip.open(path) as packed, open(unpacked, "wb") as file:
            shutil.copyfileobj(packed, file, scrutiny.CHUNK)
    except (OSError, EOFError, zlib.error) as error:
        raise AppError("unsupported_format", f"{name!r} is a damaged gzip file: {error}", {"name": name}) from None
    if zipfile.is_zipfile(unpacked):
        raise AppError(
            "unsupported_format", f"{name!r} is a ZIP file in a gzip file: unpack it (gunzip)", {"name": name}
        )
    stem, suffix = os.path.splitext(name)
    return unpacked, stem if suffix.lower() in (".gz", ".gzip") else name


@method("internal.import")
def import_file(
    *, path: str, name: str, folder: str, format: str, count: int, warnings: list[dict[str, str]]
) -> dict[str, Any]:
    """Make objects of what a worker has read."""
    document = target()
    total = len(document.Objects) + count
    if total > LIMITS["max_objects"]:
        raise limit_exceeded("The number of objects", total, LIMITS["max_objects"], "max_objects")
    for each in warnings:
        warn(each["code"], each["message"])
    suffix = os.path.splitext(name[:-3] if name.lower().endswith(".gz") else name)[1].lower().lstrip(".")
    if suffix and SUFFIXES.get(suffix, suffix) != format:
        warn("suffix_mismatch", f"{name!r} was read by its content, as {format.upper()}")
    about_to_change()
    if format == "fcstd":
        made = _merge(document, path, name)
    else:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            items = [Item.restore(folder, entry) for entry in json.load(file)]
        made = [_add(document, item) for item in items]
        _put_into_parts(document, items, made)
    if len(made) != count:
        raise AppError("command_failed", f"Only {len(made)} of {count} objects arrived in the document")
    return {"format": format, "objects": [describe(obj) for obj in made]}


def _put_into_parts(document: Any, items: list[Item], made: list[Any]) -> None:
    """Make the parts of the file's tree, whose places are those of the document, and put the objects into them."""
    parts: dict[tuple[str, ...], Any] = {}
    for item, obj in zip(items, made):
        around, way = None, ()
        for name, label in item.holders:
            way = (*way, name)
            if way not in parts:
                parts[way] = Slot(document, identifier(label)[:64] or "Part", None, "error").fill("App::Part", label)
                if around is not None:
                    around.addObject(parts[way])
            around = parts[way]
        if around is not None:
            around.addObject(obj)
    for part in parts.values():
        for each in (part, part.Origin, *part.Origin.OriginFeatures):
            each.recompute()
            each.purgeTouched()


def _merge(document: Any, path: str, name: str) -> list[Any]:
    before = {obj.Name for obj in document.Objects}
    try:
        document.mergeProject(path)
    except FreeCADError as error:
        raise AppError(
            "unsupported_format",
            f"{name!r} was not imported. {versions.text()} cannot merge the document: {versions.unmerged(error)}",
            {"name": name},
        ) from error
    return [obj for obj in document.Objects if obj.Name not in before]


def _add(document: Any, item: Item) -> Any:
    base = identifier(item.label)[:64] or "Import"
    if item.shape is not None:
        obj = Slot(document, base, None, "error").fill("Part::Feature", item.label)
        obj.Shape = item.shape
        if shapes.shape_of(obj) is None:
            raise AppError("degenerate_result", f"{item.label!r} arrived without a shape")
        if not obj.Shape.isValid():
            warn("invalid_shape", f"{obj.Name!r} is not a valid shape: objects/{obj.Name}/measures says why")
        measured.warn_where_uncertain(shapes.shape_of(obj), obj.Name)
    elif item.mesh is not None:
        obj = Slot(document, base, None, "error").fill("Mesh::Feature", item.label)
        obj.Mesh = item.mesh
        if not item.mesh.isSolid():
            warn("open_mesh", f"The mesh {obj.Name!r} is not closed, so it has no volume")
    else:
        raise AppError("degenerate_result", f"{item.label!r} arrived without a shape")
    painting.paint(obj, item.color, item.faces)
    obj.purgeTouched()
    return obj
