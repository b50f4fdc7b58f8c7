"""One object evaluated in a scene of its own: the session's scene would be built anew, with all that stands in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import bpy

from cadgate_blender.app import removal
from cadgate_blender.app.typed import context

PLAIN = {"ARRAY", "BEVEL", "BOOLEAN", "DECIMATE", "MIRROR", "SOLIDIFY", "SUBSURF", "TRIANGULATE", "WELD"}
"""Modifiers whose result depends on objects and meshes alone: not on frames before, or on what else is there."""

_together = 0


@contextmanager
def together() -> Generator[None, None, None]:
    """Many objects are looked at in turn: the session's scene, evaluated once, is cheaper for these."""
    global _together
    _together += 1
    try:
        yield
    finally:
        _together -= 1


def can_show(obj: Any) -> bool:
    """Whether a scene of its own shows the object as the session's does."""
    return (
        not _together
        and bpy.app.background
        and obj.type == "MESH"
        and obj.animation_data is None
        and not len(obj.constraints)
        and all(modifier.type in PLAIN for modifier in obj.modifiers)
        and not context.scene.render.use_simplify
        # What is hidden, Blender does not evaluate.
        and obj.visible_get()
    )


@contextmanager
def shown(obj: Any) -> Generator[Any, None, None]:
    """The evaluated object, as long as the context lasts."""
    scene = bpy.data.scenes.new("cadgate aside")
    try:
        now = context.scene
        scene.frame_set(now.frame_current, subframe=now.frame_subframe)
        scene.collection.objects.link(obj)
        layer = scene.view_layers[0]
        layer.update()
        yield obj.evaluated_get(layer.depsgraph)
    finally:
        removal.remove_stage(scene)
