"""What an operator or a property would make Blender compute, estimated from above before it runs."""

from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import growth, limits
from cadgate_blender.app.growth import WHAT
from cadgate_blender.app.typed import context

_COUNTS = re.compile(r"(number_cuts|segments|subdivisions?|vertices|target_faces|keys_number|levels?|count)$")
_POINTS = {("ParticleSettings", "count"), ("ParticleSettings", "rendered_child_count")}
_CURVES = ("resolution_u", "resolution_v", "render_resolution_u", "render_resolution_v", "bevel_resolution")
_QUICK = 8192
"""Corners of a polygon, and meridians or parallels of a sphere together, that Blender's operators make in seconds."""


# --- properties ------------------------------------------------------------------------------------------------------


def check(root: Any, holder: Any, name: str, value: Any) -> None:
    """Raise AppError `limit_exceeded` for a property of a structure that would make too much."""
    kind = holder.bl_rna.identifier
    if kind == "RemeshModifier" and name == "octree_depth":
        limits.check(WHAT, 6.0 * 4.0**value, "max_vertices")
    elif name in ("voxel_size", "remesh_voxel_size") and isinstance(root, bpy.types.Object):
        check_voxels(root, float(value))
    elif name == "remesh_voxel_size":
        for obj in bpy.data.objects:
            if obj.data == root:
                check_voxels(obj, float(value))
    elif name in _CURVES and isinstance(holder.id_data, bpy.types.Curve):
        limits.check(WHAT, growth.of_curve(holder.id_data, **{name: value}), "max_vertices")
    elif (kind, name) in _POINTS:
        limits.check(WHAT, float(value), "max_vertices")


def check_voxels(obj: Any, size: float) -> None:
    """Raise AppError `limit_exceeded` for voxels that are too small for an object."""
    if size > 0:
        limits.check(WHAT, 6.0 * (max(obj.dimensions) / size) ** 2, "max_vertices")


# --- operators that change what is edited ----------------------------------------------------------------------------


class _Selected(NamedTuple):
    """What an operator works on in a mesh that is edited."""

    vertices: float
    edges: float
    faces: float
    all_edges: float


_Values = Callable[[str], Any]


def _copies(steps: float) -> float:
    limits.check("The number of copies", steps, "max_copies")
    return steps


def _bevelled(of: _Selected, value: _Values) -> float:
    # A corner where n edges meet becomes a patch of about n (s/2 + 1)^2 vertices; each edge ends in two corners.
    ends = 2 * (of.edges if value("affect") == "EDGES" else of.all_edges)
    return ends * (value("segments") / 2 + 1) ** 2


_EDITED: dict[str, Callable[[_Selected, _Values], float]] = {
    "mesh.bevel": _bevelled,
    "mesh.bridge_edge_loops": lambda of, value: of.vertices * value("number_cuts"),
    "mesh.duplicate": lambda of, value: of.vertices,
    "mesh.duplicate_move": lambda of, value: of.vertices,
    "mesh.extrude_repeat": lambda of, value: of.vertices * _copies(value("steps")),
    # The largest grid between the sides of a loop.
    "mesh.fill_grid": lambda of, value: (of.vertices / 4) ** 2,
    "mesh.loopcut": lambda of, value: of.all_edges * value("number_cuts"),
    "mesh.loopcut_slide": lambda of, value: of.all_edges * value("MESH_OT_loopcut.number_cuts"),
    "mesh.poke": lambda of, value: of.faces,
    "mesh.screw": lambda of, value: of.vertices * _copies(value("steps") * value("turns")),
    "mesh.solidify": lambda of, value: of.vertices,
    "mesh.spin": lambda of, value: of.vertices * _copies(value("steps")),
    "mesh.split": lambda of, value: of.vertices,
    "mesh.subdivide": lambda of, value: of.edges * value("number_cuts") + of.faces * value("number_cuts") ** 2,
    "mesh.subdivide_edgering": lambda of, value: of.edges * value("number_cuts"),
    "mesh.symmetrize": lambda of, value: of.vertices,
    "mesh.wireframe": lambda of, value: 8 * of.edges,
}
"""How many vertices are added, by what is selected and the properties."""


def _check_edited(edited: list[Any], added: Callable[[_Selected, _Values], float], value: _Values) -> None:
    for each in edited:
        mesh = each.data
        selected = _Selected(
            mesh.total_vert_sel,
            mesh.total_edge_sel,
            mesh.total_face_sel,
            float(len(mesh.edges)),
        )
        total = len(mesh.vertices) + added(selected, value)
        limits.check(WHAT, total, "max_vertices")
        for obj in context.view_layer.objects:
            if obj.data == mesh:
                growth.estimate(obj, growth.stack(obj.modifiers), total)


# --- operators that add an object ------------------------------------------------------------------------------------


def _round(value: _Values, fill: str) -> float:
    corners = float(value("vertices"))
    limits.check("The number of vertices", 2 * corners, "max_vertices")
    return corners if value(fill) != "NOTHING" else 0


def _sphere(value: _Values) -> float:
    segments, rings = float(value("segments")), float(value("ring_count"))
    limits.check("The number of vertices", segments * rings, "max_vertices")
    return segments * rings / 8


def _ico(value: _Values) -> float:
    limits.check("The number of subdivisions of an ico sphere, less 2,", value("subdivisions") - 2, "max_subdivisions")
    return 0


def _grid(value: _Values) -> float:
    made = (value("x_subdivisions") + 1.0) * (value("y_subdivisions") + 1.0)
    limits.check("The number of vertices", made, "max_vertices")
    return 0


_ADDING: dict[str, Callable[[_Values], float]] = {
    "mesh.primitive_circle_add": lambda value: _round(value, "fill_type"),
    "mesh.primitive_cone_add": lambda value: _round(value, "end_fill_type"),
    "mesh.primitive_cylinder_add": lambda value: _round(value, "end_fill_type"),
    "mesh.primitive_grid_add": _grid,
    "mesh.primitive_ico_sphere_add": _ico,
    "mesh.primitive_uv_sphere_add": _sphere,
}
"""How much takes Blender time that grows with its square, after its number of vertices is checked."""

_ROUTES = {"cylinder": "primitives.cylinder", "cone": "primitives.cone", "uv_sphere": "primitives.sphere"}


def _check_quick(operator: str, work: float) -> None:
    if work <= _QUICK:
        return
    route = next((way for word, way in _ROUTES.items() if word in operator), None)
    raise AppError(
        "limit_exceeded",
        f"{operator} would take minutes with so many corners (an estimate: {work:g}, above the limit of {_QUICK})"
        + (f"; {route} makes them at once" if route else "; give it no fill_type, or fewer vertices"),
        {"limit": None, "value": work, "maximum": _QUICK, "method": route},
    )


# --- operators that change objects -----------------------------------------------------------------------------------


def _active() -> list[Any]:
    active: Any = context.view_layer.objects.active
    return [] if active is None else [active]


def _selected() -> list[Any]:
    objects: Any = context.view_layer.objects
    return [obj for obj in objects if obj.select_get()]


def _meshes() -> list[Any]:
    return [obj for obj in _selected() if obj.type == "MESH"]


def _check_subdivided(value: _Values) -> None:
    for obj in _meshes():
        found = next((each for each in reversed(obj.modifiers) if each.type in ("MULTIRES", "SUBSURF")), None)
        levels = value("level") + (found.levels if found is not None and value("relative") else 0)
        others = growth.stack(each for each in obj.modifiers if each != found)
        growth.estimate(obj, [*others, ("subdivision", {"levels": max(0, levels)})])


def _check_multires(value: _Values) -> None:
    for obj in _active():
        found = obj.modifiers.get(value("modifier"))
        if found is not None and found.type == "MULTIRES":
            others = growth.stack(each for each in obj.modifiers if each != found)
            growth.estimate(obj, [*others, ("subdivision", {"levels": found.total_levels + 1})])


def _check_added(value: _Values) -> None:
    for obj in [*_active(), *(_meshes() if value("use_selected_objects") else ())]:
        growth.estimate(obj, [*growth.stack(obj.modifiers), *growth.when_added(value("type"))])


def _check_copied(value: _Values) -> None:
    copied = [found for obj in _active() if (found := obj.modifiers.get(value("modifier"))) is not None]
    for obj in [*_active(), *_meshes()]:
        growth.estimate(obj, [*growth.stack(obj.modifiers), *growth.stack(copied)])


def _check_joined(value: _Values) -> None:
    limits.check(WHAT, float(sum(len(obj.data.vertices) for obj in _meshes())), "max_vertices")


def _check_made_real(value: _Values) -> None:
    chosen = {obj.name for obj in _selected()}
    depsgraph: Any = context.evaluated_depsgraph_get()
    made = sum(1 for each in depsgraph.object_instances if each.is_instance and each.parent.name in chosen)
    limits.check("The number of objects", len(bpy.data.objects) + made, "max_objects")


def _check_voxel_remesh(value: _Values) -> None:
    for obj in _active():
        if obj.type == "MESH":
            check_voxels(obj, float(obj.data.remesh_voxel_size))


def _check_bones(value: _Values) -> None:
    for obj in context.view_layer.objects:
        if obj.mode == "EDIT" and obj.type == "ARMATURE":
            armature: Any = obj.data
            limits.check("The number of bones", len(armature.edit_bones) * (value("number_cuts") + 1), "max_objects")


_OBJECTS: dict[str, Callable[[_Values], None]] = {
    "armature.subdivide": _check_bones,
    "object.duplicates_make_real": _check_made_real,
    "object.join": _check_joined,
    "object.modifier_add": _check_added,
    "object.modifier_copy": _check_copied,
    "object.modifier_copy_to_selected": _check_copied,
    "object.multires_subdivide": _check_multires,
    "object.subdivision_set": _check_subdivided,
    "object.voxel_remesh": _check_voxel_remesh,
}


# --- all operators ---------------------------------------------------------------------------------------------------


def check_operator(operator: str, rna: Any, arguments: dict[str, Any]) -> None:
    """Raise AppError `limit_exceeded` for an operator that would make too much of what is active, selected or edited.

    `rna` has the properties of the operator, with the values that it takes for those that are not among `arguments`.
    """

    def value(name: str) -> Any:
        properties, given = rna.properties, arguments
        *outer, last = name.split(".")
        for each in outer:
            properties, given = properties[each].fixed_type.properties, given.get(each, {})
        prop = properties.get(last)
        return given.get(last, None if prop is None else prop.default)

    edited = [obj for obj in context.view_layer.objects if obj.mode == "EDIT"]
    if operator in _EDITED:
        _check_edited([obj for obj in edited if obj.type == "MESH"], _EDITED[operator], value)
    elif operator in _OBJECTS:
        _OBJECTS[operator](value)
    elif operator in _ADDING:
        _check_quick(operator, _ADDING[operator](value))
    else:
        _check_counts(edited, arguments)


def _check_counts(edited: list[Any], arguments: dict[str, Any]) -> None:
    """Check what no formula is known of: the points that are edited, as many times as the counts say."""
    counts = [each for name, each in arguments.items() if _COUNTS.search(name) and isinstance(each, int)]
    if not counts:
        return
    total = float(sum(_points(obj.data) for obj in edited) or 1)
    for each in counts:
        total *= max(0, each) + 1.0
    limits.check(WHAT, total, "max_vertices")


def _points(data: Any) -> int:
    """Return the number of points of data of any type."""
    if isinstance(data, bpy.types.Curve):
        return sum(max(len(each.points), len(each.bezier_points)) for each in data.splines)
    for name in ("vertices", "points"):
        if hasattr(data, name):
            return len(getattr(data, name))
    return 0
