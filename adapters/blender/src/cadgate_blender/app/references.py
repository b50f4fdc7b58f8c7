"""Which objects anything but collections refers to: the others are deleted without a walk through the session.

Blender looks at every data-block for what may name a deleted one. Here that is done once, and the calls that come
after it say whom they name.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Iterable

import bpy

from cadgate_blender.app import names, remembered, versions

_WORTH = 1
"""Deletions before it is worth to look at everything: that takes as long as two of them do."""

_SIMPLE = ("MESH", "EMPTY", "CURVE", "SURFACE", "FONT", "LIGHT")
_ROOMS = {
    bpy.types.Mesh: "meshes",
    bpy.types.Curve: "curves",
    bpy.types.Light: "lights",
}

_referred: set[int] | None = None
_made: set[int] = set()
_asked = 0


def forget() -> None:
    """Anything may refer to anything now."""
    global _referred, _asked
    _referred, _asked = None, 0
    _made.clear()


def note_made(obj: Any) -> None:
    """The object is new: nobody selected or hid it before the next call that may do anything."""
    _made.add(obj.session_uid)


def note(wanted: Iterable[str]) -> None:
    """Something will refer to these objects; other names are of no interest."""
    if _referred is not None:
        _referred.update(names.find_object(name).session_uid for name in wanted if names.has_object(name))


def is_free(obj: Any) -> bool:
    """Whether nothing but collections refers to an object."""
    if not bpy.app.background or obj.type not in _SIMPLE or len(obj.particle_systems) or obj.library is not None:
        return False
    if len(bpy.data.scenes) != 1 or _names(bpy.context.scene, obj):
        return False
    known = _known()
    return known is not None and obj.session_uid not in known


def remove(obj: Any) -> None:
    """Delete an object; one that is free at the cost of itself."""
    collections = remembered.collections_of(obj) if is_free(obj) else ()
    remembered.drop(obj)
    # Users that are counted are seen here also where nobody noted them.
    if not collections or obj.users != len(collections):
        bpy.data.objects.remove(obj)
        return
    if obj.session_uid not in _made:
        _unmark(obj)
    _made.discard(obj.session_uid)
    for collection in collections:
        collection.objects.unlink(obj)
    bpy.data.objects.remove(obj, do_unlink=False)


def _unmark(obj: Any) -> None:
    """A view layer knows its objects by where they stand in memory, until it looks again: the next one that stands
    there must not be hidden because this one was.
    """
    for layer in bpy.context.scene.view_layers:
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


def _known() -> set[int] | None:
    global _referred, _asked
    if _referred is None:
        _asked += 1
        if _asked <= _WORTH:
            return None
        rooms = {*bpy.data.scenes, *bpy.data.collections}
        users = bpy.data.user_map(key_types={"OBJECT"})
        _referred = {block.session_uid for block, by in users.items() if by - rooms}
    return _referred


def _names(scene: Any, obj: Any) -> bool:
    """Whether a scene may refer to an object otherwise than by its own collection: the two look the same from afar."""
    tools, strips = scene.tool_settings.particle_edit, scene.sequence_editor
    return (
        obj in (scene.camera, tools.object, tools.shape_object, scene.render.bake.cage_object)
        or getattr(getattr(scene, "cycles", None), "dicing_camera", None) == obj
        or scene.animation_data is not None
        or scene.rigidbody_world is not None
        or versions.compositor(scene) is not None
        or len(scene.timeline_markers) > 0
        or (strips is not None and versions.strips_of(strips) > 0)
        or any(not name.startswith("cycles") for name, _ in scene.items())
    )
