"""Meshes made by a client: from lists, or from a file of raw arrays."""

from __future__ import annotations

import struct
from itertools import chain
from typing import Any

import bpy
import numpy

from cadgate.appserver import AppError, method
from cadgate_blender.app import limits, mesh_arrays, names, removal, versions
from cadgate_blender.app.geometry import Arrays, fill_mesh
from cadgate_blender.app.objects import Placement, add_object
from cadgate_blender.app.scene_index import precise
from cadgate_blender.app.typed import context

HEADER = struct.Struct("<4sIII")
MAGIC = b"CGM1"
MAX_COORDINATE = 1e9


@method("meshes.create")
@precise()
def create(
    *,
    vertices: list[Any],
    faces: list[Any],
    edges: list[Any],
    smooth: bool,
    uvs: list[Any] | None,
    normals: list[Any] | None,
    colors: list[Any] | None,
    materials: list[str],
    face_materials: list[int] | None,
    **placement: Any,
) -> dict[str, Any]:
    limits.check("The number of vertices", len(vertices), "max_vertices")
    slots = [names.find("material", bpy.data.materials, each) for each in materials]
    place = Placement(**placement)
    corners = numpy.fromiter(chain.from_iterable(faces), numpy.int32)
    sizes = numpy.fromiter(map(len, faces), numpy.int32, len(faces))
    _check_number_of_corners(len(corners))
    mesh = bpy.data.meshes.new(place.name or "Mesh")
    try:
        fill_mesh(mesh, Arrays(numpy.array(vertices), corners, sizes, smooth=smooth, edges=edges))
        _check(mesh, len(vertices), len(faces))
        _check_corners(mesh, corners)
        if uvs is not None:
            _set_uvs(mesh, numpy.array(uvs, numpy.float32))
        if colors is not None:
            _set_colors(mesh, numpy.array([(*color, 1.0)[:4] for color in colors], numpy.float32))
        if normals is not None:
            _set_normals(mesh, numpy.array(normals, numpy.float64))
        for material in slots:
            mesh.materials.append(material)
        if face_materials is not None and len(face_materials):
            _set_slots(mesh, numpy.array(face_materials, numpy.int32))
        return add_object("Mesh", place, lambda name: _named(mesh, name))
    except BaseException:
        _discard(mesh)
        raise


def _check_number_of_corners(corners: int) -> None:
    # A vertex has 4 corners with quads, 6 with triangles.
    limits.check("The number of corners, divided by 8,", corners / 8, "max_vertices")


def _check_corners(mesh: Any, corners: Any) -> None:
    """Make sure that Blender has the corners in the order in which they came, on which data per corner depends."""
    if not numpy.array_equal(mesh_arrays.corner_vertices(mesh), corners):
        raise AppError("command_failed", "Blender changed the order of the faces' corners")


def _set_uvs(mesh: Any, values: Any) -> None:
    if len(values) == len(mesh.vertices):
        values = values[mesh_arrays.corner_vertices(mesh)]
    layer = mesh.uv_layers.new(name="UVMap", do_init=False)
    layer.uv.foreach_set("vector", values.ravel())
    found = numpy.empty(values.size, numpy.float32)
    layer.uv.foreach_get("vector", found)
    _same("uvs", found, values.ravel(), 0.0)


def _set_colors(mesh: Any, values: Any) -> None:
    domain = "POINT" if len(values) == len(mesh.vertices) else "CORNER"
    layer = mesh.color_attributes.new(name="Color", type="FLOAT_COLOR", domain=domain)
    layer.data.foreach_set("color", values.ravel())
    mesh.color_attributes.active_color = layer
    found = numpy.empty(values.size, numpy.float32)
    layer.data.foreach_get("color", found)
    _same("colors", found, values.ravel(), 0.0)


def _set_normals(mesh: Any, values: Any) -> None:
    values /= numpy.linalg.norm(values, axis=1, keepdims=True)
    if len(values) == len(mesh.vertices):
        values = values[mesh_arrays.corner_vertices(mesh)]
    mesh.shade_smooth()
    mesh.normals_split_custom_set(values.tolist())
    found = mesh_arrays.corner_normals(mesh).ravel()
    # Blender stores them as two angles of 16 bits each.
    _same("normals", found, values.ravel(), 2e-3)


def _set_slots(mesh: Any, values: Any) -> None:
    mesh.polygons.foreach_set("material_index", values)
    found = numpy.empty(len(values), numpy.int32)
    mesh.polygons.foreach_get("material_index", found)
    _same("slots", found, values, 0.0)


def _same(what: str, found: Any, wanted: Any, room: float) -> None:
    if len(found) and numpy.abs(found - wanted).max() > room:
        raise AppError("command_failed", f"Blender stores different {what} than were sent")


@method("internal.mesh")
@precise()
def upload(*, path: str, smooth: bool, **placement: Any) -> dict[str, Any]:
    """Read a file: the header `CGM1`, counts of vertices, faces and corners; positions, corners per face, indices."""
    place = Placement(**placement)
    points, sizes, corners = read(path)
    mesh = bpy.data.meshes.new(place.name or "Mesh")
    try:
        fill_mesh(mesh, Arrays(points.reshape(-1, 3), corners, sizes, smooth=smooth))
        _check(mesh, len(points) // 3, len(sizes))
        _check_corners(mesh, corners)
        return add_object("Mesh", place, lambda name: _named(mesh, name))
    except BaseException:
        _discard(mesh)
        raise


def _named(mesh: Any, name: str) -> Any:
    # It was made before the deletion of the object whose name it takes.
    versions.rename(mesh, name)
    return mesh


def _discard(mesh: Any) -> None:
    """Remove a mesh that is not used after all; one that an object already has is rolled back with it."""
    try:
        if mesh.users == 0:
            removal.remove_trial(mesh)
    except ReferenceError:
        pass


def _check(mesh: Any, vertices: int, faces: int) -> None:
    """Refuse a mesh from which Blender would leave out what does not fit together."""
    if mesh.validate() or len(mesh.vertices) != vertices or len(mesh.polygons) != faces:
        raise AppError(
            "validation_error",
            "The faces do not make a mesh: a face is duplicated, or has repeated corners",
            {"vertices": vertices, "faces": faces},
        )


def read(path: str) -> tuple[Any, Any, Any]:
    """Return positions (float32), corners of each face, indices (int32). Raises AppError for anything else."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < HEADER.size or data[:4] != MAGIC:
        raise AppError("unsupported_format", f"The upload does not begin with {MAGIC!r} and three 32-bit numbers")
    _, vertices, faces, corners = HEADER.unpack_from(data)
    expected = HEADER.size + 12 * vertices + 4 * faces + 4 * corners
    if len(data) != expected:
        raise AppError(
            "unsupported_format",
            f"The upload has {len(data)} bytes; {vertices} vertices, {faces} faces, {corners} corners are {expected}",
        )
    limits.check("The number of vertices", vertices, "max_vertices")
    _check_number_of_corners(corners)
    points = numpy.frombuffer(data, "<f4", vertices * 3, HEADER.size).astype(numpy.float32)
    sizes = numpy.frombuffer(data, "<u4", faces, HEADER.size + 12 * vertices).astype(numpy.int64)
    indices = numpy.frombuffer(data, "<u4", corners, HEADER.size + 12 * vertices + 4 * faces).astype(numpy.int64)
    problem = None
    if vertices == 0:
        problem = "there is no vertex"
    elif not numpy.isfinite(points).all() or numpy.abs(points).max() > MAX_COORDINATE:
        problem = f"a coordinate is not finite, or beyond {MAX_COORDINATE:g}"
    elif faces and sizes.min() < 3:
        problem = "a face has fewer than 3 corners"
    elif sizes.sum() != corners:
        problem = f"the faces have {sizes.sum()} corners together, not {corners}"
    elif corners and indices.max() >= vertices:
        problem = f"a face refers to vertex {indices.max()}, but there are {vertices} vertices"
    if problem is not None:
        raise AppError("validation_error", f"The arrays do not make a mesh: {problem}")
    return points, sizes.astype(numpy.int32), indices.astype(numpy.int32)


# --- reading -------------------------------------------------------------------------------------------------------


@method("meshes.read")
def read_mesh(*, object: str, evaluated: bool) -> dict[str, Any]:
    """Return the mesh of an object in numbers, before its modifiers or with them."""
    obj = names.find_object(object)
    if evaluated:
        shown = obj.evaluated_get(context.evaluated_depsgraph_get())
        mesh = shown.to_mesh()
    elif obj.type != "MESH":
        raise AppError(
            "validation_error",
            f"{object!r} is {names.kind_of(obj)}, not a MESH: with evaluated=true, its surface is read",
            {"object": object},
        )
    else:
        shown, mesh = None, obj.data
    try:
        if not mesh:
            raise AppError("validation_error", f"{object!r} has no surface that could be read", {"object": object})
        limits.check("The number of vertices", len(mesh.vertices), "max_vertices")
        return {"object": obj.name, **_numbers(mesh), "materials": _slots(obj)}
    finally:
        if shown is not None:
            shown.to_mesh_clear()


def _slots(obj: Any) -> list[str | None]:
    return [slot.material.name if slot.material is not None else None for slot in obj.material_slots]


def _numbers(mesh: Any) -> dict[str, Any]:
    corners = mesh_arrays.corner_vertices(mesh)
    sizes = _column(mesh.polygons, "loop_total", numpy.int32)
    ends = numpy.cumsum(sizes)
    edges = _column(mesh.edges, "vertices", numpy.int32, 2).reshape(-1, 2)
    loose = _column(mesh.edges, "is_loose", bool)
    layer, painted = mesh.uv_layers.active, mesh.color_attributes.active_color
    return {
        "vertices": mesh_arrays.positions(mesh).reshape(-1, 3).tolist(),
        "faces": [each.tolist() for each in numpy.split(corners, ends[:-1])] if len(sizes) else [],
        "edges": edges[loose].tolist(),
        "uvs": None if layer is None else _column(layer.uv, "vector", numpy.float32, 2).reshape(-1, 2).tolist(),
        "normals": mesh_arrays.corner_normals(mesh).tolist(),
        "colors": None if painted is None else _colors(mesh, painted, corners),
        "face_materials": _column(mesh.polygons, "material_index", numpy.int32).tolist(),
        "smooth": _column(mesh.polygons, "use_smooth", bool).tolist(),
    }


def _column(elements: Any, field: str, kind: Any, width: int = 1) -> Any:
    found = numpy.empty(len(elements) * width, kind)
    elements.foreach_get(field, found)
    return found


def _colors(mesh: Any, painted: Any, corners: Any) -> list[Any]:
    values = _column(painted.data, "color", numpy.float32, 4).reshape(-1, 4)
    return (values[corners] if painted.domain == "POINT" else values).tolist()
