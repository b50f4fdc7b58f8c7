"""Technical drawings: what is kept of one, and what is on its sheet as the objects are now."""

from __future__ import annotations

import json
from typing import Any

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_freecad.app import holders, leaves, measuring, sheets, values, versions
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.features import source
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.sheet_page import Sheet
from cadgate_freecad.app.verification import sheets as verification

PROPERTY = "CadgateDrawing"
KIND = "App::DocumentObjectGroup"
_ATTRIBUTES = 8 | 16


def find_drawing(document: Any, name: str) -> Any:
    """Return the drawing. Raises AppError `object_not_found`, or `validation_error` for another object."""
    obj = find(document, name)
    if not is_drawing(obj):
        raise values.invalid("drawing", f"{name!r} is a {obj.TypeId} and no drawing: POST /drawings makes one")
    return obj


def is_drawing(obj: Any) -> bool:
    return obj.TypeId == KIND and PROPERTY in obj.PropertiesList


def _write(drawing: Any, kept: dict[str, Any]) -> None:
    if PROPERTY not in drawing.PropertiesList:
        drawing.addProperty("App::PropertyString", PROPERTY, "Cadgate", "What is on the sheet", _ATTRIBUTES)
    setattr(drawing, PROPERTY, json.dumps(kept, separators=(",", ":")))


def _read(drawing: Any) -> dict[str, Any]:
    return json.loads(getattr(drawing, PROPERTY))


@method("drawings.create")
def create_drawing(*, name: str | None, label: str | None, on_conflict: str, **fields: Any) -> dict[str, Any]:
    document = target()
    kept = _prepared(fields)
    slot = Slot(document, "Drawing", name, on_conflict, [find(document, each) for each in kept["objects"]])
    laid_out(document, kept)
    about_to_change(slot.revision)
    drawing = slot.fill(KIND, label)
    _write(drawing, kept)
    drawing.purgeTouched()
    return _described(drawing)


def _prepared(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept: dimensions with the elements that they are on. Raises AppError `validation_error`."""
    kept = dict(fields)
    objects = [source(f"objects.{index}", name) for index, name in enumerate(kept["objects"])]
    if kept["dimensions"] != "auto":
        kept["dimensions"] = [
            each if "sides" in each else measuring.prepare(f"dimensions.{index}", each, objects)
            for index, each in enumerate(kept["dimensions"])
        ]
    return kept


def laid_out(document: Any, kept: dict[str, Any]) -> Sheet:
    """Return the sheet as the objects are now."""
    return sheets.lay_out(kept, [find(document, name) for name in kept["objects"]])


def sheet_of(document: Any, name: str) -> Sheet:
    """Return the sheet of a drawing, with its numbers compared with the model; what is gone is a warning."""
    drawing = find_drawing(document, name)
    missing = [each for each in _read(drawing)["objects"] if document.getObject(each) is None]
    if missing:
        raise AppError(
            "degenerate_result",
            f"The drawing {name!r} shows {', '.join(map(repr, missing))}, which is gone: change `objects`",
            {"name": name, "missing": missing},
        )
    sheet = laid_out(document, _read(drawing))
    verification.check(sheet)
    return sheet


def _described(drawing: Any) -> dict[str, Any]:
    sheet = sheet_of(drawing.Document, drawing.Name)
    kept = _read(drawing)
    for each in sheet.dimensions:
        if each["error"]:
            warn("dimension_lost", f"{drawing.Name!r}: {each['error']}")
    if kept["hole_table"]:
        _warn_of_stretched(drawing, kept["objects"])
    return {
        "name": drawing.Name,
        "label": drawing.Label,
        "revision": describe(drawing)["revision"],
        "objects": kept["objects"],
        "sheet": kept["sheet"],
        "projection": kept["projection"],
        "scale": sheet.scale,
        "views": sheet.views,
        "dimensions": [
            {key: each[key] for key in ("type", "view", "value", "text", "error")} for each in sheet.dimensions
        ],
        "title": kept["title"],
    }


def _warn_of_stretched(drawing: Any, objects: list[str]) -> None:
    """Warn of links that are stretched or mirrored: FreeCAD makes splines of them, which nobody knows as holes."""
    for name in objects:
        shown = leaves.below(find(drawing.Document, name))
        if any(_is_stretched(each) for leaf in shown for each in (leaf.obj, *leaf.links)):
            warn(
                "holes_unknown",
                f"{drawing.Name!r}: holes of {name!r} are not in the table where a link stretches or mirrors them; "
                "a copy by features/mirror keeps them",
            )


def _is_stretched(obj: Any) -> bool:
    """Return whether a link, or one that it leads to, makes splines of what is round."""
    while holders.is_link(obj) and obj.LinkedObject is not None:
        x, y, z = obj.ScaleVector
        if not abs(x) == abs(y) == abs(z) or (min(x, y, z) < 0 and not versions.MIRRORS_EXACTLY):
            return True
        obj = obj.LinkedObject
    return False


@method("drawings.list")
def list_drawings() -> dict[str, Any]:
    found = [obj for obj in target().Objects if is_drawing(obj)]
    listed: list[dict[str, Any]] = []
    for obj in found:
        kept = {key: _read(obj)[key] for key in ("objects", "sheet", "title")}
        listed.append({"name": obj.Name, "label": obj.Label, "revision": describe(obj)["revision"], **kept})
    return {"drawings": listed, "total": len(found)}


@method("drawings.get")
def get_drawing(*, drawing: str) -> dict[str, Any]:
    return _described(find_drawing(target(), drawing))


@method("drawings.update")
def update_drawing(*, drawing: str, **changed: Any) -> dict[str, Any]:
    obj = find_drawing(target(), drawing)
    kept = _read(obj)
    kept.update(_prepared({**kept, **changed}) if changed else {})
    laid_out(target(), kept)
    about_to_change(lambda: describe(obj)["revision"], anything=bool(changed))
    if changed:
        _write(obj, kept)
    return _described(obj)


@method("drawings.delete")
def delete_drawing(*, drawing: str) -> dict[str, Any]:
    obj = find_drawing(target(), drawing)
    about_to_change(lambda: describe(obj)["revision"])
    target().removeObject(drawing)
    if target().getObject(drawing) is not None:
        raise AppError("command_failed", f"FreeCAD did not remove {drawing!r}")
    return {"deleted": drawing}
