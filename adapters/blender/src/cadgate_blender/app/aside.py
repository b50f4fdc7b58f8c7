"""Evaluates one object in a separate scene: the session's scene would be evaluated again with all its objects."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import bpy

from cadgate_blender.app import staging
from cadgate_blender.app.typed import context

PLAIN = {"ARRAY", "BEVEL", "BOOLEAN", "DECIMATE", "MIRROR", "SOLIDIFY", "SUBSURF", "TRIANGULATE", "WELD"}
"""Modifiers whose result depends only on objects and meshes, not on earlier frames or on other contents."""

_together = 0


@contextmanager
def together() -> Generator[None, None, None]:
    """Evaluate the session's scene once, which is cheaper for many objects in a row."""
    global _together
    _together += 1
    try:
        yield
    finally:
        _together -= 1


def can_show(obj: Any, shown: bool | None) -> bool:
    """Return whether a separate scene shows the object as the session's scene does.

    `shown` says whether the session's scene shows it, if that is known.
    """
    return (
        not _together
        and bpy.app.background
        and obj.type == "MESH"
        and obj.animation_data is None
        and not len(obj.constraints)
        and all(modifier.type in PLAIN for modifier in obj.modifiers)
        and not context.scene.render.use_simplify
        # Blender does not evaluate hidden objects.
        and (obj.visible_get() if shown is None else shown)
    )


@contextmanager
def shown(obj: Any) -> Generator[Any, None, None]:
    """Yield the evaluated object, valid inside the block."""
    with staging.evaluated([obj]) as depsgraph:
        yield obj.evaluated_get(depsgraph)
