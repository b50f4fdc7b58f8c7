"""What a camera must see: the corners of what is shown, and how far away it must be for that."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from mathutils import Vector

from cadgate_blender.app.typed import context

UNSEEN = ("CAMERA", "LIGHT", "EMPTY", "SPEAKER", "LIGHT_PROBE", "LATTICE", "ARMATURE")


def corners_of(wanted: Callable[[Any], bool], *, hidden: bool = False) -> list[Any]:
    """Return the corners of the boxes of evaluated objects and instances that render, or also of `hidden` ones."""
    found: list[Any] = []
    for instance in context.evaluated_depsgraph_get().object_instances:
        obj: Any = instance.object
        owner = instance.parent if instance.is_instance and instance.parent is not None else obj
        if obj.type in UNSEEN or (obj.original.hide_render and not hidden) or not wanted(owner):
            continue
        if not _has_points(obj):
            continue
        found.extend(instance.matrix_world @ Vector(corner) for corner in obj.bound_box)
    return found


def _has_points(obj: Any) -> bool:
    return obj.type != "MESH" or len(obj.data.vertices) > 0


def distance(points: Sequence[Any], direction: Any, slope: float) -> float:
    """Return how far away in `direction` a camera with that half angle (its tangent) sees all points, around 0."""
    side = direction.cross(Vector((0.0, 0.0, 1.0)))
    side = side.normalized() if side.length > 1e-6 else Vector((1.0, 0.0, 0.0))
    up = side.cross(direction)
    return max(max(abs(point.dot(side)), abs(point.dot(up))) / slope + point.dot(direction) for point in points)
