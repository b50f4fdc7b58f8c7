"""Deleting data-blocks at the cost of themselves: Blender walks through all others for what may refer to them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Iterable, Sequence

import bpy

from cadgate_blender.app.typed import context

_ROOMS = {
    bpy.types.Mesh: "meshes",
    bpy.types.Curve: "curves",
    bpy.types.Light: "lights",
}


def remove_object(obj: Any, collections: Sequence[Any], *, is_unmarked: bool) -> None:
    """Delete an object. `collections` are all that refers to it, where that is known; otherwise empty.

    `is_unmarked` says that nobody can have selected or hidden it.
    """
    if not collections:
        bpy.data.objects.remove(obj)
        return
    if not is_unmarked:
        _unmark(obj)
    for collection in collections:
        collection.objects.unlink(obj)
    bpy.data.objects.remove(obj, do_unlink=False)


def _unmark(obj: Any) -> None:
    """A view layer knows its objects by where they stand in memory, until it looks again: the next one that stands
    there must not be hidden because this one was.
    """
    for layer in context.scene.view_layers:
        if layer.objects.active == obj:
            layer.objects.active = None
        with suppress(RuntimeError):  # it may not be in this layer
            if obj.hide_get(view_layer=layer):
                obj.hide_set(False, view_layer=layer)
            if obj.select_get(view_layer=layer):
                obj.select_set(False, view_layer=layer)


def remove_unlinked(obj: Any) -> None:
    """Delete an object that this package made, that no collection has, and that nothing refers to."""
    bpy.data.objects.remove(obj, do_unlink=obj.users > 0)


def remove_stage(scene: Any, actors: Iterable[Any] = ()) -> None:
    """Delete a scene that this package made for a while, and objects that it made for that; others stay."""
    # What counts as its user is only that it is a scene. It goes first: its evaluation refers to its objects.
    scene.user_clear()
    bpy.data.scenes.remove(scene, do_unlink=False)
    for obj in actors:
        remove_unlinked(obj)


def remove_data(data: Any) -> None:
    """Delete what objects have and no object has any more: who refers to that is counted."""
    room = next((name for kind, name in _ROOMS.items() if isinstance(data, kind)), None)
    if room is None or data.users or getattr(data, "shape_keys", None) is not None:
        bpy.data.batch_remove([data])
    else:
        getattr(bpy.data, room).remove(data, do_unlink=False)
