"""What every object is now, for comparison with what it was: only those that look different are described anew."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate_blender.app import aside, properties
from cadgate_blender.app.describe import collections_of_all, describe, is_visible, mesh_stamp, plain

_seen: dict[str, tuple[Any, str, str]] = {}


def stamps() -> dict[str, tuple[str, str]]:
    """Name to (type, revision) of every object."""
    with aside.together():
        return _stamps()


def _stamps() -> dict[str, tuple[str, str]]:
    global _seen
    collections = collections_of_all()
    now: dict[str, tuple[Any, str, str]] = {}
    for obj in bpy.data.objects:
        name = obj.name
        places = collections.get(name, [])
        glance = _glance(obj, places)
        known = _seen.get(name)
        if glance is None or known is None or known[0] != glance:
            info = describe(obj, places)
            known = (glance, info["type"], info["revision"])
        now[name] = known
    _seen = now
    return {name: (kind, revision) for name, (_, kind, revision) in now.items()}


def _glance(obj: Any, places: list[str]) -> Any:
    """All that the revision of a simple mesh object depends on, unrefined; None for others, which are described."""
    if obj.type != "MESH" or obj.parent is not None or obj.rotation_mode != "XYZ" or not plain(obj):
        return None
    mesh = obj.data
    return (
        obj.location[:],
        obj.rotation_euler[:],
        obj.scale[:],
        obj.delta_scale[:],
        places,
        [slot.material.name if slot.material else None for slot in obj.material_slots],
        is_visible(obj),
        (len(mesh.vertices), len(mesh.edges), len(mesh.polygons)),
        mesh_stamp(mesh),
        properties.read(obj),
    )
