"""Values that would make Blender compute more than the settings allow; other modifiers are estimated by `modifiers`."""

from __future__ import annotations

import re
from typing import Any

import bpy

from cadgate_blender.app import limits
from cadgate_blender.app.typed import context

_COUNTS = re.compile(
    r"(number_cuts|segments|ring_count|subdivisions|vertices|major_segments|minor_segments|levels?|count)$"
)
_POINTS = {("ParticleSettings", "count"), ("ParticleSettings", "rendered_child_count"), ("ScrewModifier", "steps")}
_WHAT = "The number of vertices that this would make (an estimate)"


def check(root: Any, holder: Any, name: str, value: Any) -> None:
    """Raise AppError `limit_exceeded` for a property of a structure that would make too much."""
    kind = holder.bl_rna.identifier
    if kind == "RemeshModifier" and name == "octree_depth":
        limits.check(_WHAT, 6.0 * 4.0**value, "max_vertices")
    elif name in ("voxel_size", "remesh_voxel_size") and isinstance(root, bpy.types.Object):
        check_voxels(root, float(value))
    elif name == "remesh_voxel_size":
        for obj in bpy.data.objects:
            if obj.data == root:
                check_voxels(obj, float(value))
    elif (kind, name) in _POINTS:
        limits.check(_WHAT, float(value), "max_vertices")


def check_voxels(obj: Any, size: float) -> None:
    """Raise AppError `limit_exceeded` for voxels that are too small for an object."""
    if size > 0:
        limits.check(_WHAT, 6.0 * (max(obj.dimensions) / size) ** 2, "max_vertices")


def check_operator(operator: str, arguments: dict[str, Any]) -> None:
    """Raise AppError `limit_exceeded` for counts that would make too many vertices (an estimate, from above)."""
    if operator == "object.voxel_remesh":
        active: Any = context.view_layer.objects.active
        if active is not None and active.type == "MESH":
            check_voxels(active, float(active.data.remesh_voxel_size))
    counts = {name: value for name, value in arguments.items() if _COUNTS.search(name) and isinstance(value, int)}
    if not counts:
        return
    objects: list[Any] = list(context.view_layer.objects)
    edited = [obj for obj in objects if obj.mode == "EDIT" and obj.type == "MESH"]
    total = float(sum(len(obj.data.vertices) for obj in edited) or 1)
    for name, value in counts.items():
        if name == "subdivisions" or name.startswith("level"):
            total *= 4.0 ** max(0, value)
        elif name == "number_cuts":
            total *= (value + 1.0) ** 2
        else:
            total *= max(1, value)
    limits.check(_WHAT, total, "max_vertices")
