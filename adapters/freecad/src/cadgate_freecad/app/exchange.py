"""Export: which objects, written by `writers` here or in a worker, and proved by `readback`."""

from __future__ import annotations

import json
import os
from typing import Any

from cadgate.appserver import AppError, method
from cadgate_freecad.app import meshing, placed, readback, shapes, values, writers
from cadgate_freecad.app.documents import check_file, target
from cadgate_freecad.app.info import is_valid, problem
from cadgate_freecad.app.objects import find
from cadgate_freecad.app.writers import Item

MANIFEST = "items.json"


@method("internal.export")
def export(
    *,
    path: str,
    format: str,
    objects: list[str] | None,
    linear_deflection: float,
    angular_deflection: float,
    inline_facets: int,
    folder: str,
) -> dict[str, Any]:
    """Write the file; or, where it takes long, put the shapes into `folder` for `internal.mesh` in a worker."""
    document = target()
    chosen = _chosen(document, objects)
    told: dict[str, Any] = {"objects": [obj.Name for obj in chosen]}
    if format == "fcstd":
        writers.write_document(path, document, None if objects is None else chosen)
        check_file(path)
        return {**told, "facets": None}
    items = [_item(obj) for obj in chosen]
    if format not in writers.MESH_FORMATS:
        _require_shapes(items, format)
        writers.write_exact(format, path, items, document.Label)
        readback.check_exact(format, path, items)
        return {**told, "facets": None}
    estimate = meshing.check_limit(items, linear_deflection, angular_deflection)
    if estimate > inline_facets:
        _put_aside(items, folder)
        return {**told, "deferred": True}
    facets, warnings = mesh_and_write(format, path, items, linear_deflection, angular_deflection)
    return {**told, "facets": facets, "warnings": warnings}


@method("internal.mesh")
def mesh(*, path: str, format: str, folder: str, linear_deflection: float, angular_deflection: float) -> dict[str, Any]:
    """The long half of an export, in a worker."""
    with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
        items = [Item.restore(folder, entry) for entry in json.load(file)]
    facets, warnings = mesh_and_write(format, path, items, linear_deflection, angular_deflection)
    return {"facets": facets, "warnings": warnings}


def mesh_and_write(
    format: str, path: str, items: list[Item], linear: float, angular: float
) -> tuple[int, list[dict[str, str]]]:
    meshes = [meshing.mesh_of(item, linear, angular) for item in items]
    writers.write_mesh(format, path, [(item.label, each) for item, each in zip(items, meshes)])
    facets = sum(each.CountFacets for each in meshes)
    readback.check_mesh(format, path, facets)
    leaky = [item.name for item, each in zip(items, meshes) if item.is_solid and not each.isSolid()]
    warnings = [
        {"code": "not_watertight", "message": f"The mesh of {name!r} has gaps although the shape is solid"}
        for name in leaky
    ]
    return facets, warnings


def _put_aside(items: list[Item], folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    entries = [item.keep(folder, number) for number, item in enumerate(items)]
    with open(os.path.join(folder, MANIFEST), "w", encoding="utf-8") as file:
        json.dump(entries, file)


def _chosen(document: Any, names: list[str] | None) -> list[Any]:
    """The objects to export. Raises AppError for one that is missing, invalid or has nothing to export."""
    if names is None:
        for obj in document.Objects:
            if getattr(obj, "Visibility", True) and not is_valid(obj):
                raise values.invalid("objects", f"{problem(obj)}, or name the objects to export")
        chosen = [obj for obj in document.Objects if _is_shown(obj)]
        if not chosen:
            raise AppError("degenerate_result", "The document has no visible object with a shape: nothing to export")
    else:
        chosen = [find(document, name) for name in dict.fromkeys(names)]
    for obj in chosen:
        if not _has_geometry(obj):
            raise values.invalid("objects", f"{obj.Name!r} ({obj.TypeId}) has no shape to export")
        wrong = problem(obj)
        if wrong is not None:
            raise values.invalid("objects", wrong)
    return chosen


def _is_shown(obj: Any) -> bool:
    """Whether the object would be seen in the GUI as a thing of its own: not a feature of a body, not a container."""
    if not getattr(obj, "Visibility", True) or not _has_geometry(obj):
        return False
    if obj.hasExtension("App::GeoFeatureGroupExtension") and not obj.isDerivedFrom("Part::Feature"):
        return False
    parent = obj.getParentGeoFeatureGroup()
    if obj.TypeId in ("App::Line", "App::Plane", "App::Point"):
        return False
    return parent is None or not parent.isDerivedFrom("Part::BodyBase")


def _has_geometry(obj: Any) -> bool:
    return shapes.shape_of(obj) is not None or hasattr(getattr(obj, "Mesh", None), "CountFacets")


def _item(obj: Any) -> Item:
    """The object's geometry where it stands in the document, also inside a group that is moved."""
    shape = shapes.shape_of(obj)
    if shape is not None:
        # A copy without the triangulation that a view or an earlier export left: deflections must rule.
        copy = shape.copy(True, False)
        copy.Placement = shape.Placement
        return Item(obj.Name, obj.Label, copy, None)
    mesh = placed.mesh(obj)
    return Item(obj.Name, obj.Label, None, None if mesh is None else mesh.copy())


def _require_shapes(items: list[Item], format: str) -> None:
    for item in items:
        if item.shape is None:
            formats = ", ".join(writers.MESH_FORMATS)
            raise values.invalid("format", f"{item.name!r} is a mesh, which {format} cannot hold: use {formats}")
