"""Compares the normals that files can hold with those that Blender shows: a difference is a warning, not an error."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy

from cadgate.appserver import warn
from cadgate_blender.app import mesh_arrays
from cadgate_blender.app.motion import Motion
from cadgate_blender.app.preparing import listed
from cadgate_blender.app.typed import context

_FACETS = ("stl", "ply")
"""Formats without normals of corners, as they are written."""
_MIXED = ("glb", "gltf")
"""Formats that hold normals for each shape key, and mix them."""
_RESTING = ("fbx", "usd")
"""Formats that hold normals only at rest."""
_DEGREES = 1.0
"""Differences below this are not seen."""


def warn_of_facets(chosen: Sequence[Any], format: str) -> None:
    """Warn of objects that are shaded smooth, which the format cannot hold."""
    if format not in _FACETS:
        return
    depsgraph = context.evaluated_depsgraph_get()
    smooth = [obj.name for obj in chosen if obj.type == "MESH" and _is_smooth(obj.evaluated_get(depsgraph).data)]
    if smooth:
        warn(
            "shading_lost",
            f"Files in {format} hold no normals of corners: the smooth shading of {listed(smooth)} is not in this one",
        )


def _is_smooth(mesh: Any) -> bool:
    return len(mesh.polygons) > 0 and (mesh.has_custom_normals or mesh.normals_domain != "FACE")


def warn_of_keys(chosen: Sequence[Any], format: str, motion: Motion) -> None:
    """Warn of objects whose shape keys turn faces in a way that the format's normals do not follow."""
    keyed = [obj for obj in chosen if _has_keys(obj)] if format in _MIXED + _RESTING else []
    if not keyed:
        return
    moments = motion.frames or [motion.now]
    turned: dict[str, float] = {}
    for frame in sorted({moments[0], moments[len(moments) // 2], moments[-1]}):
        if motion.frames:
            context.scene.frame_set(frame)
        depsgraph = context.evaluated_depsgraph_get()
        for obj in keyed:
            shown = obj.evaluated_get(depsgraph).data
            held = _held(obj, mixed=format in _MIXED)
            if len(shown.loops) == len(held):
                turned[obj.name] = max(turned.get(obj.name, 0.0), _turned(mesh_arrays.corner_normals(shown), held))
    if motion.frames:
        context.scene.frame_set(motion.now)
    wrong = {name: degrees for name, degrees in turned.items() if degrees > _DEGREES}
    if wrong:
        what = "mix the normals of shape keys" if format in _MIXED else "hold normals of shape keys only at rest"
        warn(
            "normals_differ",
            f"Files in {format} {what}: light falls on {listed(list(wrong))} up to {max(wrong.values()):.0f} degrees "
            "differently from Blender where they move, unless the reader computes normals itself",
        )


def _has_keys(obj: Any) -> bool:
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    return keys is not None and len(keys.key_blocks) > 1 and all(each.type != "ARMATURE" for each in obj.modifiers)


def _held(obj: Any, *, mixed: bool) -> Any:
    """Return the normals of the corners in the file, at the current values of the keys."""
    blocks = obj.data.shape_keys.key_blocks
    rest = _of_key(blocks[0])
    if not mixed:
        return rest
    found = rest.copy()
    for block in blocks[1:]:
        if block.value and not block.mute:
            found += block.value * (_of_key(block) - rest)
    return found / numpy.maximum(numpy.linalg.norm(found, axis=1), 1e-12)[:, None]


def _of_key(block: Any) -> Any:
    return numpy.array(block.normals_split_get(), numpy.float64).reshape(-1, 3)


def _turned(one: Any, other: Any) -> float:
    """Return the greatest angle between the normals, in degrees."""
    if not len(one):
        return 0.0
    cosines = (one * other).sum(axis=1).clip(-1.0, 1.0)
    return math.degrees(math.acos(float(cosines.min())))
