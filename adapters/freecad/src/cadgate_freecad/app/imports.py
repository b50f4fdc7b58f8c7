"""Import in two halves: a worker reads the file into plain shapes and meshes, the session makes objects of them."""

from __future__ import annotations

import json
import os
from typing import Any

from cadgate.appserver import AppError, about_to_change, limit_exceeded, method, warn
from cadgate_freecad.app import readers, shapes
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.documents import check_size, identifier, target
from cadgate_freecad.app.exchange import MANIFEST
from cadgate_freecad.app.foreign import require_own
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.snapshots import restore_into
from cadgate_freecad.app.sniffing import SUFFIXES, sniff
from cadgate_freecad.app.writers import Item


@method("internal.read")
def read(*, path: str, name: str, folder: str) -> dict[str, Any]:
    """Sniff and read `path`; put what it holds into `folder`. In a worker."""
    check_size(path)
    format = sniff(path, name)
    os.makedirs(folder, exist_ok=True)
    if format == "fcstd":
        require_own(path, name)
        with scratch() as document:
            restore_into(document, path)
            return {"format": format, "count": len(document.Objects)}
    items = readers.read(format, path, os.path.splitext(name)[0])
    entries = [item.keep(folder, number) for number, item in enumerate(items)]
    with open(os.path.join(folder, MANIFEST), "w", encoding="utf-8") as file:
        json.dump(entries, file)
    return {"format": format, "count": len(items)}


@method("internal.import")
def import_file(*, path: str, name: str, folder: str, format: str, count: int) -> dict[str, Any]:
    """Make objects of what a worker read."""
    document = target()
    total = len(document.Objects) + count
    if total > LIMITS["max_objects"]:
        raise limit_exceeded("The number of objects", total, LIMITS["max_objects"], "max_objects")
    suffix = os.path.splitext(name)[1].lower().lstrip(".")
    if suffix and SUFFIXES.get(suffix, suffix) != format:
        warn("suffix_mismatch", f"{name!r} was read as what it is, a {format.upper()} file")
    about_to_change()
    if format == "fcstd":
        made = _merge(document, path, count)
    else:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            made = [_add(document, Item.restore(folder, entry)) for entry in json.load(file)]
    if len(made) != count:
        raise AppError("command_failed", f"Only {len(made)} of {count} objects arrived in the document")
    return {"format": format, "objects": [describe(obj) for obj in made]}


def _merge(document: Any, path: str, count: int) -> list[Any]:
    before = {obj.Name for obj in document.Objects}
    document.mergeProject(path)
    return [obj for obj in document.Objects if obj.Name not in before]


def _add(document: Any, item: Item) -> Any:
    base = identifier(item.label)[:64] or "Import"
    if item.shape is not None:
        obj = Slot(document, base, None, "error").fill("Part::Feature", item.label)
        obj.Shape = item.shape
        if shapes.shape_of(obj) is None:
            raise AppError("degenerate_result", f"{item.label!r} arrived without a shape")
        if not obj.Shape.isValid():
            warn("invalid_shape", f"{obj.Name!r} is not a valid shape: objects/{obj.Name}/measures tells why")
    else:
        obj = Slot(document, base, None, "error").fill("Mesh::Feature", item.label)
        obj.Mesh = item.mesh
        if not obj.Mesh.isSolid():
            warn("open_mesh", f"The mesh {obj.Name!r} is not closed, so it has no volume")
    obj.purgeTouched()
    return obj
