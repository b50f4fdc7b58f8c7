"""Ends edit, sculpt, paint and pose mode, which executed code or a file left on, before a method reads a mesh.

In edit mode Blender works on a copy of the data, and modifiers, exports and operators either refuse or do nothing.
Ending a mode writes that copy back. It depends on the state alone, so a replay after a crash does the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import bpy

from cadgate.appserver import AppError, alone
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context


def write_back() -> None:
    """Write edits into the data, and leave the modes on, so that executed code can continue where it was."""
    for obj in bpy.data.objects:
        if obj.mode == "EDIT":
            obj.update_from_editmode()


def end() -> None:
    """Switch every object to object mode. Costs nothing if nothing unknown has run since the last time."""
    # Do not even ask for the context's mode: that visits all objects after one was added or deleted.
    if index.modes_are_known:
        return
    left = [obj for obj in bpy.data.objects if obj.mode != "OBJECT"]
    for obj in left:
        _end(obj)
    if left:
        index.unknown_change()
    index.note_object_modes()


def _end(obj: Any) -> None:
    if obj.mode == "EDIT":
        obj.update_from_editmode()
    for scene in [context.scene, *bpy.data.scenes]:
        for layer in scene.view_layers:
            if obj.mode == "OBJECT":
                return
            if layer.objects.get(obj.name) == obj:
                _leave(obj, scene, layer)
    if obj.mode != "OBJECT":
        # It is hidden, or in no view layer: excluded from it, unlinked, or in a collection that no scene has.
        with _stage(obj) as (scene, layer):
            _leave(obj, scene, layer)
    if obj.mode != "OBJECT":
        raise AppError(
            "conflict",
            f"{obj.name!r} is in {obj.mode.lower().replace('_', ' ')} mode, which Blender cannot end: run code that "
            "makes it active and calls bpy.ops.object.mode_set(mode='OBJECT')",
            {"object": obj.name, "mode": obj.mode},
        )


@contextmanager
def _stage(obj: Any) -> Generator[tuple[Any, Any], None, None]:
    scene, hidden = bpy.data.scenes.new("cadgate modes"), obj.hide_viewport
    try:
        scene.collection.objects.link(obj)
        obj.hide_viewport = False
        layer = scene.view_layers[0]
        layer.update()
        yield scene, layer
    finally:
        obj.hide_viewport = hidden
        bpy.data.scenes.remove(scene)


def _leave(obj: Any, scene: Any, layer: Any) -> None:
    active = layer.objects.active
    try:
        layer.objects.active = obj
        with alone(), context.temp_override(scene=scene, view_layer=layer, active_object=obj, object=obj):
            bpy.ops.object.mode_set(mode="OBJECT")
    except RuntimeError:
        # Blender's poll refuses here; another layer, or the stage, may work.
        return
    finally:
        layer.objects.active = active
