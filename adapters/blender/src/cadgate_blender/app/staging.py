"""A scene for operators: what they cost there does not grow with the session."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator, Sequence

import bpy


@contextmanager
def stage(objects: Sequence[Any]) -> Generator[dict[str, Any], None, None]:
    """A scene with only these objects: operators cost what they cost there."""
    scene = bpy.data.scenes.new("cadgate stage")
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
