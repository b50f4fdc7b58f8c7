"""The scene as a whole: its description, and clearing it."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method
from cadgate_blender.app import changes, describe, names, versions

_CONTENT = (
    "actions",
    "armatures",
    "cache_files",
    "cameras",
    "collections",
    "curves",
    "fonts",
    "grease_pencils",
    "grease_pencils_v3",
    "hair_curves",
    "images",
    "lattices",
    "lightprobes",
    "lights",
    "masks",
    "materials",
    "meshes",
    "metaballs",
    "movieclips",
    "node_groups",
    "particles",
    "pointclouds",
    "sounds",
    "speakers",
    "textures",
    "volumes",
    "worlds",
)
"""What objects are made of and belong to. Texts, brushes and windows are nobody's content."""

_KEPT_IMAGES = ("RENDER_RESULT", "COMPOSITING")


@method("scene.get")
def get_scene() -> dict[str, Any]:
    return info()


@method("scene.clear")
def clear() -> dict[str, Any]:
    """Remove all objects, and all data that only they used; a fake user protects from loss in files, not from this."""
    about_to_change()
    gone = [(obj.name, obj.type) for obj in bpy.data.objects]
    bpy.data.batch_remove(list(bpy.data.objects))
    bpy.data.batch_remove([*bpy.data.collections, *bpy.data.materials])
    remove_orphans()
    names.forget()
    describe.forget()
    if len(bpy.data.objects):
        raise AppError("command_failed", f"Blender kept {len(bpy.data.objects)} of {len(gone)} objects")
    for name, kind in gone:
        changes.deleted(name, kind)
    return {"deleted": len(gone)}


def remove_orphans() -> None:
    """Remove all content that nothing uses, and what only that used, and so on."""
    while True:
        orphans = [
            block
            for kind in _CONTENT
            for block in getattr(bpy.data, kind, ())
            if block.users == int(block.use_fake_user) and getattr(block, "type", "") not in _KEPT_IMAGES
        ]
        if not orphans:
            return
        bpy.data.batch_remove(orphans)


def info() -> dict[str, Any]:
    """SceneInfo."""
    scene = bpy.context.scene
    return {
        "name": scene.name,
        "objects": [
            {"name": obj.name, "type": obj.type, "location": describe.vector(obj.location)} for obj in bpy.data.objects
        ],
        "object_count": len(bpy.data.objects),
        "camera": scene.camera.name if scene.camera else None,
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "frame": scene.frame_current,
        "engine": versions.engine_name(scene.render.engine),
        "unit_system": scene.unit_settings.system.lower(),
    }
