"""The revision of every object, by a glance at each: only those that look different are described again."""

from __future__ import annotations

from typing import Any, Callable

import bpy

from cadgate_blender.app import aside, properties
from cadgate_blender.app.describe import collections_of_all, is_visible, plain
from cadgate_blender.app.scene_index.announcements import Revisions


class Glances:
    """The state of all objects when they were last compared."""

    def __init__(self, describe: Callable[[Any, list[str]], dict[str, Any]], mesh_stamp: Callable[[Any], int]) -> None:
        self._describe = describe
        self._mesh_stamp = mesh_stamp
        self._seen: dict[str, tuple[Any, str, str]] = {}

    def revisions(self) -> Revisions:
        with aside.together():
            collections = collections_of_all()
            self._seen = {obj.name: self._look(obj, collections.get(obj.name, [])) for obj in bpy.data.objects}
        return {name: (kind, revision) for name, (_, kind, revision) in self._seen.items()}

    def _look(self, obj: Any, collections: list[str]) -> tuple[Any, str, str]:
        glance = self._glance(obj, collections)
        known = self._seen.get(obj.name)
        if glance is not None and known is not None and known[0] == glance:
            return known
        info = self._describe(obj, collections)
        return glance, info["type"], info["revision"]

    def _glance(self, obj: Any, collections: list[str]) -> Any:
        """Return everything that the revision of a simple mesh object depends on, unprocessed; None for others."""
        if obj.type != "MESH" or obj.parent is not None or obj.rotation_mode != "XYZ" or not plain(obj):
            return None
        mesh = obj.data
        return (
            obj.location[:],
            obj.rotation_euler[:],
            obj.scale[:],
            obj.delta_scale[:],
            collections,
            [slot.material.name if slot.material else None for slot in obj.material_slots],
            is_visible(obj),
            (len(mesh.vertices), len(mesh.edges), len(mesh.polygons)),
            self._mesh_stamp(mesh),
            properties.read(obj),
        )
