"""UV maps: unwrapping meshes, and measuring the maps."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy

from cadgate.appserver import AppError, about_to_change, alone, method, not_found, warn
from cadgate_blender.app import names, removal, uv_measures, uv_projections
from cadgate_blender.app.modifiers import find_mesh
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.staging import stage, temporary
from cadgate_blender.app.typed import context

_MOST_MAPS = 8
"""What Blender keeps of them in a mesh."""


@method("uv.get")
def get(*, object: str, map: str | None) -> dict[str, Any]:
    obj = find_mesh(object)
    layer = _layer(obj, map)
    if layer is None:
        raise AppError(
            "uv_map_not_found", f"{object!r} has no UV map: POST /objects/{{name}}/uv makes one", {"name": object}
        )
    return _info(obj, layer.name)


@method("uv.unwrap")
@precise()
def unwrap(*, object: str, method: str, angle: float, margin: float, map: str | None) -> dict[str, Any]:
    """Write a UV map that is made from the mesh alone, and measure it."""
    obj = find_mesh(object)
    mesh = obj.data
    if not len(mesh.polygons):
        raise AppError(
            "validation_error", f"{object!r} has no faces, so there is nothing to unwrap", {"object": object}
        )
    if map is not None:
        names.check_length(map)
    name = map or (mesh.uv_layers.active.name if mesh.uv_layers.active is not None else "UVMap")
    if name not in mesh.uv_layers and len(mesh.uv_layers) >= _MOST_MAPS:
        raise AppError(
            "limit_exceeded",
            f"{object!r} has {_MOST_MAPS} UV maps, as many as Blender keeps: name one of them to replace it",
            {"maps": mesh.uv_layers.keys()},
        )
    if method in ("smart", "angle"):
        _require_finite(obj)
    about_to_change(lambda: index.described(obj)["revision"])
    if method in ("smart", "angle"):
        values = _unwrapped(obj, method, angle, margin)
    else:
        trial = mesh.copy()
        try:
            layer = trial.uv_layers[0] if len(trial.uv_layers) else trial.uv_layers.new(name="trial")
            values = uv_projections.project(uv_measures.Corners(trial, layer), method, margin)
        finally:
            removal.remove_trial(trial)
    _write(mesh, name, numpy.ascontiguousarray(values, numpy.float32).ravel())
    index.changed(obj, same_mesh=True)
    if mesh.users > 1:
        for each in bpy.data.objects:
            if each.data == mesh and each != obj:
                index.changed(each, same_mesh=True)
    return _info(obj, name)


def _require_finite(obj: Any) -> None:
    """Raise AppError for a mesh whose islands Blender would lay out without ever coming to an end."""
    if not all(math.isfinite(part) for corner in obj.bound_box for part in corner):
        raise AppError(
            "limit_exceeded",
            f"The mesh of {obj.name!r} has coordinates that are not finite numbers, and Blender cannot lay out its "
            "islands: correct them first",
            {"name": obj.name},
        )


def _layer(obj: Any, name: str | None) -> Any:
    layers = obj.data.uv_layers
    if name is None:
        return layers.active
    if layers.get(name) is None:
        raise not_found("uv_map", name, layers.keys())
    return layers[name]


_WAYS = ("ANGLE_BASED", "CONFORMAL", "MINIMUM_STRETCH")
"""Blender's solvers, in the order in which they are tried: each of them folds some pieces over."""
_FOLDED = 0.002


def _unwrapped(obj: Any, method: str, angle: float, margin: float) -> Any:
    """Return UVs of all corners by the first of Blender's solvers that folds nothing over, or by the best of them."""
    if method == "smart":
        return _by_operator(obj, method, angle, margin, "")[0]
    operator: Any = bpy.ops.uv.unwrap
    known = [each.identifier for each in operator.get_rna_type().properties["method"].enum_items]
    best: tuple[Any, float] | None = None
    for way in _WAYS:
        if way in known and (best is None or best[1] > _FOLDED):
            found = _by_operator(obj, method, angle, margin, way)
            if best is None or found[1] < best[1]:
                best = found
    assert best is not None
    return best[0]


def _by_operator(obj: Any, method: str, angle: float, margin: float, way: str) -> tuple[Any, float]:
    """Return UVs of all corners that Blender's own operators make, and what of them overlaps.

    They work on a copy of the mesh without shape keys, of the size 1: what is far larger they lay out without gaps
    between the pieces, and beyond some 1e9 without ever coming to an end.
    """
    mesh: Any = obj.data.copy()
    copy = bpy.data.objects.new(temporary("unwrap"), mesh)
    try:
        copy.shape_key_clear()
        _bring_to_size(mesh)
        while len(mesh.uv_layers):  # a removal moves the others: a reference to one of them then names what is gone
            mesh.uv_layers.remove(mesh.uv_layers[0])
        mesh.uv_layers.new(name="UVMap")
        corners = len(mesh.loops)
        with stage([copy]) as staged:
            staged["view_layer"].objects.active = copy
            copy.select_set(True, view_layer=staged["view_layer"])
            with alone(), context.temp_override(**staged, active_object=copy, object=copy):
                bpy.ops.object.mode_set(mode="EDIT")
                inside = {"edit_object": copy, "objects_in_mode": [copy], "objects_in_mode_unique_data": [copy]}
                with context.temp_override(**staged, active_object=copy, object=copy, mode="EDIT_MESH", **inside):
                    _operate(mesh, method, angle, margin, way)
                bpy.ops.object.mode_set(mode="OBJECT")
        if len(mesh.loops) != corners:
            raise AppError("command_failed", f"Blender changed the mesh of {obj.name!r} while it unwrapped it")
        values = numpy.empty(len(mesh.loops) * 2, numpy.float32)
        mesh.uv_layers.active.uv.foreach_get("vector", values)
        return values, uv_measures.measure(mesh, mesh.uv_layers.active)[0]["overlap"]
    finally:
        removal.remove_unlinked(copy)
        removal.remove_trial(mesh)


def _bring_to_size(mesh: Any) -> None:
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    placed = points.reshape(-1, 3).astype(numpy.float64)
    low, high = placed.min(axis=0), placed.max(axis=0)
    size = float((high - low).max())
    if size > 0:
        unit = (placed - (low + high) / 2) / size
        mesh.vertices.foreach_set("co", numpy.ascontiguousarray(unit, numpy.float32).ravel())


def _operate(mesh: Any, method: str, angle: float, margin: float, way: str) -> None:
    operators: Any = bpy.ops
    seams = method == "angle" and any(edge.use_seam for edge in mesh.edges)
    operators.mesh.reveal()
    operators.mesh.select_all(action="SELECT")
    if not seams:
        operators.uv.smart_project(angle_limit=math.radians(angle), island_margin=margin / 2, margin_method="FRACTION")
    if method == "angle":
        if not seams:
            operators.uv.seams_from_islands()
        operators.uv.unwrap(method=way, margin=margin / 2, margin_method="FRACTION")


def _write(mesh: Any, name: str, values: Any) -> None:
    if not numpy.isfinite(values).all():
        raise AppError("degenerate_result", "Blender made UVs that are not finite numbers; nothing was changed")
    layer = mesh.uv_layers.get(name)
    if layer is None:
        layer = mesh.uv_layers.new(name=name, do_init=False)
        layer = mesh.uv_layers[layer.name]
    layer.uv.foreach_set("vector", values)
    mesh.uv_layers.active = mesh.uv_layers[name]
    mesh.uv_layers[name].active_render = True
    mesh.update()
    found = numpy.empty(len(values), numpy.float32)
    mesh.uv_layers[name].uv.foreach_get("vector", found)
    if not numpy.array_equal(found, values):
        raise AppError("command_failed", "Blender stores different UVs than were made")


def _info(obj: Any, name: str) -> dict[str, Any]:
    mesh = obj.data
    found, degenerate = uv_measures.measure(mesh, mesh.uv_layers[name])
    if degenerate:
        warn(
            "degenerate_uvs",
            f"{degenerate} triangles of {obj.name!r} have no area in the UV map {name!r}: a picture shows a line there",
        )
    if found["overlap"] > 0.001:
        warn("overlap", f"{found['overlap']:.1%} of the UV map {name!r} is covered more than once")
    return {"object": obj.name, "map": name, "maps": list(mesh.uv_layers.keys()), **found}
