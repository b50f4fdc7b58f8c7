"""The objects that anything but collections refers to: others are deleted without a walk through the session.

Blender checks every data-block for references to a deleted one. Here that is done once, and later calls report the
objects that they refer to.
"""

from __future__ import annotations

from typing import Any

import bpy

from cadgate_blender.app import staging, versions
from cadgate_blender.app.typed import context

_WORTH = 1
"""The number of deletions before checking everything is worthwhile: that takes as long as two of them."""
_SIMPLE = ("MESH", "EMPTY", "CURVE", "SURFACE", "FONT", "LIGHT")


class References:
    """The objects that something refers to, as far as known."""

    def __init__(self) -> None:
        self._referred: set[int] | None = None
        self._asked = 0

    def forget(self) -> None:
        """Discard everything: anything may now refer to anything."""
        self._referred, self._asked = None, 0

    def add(self, obj: Any) -> None:
        """Record that something will refer to this object."""
        if self._referred is not None:
            self._referred.add(obj.session_uid)

    @property
    def is_known(self) -> bool:
        return self._referred is not None

    def has_none(self, obj: Any) -> bool:
        """Return whether nothing but collections refers to an object; False if that is unknown."""
        if not bpy.app.background or obj.type not in _SIMPLE or len(obj.particle_systems) or obj.library is not None:
            return False
        if len(staging.session_scenes()) != 1 or _may_refer(context.scene, obj):
            return False
        known = self._known()
        return known is not None and obj.session_uid not in known

    def _known(self) -> set[int] | None:
        if self._referred is None:
            self._asked += 1
            if self._asked <= _WORTH:
                return None
            rooms = {*bpy.data.scenes, *bpy.data.collections}
            users = bpy.data.user_map(key_types={"OBJECT"})
            self._referred = {block.session_uid for block, by in users.items() if by - rooms}
        return self._referred


def _may_refer(scene: Any, obj: Any) -> bool:
    """Return whether a scene may refer to an object in another way than by its own collection."""
    tools, strips = scene.tool_settings.particle_edit, scene.sequence_editor
    return (
        obj in (scene.camera, tools.object, tools.shape_object, scene.render.bake.cage_object)
        or getattr(getattr(scene, "cycles", None), "dicing_camera", None) == obj
        or scene.animation_data is not None
        or scene.rigidbody_world is not None
        or versions.compositor(scene) is not None
        or len(scene.timeline_markers) > 0
        or (strips is not None and len(versions.strips_of(strips)) > 0)
        or any(not name.startswith("cycles") for name, _ in scene.items())
    )
