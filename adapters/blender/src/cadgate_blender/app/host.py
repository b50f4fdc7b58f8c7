"""Blender as a `Host`: the empty scene, snapshots, the namespace of executed code, change events."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import Host, current
from cadgate_blender.app import changes, describe, limits, names, versions

FOREIGN = ("session.execute", "session.undo", "session.redo")
MARK = "cadgate_unused"


class BlenderHost(Host):
    """A Blender in the background, or the one whose window loaded the extension."""

    name = "blender"
    package = "cadgate_blender.app"
    snapshot_suffix = ".blend"

    def start(self) -> None:
        limits.LIMITS.update(self.settings)
        if bpy.app.background:
            bpy.ops.wm.read_factory_settings(use_empty=True)
            self.load_snapshot(None)
        changes.start(describe.stamps())

    def version(self) -> str:
        return versions.text()

    def namespace(self) -> dict[str, Any]:
        return {"bpy": bpy}

    def save_snapshot(self, path: str) -> None:
        """Write a .blend with everything in it: unused data-blocks and generated pixels too, which Blender leaves out."""
        unused = _unused()
        for block in unused:
            block.use_fake_user = True
            block[MARK] = True
        for image in bpy.data.images:
            if image.is_dirty and image.source in ("GENERATED", "FILE") and image.type == "IMAGE":
                image.pack()
        try:
            bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, check_existing=False)
        finally:
            _release(unused)

    def load_snapshot(self, path: str | None) -> None:
        """Open a snapshot; None is an empty scene with a grey world."""
        if path is None:
            bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
            prepare_scene(bpy.context.scene)
        else:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False)
            _release([block for block in _blocks() if MARK in block])
        names.forget()
        describe.forget()
        changes.anything()

    def observe(self) -> None:
        if current().method in FOREIGN:
            names.forget()
            describe.forget()
            changes.anything()
        changes.report(self.emit, describe.stamps)


def prepare_scene(scene: Any) -> None:
    """What a new session has: a grey world, no objects."""
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.use_fake_user = True
    scene.world = world


def _blocks() -> Any:
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in ("window_managers", "screens", "workspaces", "brushes"):
            yield from getattr(bpy.data, prop.identifier)


def _unused() -> Any:
    return [block for block in _blocks() if block.users == 0 and block.library is None]


def _release(blocks: Any) -> None:
    for block in blocks:
        block.use_fake_user = False
        if MARK in block:
            del block[MARK]
