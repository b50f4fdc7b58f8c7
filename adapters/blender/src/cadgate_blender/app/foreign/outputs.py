"""Keeps Blender from writing files by itself while it renders, whatever made the scene.

A render writes one file, that of the request. But strips show other scenes, each with its compositor, and node groups
can contain output nodes: all of them are removed, in the whole document and not only in the active scene.
"""

from __future__ import annotations

from typing import Any, Iterator

import bpy

from cadgate_blender.app.foreign import decided
from cadgate_blender.app.foreign.losses import Losses, owner
from cadgate_blender.app.foreign.walking import trees
from cadgate_blender.app.typed import context

_WHY = "such nodes write their own files when a picture is rendered"
_SWITCHES = ("use_render_cache", "use_multiview", "use_stamp_filename", "use_stamp_hostname")
"""Render settings that write more files than one, or put data about this machine into the picture."""


def still() -> bool:
    """Call this in a worker before the copy that is open there is rendered, played or exported.

    Returns whether the scene has several views: each would be written to a file of its own, so there is only one now.
    """
    has_views = bool(context.scene.render.use_multiview)
    for _, tree, node in list(_writing()):
        # Remove them rather than mute them: this is a copy, and nothing can switch on what is gone.
        tree.nodes.remove(node)
    for scene in bpy.data.scenes:
        for name in _SWITCHES:
            setattr(scene.render, name, False)
    return has_views


def mute(losses: Losses) -> None:
    """Mute in a file from outside what `still` removes from copies."""
    for block, _, node in list(_writing()):
        if not node.mute:
            losses.part(owner(block.id_type, block.name), f"the node {node.name!r}", _WHY)
            node.mute = True
    for scene in bpy.data.scenes:
        scene.render.use_render_cache = False


def _writing() -> Iterator[tuple[Any, Any, Any]]:
    for block, tree in trees():
        for node in tree.nodes:
            if node.bl_idname in decided.WRITING_NODES:
                yield block, tree, node
