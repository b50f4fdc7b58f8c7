"""The session's part of exchange: saving itself for an export, and appending what a worker has read."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_blender.app import aside, excerpts, limits, names, preparing, snapshots
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context, open_library

SURFACES = ("MESH", "CURVE", "SURFACE", "FONT", "META", "CURVES", "POINTCLOUD", "VOLUME", "GREASEPENCIL")
"""Types of objects that may have a surface, if only by geometry nodes."""


@method("internal.export_scene")
def save_for_export(*, path: str, format: str, objects: list[str] | None) -> dict[str, Any]:
    """Write the session for a worker. Returns the names of what the format can hold, and warns of the rest.

    Raises AppError `object_not_found`, and `degenerate_result` if the format can hold nothing of what was chosen.
    """
    if objects is None:
        # A .blend has everything, including the sources of collection instances; other formats what is in the scene.
        every = bpy.data.objects if format == "blend" else context.scene.objects
        chosen = sorted((obj for obj in every if obj.users > 0), key=lambda obj: obj.name)
    else:
        chosen = [names.find_object(name) for name in dict.fromkeys(objects)]
    if format in ("stl", "ply", "obj"):
        usable, what = [obj for obj in chosen if obj.type in SURFACES or obj.instance_type != "NONE"], "surface"
    else:
        usable, what = chosen, "object"
    if not usable and format != "blend":
        raise AppError(
            "degenerate_result",
            f"There is no {what} to export as {format}: add one, or name other objects",
            {"objects": [obj.name for obj in chosen]},
        )
    left = [obj.name for obj in chosen if obj not in usable]
    if left and objects is not None:
        listed = preparing.listed(left)
        warn("left_out", f"What has no surface cannot be in a {format} file, and was left out: {listed}")
    # Other objects do not matter unless the chosen ones depend on them; a .blend file has the whole scene's settings.
    excerpt = excerpts.save(path, usable) if objects is not None and format != "blend" else None
    if excerpt is None:
        snapshots.save(path)
    return {"objects": [obj.name for obj in usable], "excerpt": excerpt}


@method("internal.append")
def append(*, path: str, collection: str | None, standing: list[str]) -> dict[str, Any]:
    """Append the .blend file `path` to the scene; Blender renames objects whose names are in use.

    Only `standing` is linked to the scene. What these objects need comes along, such as what they show as instances;
    a warning names the rest.
    """
    target = context.scene.collection
    if collection is not None and collection != target.name:
        target = names.find("collection", bpy.data.collections, collection)
    wanted = set(standing)
    with open_library(path, link=False) as (source, _):
        every = [*source.objects]
    limits.check("The number of objects", names.count_objects() + len(every), "max_objects")
    about_to_change()
    before = {obj.session_uid for obj in bpy.data.objects}
    with open_library(path, link=False) as (_, taken):
        taken.objects = [name for name in every if name in wanted]
    added = [obj for obj in taken.objects if obj is not None]
    for library in list(bpy.data.libraries):
        if library.filepath == path:
            bpy.data.libraries.remove(library)
    for obj in added:
        target.objects.link(obj)
    known = before | {obj.session_uid for obj in added}
    needed = [obj for obj in bpy.data.objects if obj.session_uid not in known]
    for block in {slot.material for obj in [*added, *needed] for slot in obj.material_slots if slot.material}:
        block.use_fake_user = True
    if len(added) + len(needed) < len(every):
        left = preparing.listed(sorted({*every} - wanted))
        warn("left_out", f"No scene of the file shows {left}: what nothing in a scene needs of them was not imported")
    with aside.together():
        return {"objects": [*(index.created(obj, (target,)) for obj in added), *map(index.created, needed)]}
