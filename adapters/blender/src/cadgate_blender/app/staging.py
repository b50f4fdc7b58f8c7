"""Scenes of this package's own, for some objects: what is done in them does not grow with the session."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator, Sequence

import bpy

from cadgate_blender.app import removal
from cadgate_blender.app.typed import context

_NAME = "cadgate stage"

# To delete a scene, Blender walks through all objects, and through all notifications for windows: 0.9 ms among 4,000
# objects. So an empty one is kept until a call begins that may see it, code is run, or the session is saved.
_kept: Any = None
_may_keep = False


def temporary(what: str) -> str:
    """Return a name for a temporary object.

    Blender keeps objects sorted by their names, and looks for the place of a new one from the end: 0.02 ms if that is
    the last, 0.11 ms if it is before 4,000 others.
    """
    return f"~ cadgate {what}"


def begin(*, may_keep: bool) -> None:
    """Begin a call. `may_keep` says that it looks at no other scene than its own; otherwise the kept one goes now."""
    global _may_keep
    _may_keep = may_keep and bpy.app.background
    if not _may_keep:
        put_away()


def put_away() -> None:
    """Delete the scene that was kept."""
    scene = _taken()
    if scene is not None:
        removal.remove_scene(scene)


def session_scenes() -> list[Any]:
    """Return all scenes but the kept one."""
    return [each for each in bpy.data.scenes if each != _kept]


@contextmanager
def evaluated(objects: Sequence[Any]) -> Generator[Any, None, None]:
    """Yield the depsgraph of a scene with only these objects, at the session's frame; it ends with the block."""
    global _kept
    scene = _taken() or bpy.data.scenes.new(_NAME)
    try:
        now = context.scene
        if (scene.frame_current, scene.frame_subframe) != (now.frame_current, now.frame_subframe):
            scene.frame_set(now.frame_current, subframe=now.frame_subframe)
        for obj in objects:
            scene.collection.objects.link(obj)
        layer = scene.view_layers[0]
        layer.update()
        yield layer.depsgraph
    finally:
        if _may_keep and _kept is None:
            _clear(scene)
            _kept = scene
        else:
            removal.remove_scene(scene)


@contextmanager
def stage(objects: Sequence[Any]) -> Generator[dict[str, Any], None, None]:
    """A scene with only these objects: operators cost what they cost there."""
    scene = bpy.data.scenes.new(_NAME)
    try:
        for obj in objects:
            scene.collection.objects.link(obj)
        layer = scene.view_layers[0]
        layer.update()
        yield {
            "scene": scene,
            "view_layer": layer,
            "selected_objects": list(objects),
            "selected_editable_objects": list(objects),
        }
    finally:
        bpy.data.scenes.remove(scene)


def _taken() -> Any:
    """Return the kept scene, which is kept no longer; None if there is none."""
    global _kept
    scene, _kept = _kept, None
    return None if scene is None or removal.is_gone(scene) else scene


def _clear(scene: Any) -> None:
    """Take all objects out of a scene, and out of its evaluation, which refers to them."""
    for obj in list(scene.collection.objects):
        scene.collection.objects.unlink(obj)
    scene.view_layers[0].update()
