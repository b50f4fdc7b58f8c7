"""Export: chooses the objects, writes them here or in a worker, and verifies the file by `verification.files`."""

from __future__ import annotations

import json
import os
from typing import Any

from cadgate.appserver import AppError, method
from cadgate_freecad.app import (
    attributes,
    drawings,
    from_above,
    holders,
    leaves,
    mesh_files,
    meshing,
    scenes,
    sheet_files,
    showing,
    threemf_files,
    values,
    writers,
)
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import is_valid, problem
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.verification import files
from cadgate_freecad.app.verification import mesh_files as mesh_checks
from cadgate_freecad.app.verification import scenes as scene_checks
from cadgate_freecad.app.verification.drawings import check_drawing

MANIFEST = "items.json"
TREES = ("step", threemf_files.FORMAT, *scenes.FORMATS)


@method("internal.export")
def export(
    *,
    path: str,
    format: str,
    objects: list[str] | None,
    linear_deflection: float,
    angular_deflection: float,
    verify: str | None,
    inline_facets: int,
    folder: str,
) -> dict[str, Any]:
    """Write the file; or, if that takes long, put the shapes into `folder` for `internal.write` in a worker."""
    document = target()
    sheet = _sheet_in(document, format, objects)
    if sheet is not None:
        sheet_files.write(format, path, sheet.page)
        warnings = [{"code": "dimension_lost", "message": each["error"]} for each in sheet.dimensions if each["error"]]
        return {"objects": objects, "facets": None, "warnings": warnings}
    chosen = _chosen(document, objects)
    summary: dict[str, Any] = {"objects": [obj.Name for obj in chosen]}
    thorough = verify or str(LIMITS.get("verify", "fast"))
    if format == "fcstd":
        writers.write_document(path, document, None if objects is None else chosen, thorough)
        return {**summary, "facets": None}
    items = _items(chosen, format, objects is not None)
    if format in (*writers.MESH_FORMATS, *scenes.FORMATS):
        is_long = meshing.check_limit(items, linear_deflection, angular_deflection) > inline_facets
    else:
        _require_shapes(items, format)
        is_long = format in from_above.FORMATS and from_above.is_long(items)
    if is_long or thorough == "full":
        _put_aside(items, folder)
        return {**summary, "deferred": True, "title": document.Label, "verify": thorough}
    how: dict[str, Any] = {
        "title": document.Label,
        "linear": linear_deflection,
        "angular": angular_deflection,
        "verify": thorough,
    }
    return {**summary, **_write(format, path, items, **how)}


@method("internal.write")
def write(
    *,
    path: str,
    format: str,
    folder: str,
    title: str,
    linear_deflection: float,
    angular_deflection: float,
    verify: str,
) -> dict[str, Any]:
    """Do the long half of an export, in a worker."""
    with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
        items = [Item.restore(folder, entry) for entry in json.load(file)]
    how: dict[str, Any] = {"title": title, "linear": linear_deflection, "angular": angular_deflection, "verify": verify}
    return _write(format, path, items, **how)


def _sheet_in(document: Any, format: str, objects: list[str] | None) -> Any | None:
    """Return the sheet to write, None if the request does not name a drawing. Raises AppError `validation_error`."""
    found = [find(document, name) for name in objects or ()]
    named = [obj for obj in found if drawings.is_drawing(obj)]
    if not named:
        if format == "pdf":
            raise values.invalid("objects", "a PDF is of a drawing: name one, which POST /drawings makes")
        return None
    if len(found) > 1 or format not in sheet_files.FORMATS:
        formats = ", ".join(sheet_files.FORMATS)
        raise values.invalid("format", f"a drawing is exported alone, as one of {formats}")
    return drawings.sheet_of(document, named[0].Name)


def _write(
    format: str, path: str, items: list[Item], *, title: str, linear: float, angular: float, verify: str
) -> dict[str, Any]:
    """Write the file and verify it. Returns the number of triangles and the warnings."""
    if format in scenes.FORMATS:
        patches = [scenes.patches_of(item, linear, angular) for item in items]
        scenes.write(format, path, items, patches)
        warnings = scene_checks.check(format, path, items, patches, linear, verify)
        return {"facets": sum(len(each.facets) for of_item in patches for each in of_item), "warnings": warnings}
    if format in writers.MESH_FORMATS:
        facets, warnings = _mesh_and_write(format, path, items, linear, angular, verify)
        return {"facets": facets, "warnings": warnings}
    if format in from_above.FORMATS:
        return {"facets": None, "warnings": _draw(format, path, items, title)}
    warnings = writers.write_exact(format, path, items, title)
    return {"facets": None, "warnings": [*warnings, *files.check_exact(format, path, items, verify)]}


def write_objects(
    format: str, path: str, document: Any, objects: list[str], *, title: str, linear: float, angular: float
) -> None:
    """Write objects of a document to a file that depends on nothing but them."""
    items = _items(_chosen(document, objects), format, named=True)
    if format in (*writers.MESH_FORMATS, *scenes.FORMATS):
        meshing.check_limit(items, linear, angular)
    else:
        _require_shapes(items, format)
    _write(format, path, items, title=title, linear=linear, angular=angular, verify="fast")


def _draw(format: str, path: str, items: list[Item], title: str) -> list[dict[str, str]]:
    """Write a drawing and verify it; if that of the visible edges fails, draw every edge, with a warning."""
    edges = from_above.seen_from_above(items)
    try:
        from_above.write(format, path, edges, items, title)
        check_drawing(format, path, items, edges)
        return []
    except AppError as error:
        edges = from_above.every_edge(items)
        from_above.write(format, path, edges, items, title)
        try:
            check_drawing(format, path, items, edges)
        except AppError:
            raise error from None
    names = ", ".join(repr(item.name) for item in items)
    return [
        {
            "code": "hidden_lines",
            "message": f"FreeCAD cannot determine what is hidden of {names}: every edge is drawn, hidden ones too, "
            "and outlines of round faces are not",
        }
    ]


def _mesh_and_write(
    format: str, path: str, items: list[Item], linear: float, angular: float, verify: str
) -> tuple[int, list[dict[str, str]]]:
    colors: list[list[str | None]] = [[] for _ in items]
    if format == threemf_files.FORMAT:
        painted = [threemf_files.painted(item, linear, angular) for item in items]
        meshed, colors = [each for each, _ in painted], [each for _, each in painted]
    else:
        meshed = [meshing.triangles_of(item, linear, angular) for item in items]
    found = [mesh_checks.check_meshed(item, each, linear, verify) for item, each in zip(items, meshed)]
    objects = [(item.label, each) for item, each in zip(items, meshed)]
    if format == threemf_files.FORMAT:
        threemf_files.write(path, items, list(zip(meshed, colors)))
        mesh_checks.check_colors(path, items, meshed, colors)
    else:
        mesh_files.write(format, path, objects)
    mesh_checks.check_mesh(format, path, objects)
    warnings = [warning for warning in found if warning is not None]
    if format in ("stl", "ply"):
        warnings += [warning for warning in map(mesh_checks.coarse_place, items, meshed) if warning is not None]
    return sum(len(each.facets) for each in meshed), warnings


def _put_aside(items: list[Item], folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    entries = [item.keep(folder, number) for number, item in enumerate(items)]
    with open(os.path.join(folder, MANIFEST), "w", encoding="utf-8") as file:
        json.dump(entries, file)


def _chosen(document: Any, names: list[str] | None) -> list[Any]:
    """Return the objects to export. Raises AppError for one that is missing, invalid or has nothing to export."""
    if names is None:
        for obj in document.Objects:
            if getattr(obj, "Visibility", True) and not is_valid(obj):
                raise values.invalid("objects", f"{problem(obj)}, or name the objects to export")
        chosen = [obj for obj in document.Objects if showing.stands_alone(obj) and holders.is_shown(obj)]
        if not chosen:
            raise AppError("degenerate_result", "The document has no visible object with a shape: nothing to export")
    else:
        chosen = [find(document, name) for name in dict.fromkeys(names)]
    for obj in chosen:
        if not showing.has_geometry(obj):
            raise values.invalid("objects", f"{obj.Name!r} ({obj.TypeId}) has no shape to export")
        wrong = problem(obj)
        if wrong is not None:
            raise values.invalid("objects", wrong)
    return chosen


def _item(leaf: leaves.Leaf, *, copied: bool = True) -> Item:
    """Return the geometry in its place in the document, even inside a moved group."""
    name, shape = leaf.obj.Name, leaf.shape()
    if shape is not None:
        copy = shape
        if copied:
            # Without the triangulation of a view or an earlier export, so that the requested deflections apply.
            copy = shape.copy(True, False)
            copy.Placement = attributes.of(shape, "Placement")
        item = Item(name, leaf.label, copy, None)
        item.source = shape
        item.faces = leaf.faces()
    else:
        item = Item(name, leaf.label, None, leaf.mesh())
    item.color = leaf.color()
    item.holders = [*leaf.holders]
    return item


def _items(chosen: list[Any], format: str, named: bool) -> list[Item]:
    """Return what to write. Formats with a tree get what a part, a group or a link shows, and what is around it.

    Of objects that the request names, only what is below these belongs to the tree.
    """
    if format not in TREES:
        return [_item(leaves.Leaf(obj, obj.Label, ())) for obj in chosen]
    found = [leaf for obj in chosen for leaf in leaves.below(obj, () if named else _around(obj))]
    if not found:
        raise AppError("degenerate_result", "Everything in the objects is hidden: nothing to export")
    # STEP has no triangles. Of several objects, FreeCAD's writer takes those of the same shape for one.
    return [_item(leaf, copied=format != "step" or len(found) > 1) for leaf in found]


def _around(obj: Any) -> tuple[tuple[str, str], ...]:
    """Return the parts and groups that an object is in, the outermost first."""
    found: list[tuple[str, str]] = []
    owner = holders.owner(obj)
    while owner is not None:
        if not owner.isDerivedFrom("PartDesign::Body"):
            found.insert(0, (owner.Name, owner.Label))
        owner = holders.owner(owner)
    return tuple(found)


def _require_shapes(items: list[Item], format: str) -> None:
    for item in items:
        if item.shape is None:
            formats = ", ".join((*writers.MESH_FORMATS, *scenes.FORMATS))
            raise values.invalid("format", f"{item.name!r} is a mesh, which {format} cannot hold: use {formats}")
