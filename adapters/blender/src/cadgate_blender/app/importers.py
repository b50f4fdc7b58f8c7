"""Reading files of every format, in a worker with an empty session: what crashes or hangs here hurts nobody."""

from __future__ import annotations

import os
from typing import Any, Callable

import bpy

from cadgate.appserver import AppError, method, warn
from cadgate_blender.app import limits, snapshots, usd_files, versions


@method("internal.read")
def read(*, path: str, format: str, into: str, scale: float, up: str | None) -> dict[str, Any]:
    """Import the file `path` and save what it held as the .blend file `into`.

    Raises AppError: `limit_exceeded`, `command_failed` with Blender's own words, `degenerate_result` for nothing.
    """
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    try:
        try:
            _IMPORTERS[format](path, scale, up)
        except RuntimeError as error:
            raise AppError("command_failed", f"Blender cannot read the {format} file: {_words(error)}") from error
        _check(format)
        _drop_foreign_files(os.path.dirname(path))
        snapshots.save(into)
        return {"objects": len(bpy.data.objects)}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@method("internal.read_document")
def read_document(*, path: str, into: str) -> dict[str, Any]:
    """Open the .blend file `path`, and save it without what it refers to outside of itself as `into`."""
    try:
        try:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        except RuntimeError as error:
            raise AppError("command_failed", f"Blender cannot open the file: {_words(error)}") from error
        _check("blend", may_be_empty=True)
        _drop_foreign_files(os.path.dirname(path))
        snapshots.save(into)
        return {"objects": len(bpy.data.objects)}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _words(error: RuntimeError) -> str:
    lines = [line[7:] if line.startswith("Error: ") else line for line in str(error).splitlines()]
    shown = [line for line in lines if line.strip() and os.sep not in line]
    return shown[0] if shown else "it is damaged, or of another kind than its name says"


def _check(format: str, *, may_be_empty: bool = False) -> None:
    objects = bpy.data.objects
    if not len(objects) and not may_be_empty:
        raise AppError("degenerate_result", f"The {format} file holds no objects")
    limits.check("The number of objects", len(objects), "max_objects")
    for obj in objects:
        if obj.type == "MESH":
            limits.check(f"The number of vertices of {obj.name!r}", len(obj.data.vertices), "max_vertices")


def _drop_foreign_files(folder: str) -> None:
    """Pack the images that came with the file; forget all other files that it names: they are none of its business."""
    lost = 0
    for image in bpy.data.images:
        if image.source not in ("FILE", "SEQUENCE", "MOVIE", "TILED") or image.packed_file is not None:
            continue
        where = os.path.realpath(bpy.path.abspath(image.filepath))
        if image.source == "FILE" and where.startswith(os.path.realpath(folder) + os.sep) and os.path.isfile(where):
            image.pack()
        else:
            image.filepath = ""
            lost += 1
    for kind in ("sounds", "movieclips", "cache_files", "volumes"):
        for block in getattr(bpy.data, kind, ()):
            if block.filepath and getattr(block, "packed_file", None) is None:
                block.filepath = ""
                lost += 1
    for library in list(bpy.data.libraries):
        bpy.data.libraries.remove(library)
        lost += 1
    _warn_of_lost(lost)


def _warn_of_lost(lost: int) -> None:
    if lost:
        what = "1 file that the import refers to" if lost == 1 else f"{lost} files that the import refers to"
        left = "was" if lost == 1 else "were"
        warn("missing_files", f"{what} did not come with it, and {left} left out")


# --- the formats -------------------------------------------------------------------------------------------------


def _axes(up: str | None, fallback: str) -> dict[str, str]:
    up = up or fallback
    return {"up_axis": up, "forward_axis": {"Y": "NEGATIVE_Z", "Z": "Y"}[up]}


def _scaled(scale: float) -> None:
    if scale != 1.0:
        for obj in bpy.data.objects:
            if obj.parent is None:
                obj.location *= scale
                obj.scale *= scale


def _gltf(path: str, scale: float, up: str | None) -> None:
    bpy.ops.import_scene.gltf(filepath=path, import_pack_images=True)
    _scaled(scale)


def _obj(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.obj_import(filepath=path, global_scale=scale, **_axes(up, "Y"))


def _stl(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.stl_import(filepath=path, global_scale=scale, **_axes(up, "Z"))


def _ply(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.ply_import(filepath=path, global_scale=scale, **_axes(up, "Z"))


def _fbx(path: str, scale: float, up: str | None) -> None:
    versions.import_fbx(path, scale)


def _usd(path: str, scale: float, up: str | None) -> None:
    path, lost = usd_files.alone(path)
    _warn_of_lost(lost)
    bpy.ops.wm.usd_import(filepath=path, scale=scale, import_textures_mode="IMPORT_PACK")
    # The place where materials stand in the file comes as an object.
    for obj in [each for each in bpy.data.objects if each.name == "_materials" and each.type == "EMPTY"]:
        if not obj.children:
            bpy.data.objects.remove(obj)


def _abc(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.alembic_import(filepath=path, scale=scale, as_background_job=False)
    # What moves is read from the file frame by frame, and the file will be gone: keep this frame.
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for obj in bpy.data.objects:
        for modifier in [each for each in obj.modifiers if each.type == "MESH_SEQUENCE_CACHE"]:
            mesh = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph))
            obj.modifiers.remove(modifier)
            obj.data = mesh
        for constraint in [each for each in obj.constraints if each.type == "TRANSFORM_CACHE"]:
            matrix = obj.evaluated_get(depsgraph).matrix_local.copy()
            obj.constraints.remove(constraint)
            obj.matrix_basis = matrix
    # The file itself, which nothing needs any more.
    bpy.data.batch_remove([each for each in bpy.data.cache_files if bpy.path.abspath(each.filepath) == path])


def _blend(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
    _scaled(scale)


_IMPORTERS: dict[str, Callable[[str, float, Any], None]] = {
    "glb": _gltf,
    "gltf": _gltf,
    "obj": _obj,
    "stl": _stl,
    "ply": _ply,
    "fbx": _fbx,
    "usd": _usd,
    "abc": _abc,
    "blend": _blend,
}
