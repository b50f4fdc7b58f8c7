"""Reads files of every format, in a worker with an empty session, where a crash or hang affects nobody."""

from __future__ import annotations

import os
import re
from typing import Any, Callable, Iterator, cast

import bpy
from mathutils import Matrix

from cadgate.appserver import AppError, method, warn
from cadgate_blender.app import limits, snapshots, usd_files, versions, vertex_colours
from cadgate_blender.app.foreign import fbx_curves, fbx_paths, opening
from cadgate_blender.app.foreign.losses import warn_of_files
from cadgate_blender.app.motion import Motion, key, scale_roots, split_scale
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import imports, usd_places

_NUMBER = re.compile(r"\.\d{3,}\Z")
"""What Blender appends to a name that is in use."""


@method("internal.read")
def read(
    *, path: str, format: str, into: str, scale: float, up: str | None, roots: list[str], trusted: bool
) -> dict[str, Any]:
    """Import the file `path` and save its contents as the .blend file `into`.

    Paths in a .blend file may lead to the folders `roots`; a trusted one is opened as it is.
    Raises AppError: `limit_exceeded`, `command_failed` with Blender's own words, `degenerate_result` for nothing.
    """
    versions.require_format(format, "import")
    said = imports.said_by(path, format)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    try:
        try:
            if format == "blend":
                opening.open_file(path, roots, trusted=trusted)
                scale_roots(scale)
            else:
                _IMPORTERS[format](path, scale, up)
        except RuntimeError as error:
            raise _unreadable(format, error) from error
        _check(format)
        imports.check_corners(format)
        imports.check_frame_rates()
        context.view_layer.update()
        imports.check(said, format, scale, up)
        if format != "blend":
            vertex_colours.activate(bpy.data.meshes)
            opening.settle_import(path)
        snapshots.save(into)
        return {"standing": _standing()}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _standing() -> list[str]:
    """Return the names of the objects that a scene shows itself; of all objects, if none does.

    The others are shown as instances only, or cut something, or nothing needs them.
    """
    found = {obj.name for scene in bpy.data.scenes for obj in scene.objects} - _only_repeated()
    return sorted(found or {obj.name for obj in bpy.data.objects})


def _only_repeated(by: Any = (bpy.types.Object, bpy.types.NodeTree)) -> set[str]:
    """Return the objects in collections that are switched off, but that something of a type shows as instances."""
    users = cast("Any", bpy.data).user_map(subset=set(bpy.data.collections))
    repeated = [each for each, users_of in users.items() if any(isinstance(user, by) for user in users_of)]
    found = {obj.name for each in repeated for obj in each.all_objects}
    return found.difference(_switched_on())


def _switched_on() -> Iterator[str]:
    """Yield the names of the objects that are in a collection that is neither excluded nor hidden everywhere."""
    pending = [layer.layer_collection for scene in bpy.data.scenes for layer in scene.view_layers]
    while pending:
        part = pending.pop()
        own = part.collection
        if not part.exclude and not (own.hide_viewport and own.hide_render):
            yield from own.objects.keys()
            pending += part.children


@method("internal.read_document")
def read_document(*, path: str, into: str, roots: list[str], trusted: bool) -> dict[str, Any]:
    """Open the .blend file `path`, and save it as `into`, without what is not allowed unless it is trusted."""
    try:
        try:
            opening.open_file(path, roots, trusted=trusted)
        except RuntimeError as error:
            raise AppError("command_failed", f"Blender cannot open the file: {_words(error)}") from error
        _check("blend", may_be_empty=True)
        imports.check_corners("blend")
        imports.check_frame_rates()
        snapshots.save(into)
        return {"objects": len(bpy.data.objects)}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _unreadable(format: str, error: RuntimeError) -> AppError:
    library = re.search(r"bf_intern_(draco|meshopt)_bridge", str(error))
    if library is not None:
        return AppError(
            "unsupported_format",
            f"The {format} file is compressed by {library[1]}, and {versions.text()} was built without the library for "
            "it: write the file without (`gltf-transform copy`, or the program that made it), or use another Blender, "
            "such as the Blender of blender.org",
            {"compression": library[1], "application": versions.text()},
        )
    extension = re.search(r"Extension (\w+) is not available", str(error))
    if extension is None:
        return AppError("command_failed", f"Blender cannot read the {format} file: {_words(error)}")
    return AppError(
        "unsupported_format",
        f"The {format} file needs the extension {extension[1]!r}, which Blender cannot read: write it without "
        "(for compressed meshes, `gltf-transform copy` or the program that made it)",
        {"extension": extension[1]},
    )


def _words(error: RuntimeError) -> str:
    lines = [line[7:] if line.startswith("Error: ") else line for line in str(error).splitlines()]
    shown = [line for line in lines if line.strip() and os.sep not in line]
    if "Traceback" in str(error):
        shown = [f"its importer failed ({line.strip()[:200]})" for line in shown[-1:]]
    return shown[0] if shown else "it is damaged, or does not match its name"


def _check(format: str, *, may_be_empty: bool = False) -> None:
    objects: list[Any] = list(bpy.data.objects)
    if not objects and not may_be_empty:
        raise AppError("degenerate_result", f"The {format} file contains no objects")
    limits.check("The number of objects", len(objects), "max_objects")
    for obj in objects:
        if obj.type == "MESH":
            limits.check(f"The number of vertices of {obj.name!r}", len(obj.data.vertices), "max_vertices")


def load(path: str, format: str, up: str) -> None:
    """Import a file that this gateway wrote into what is open. Raises AppError, RuntimeError."""
    # A USD file that this gateway wrote refers only to its own textures.
    (_own_usd if format == "usd" else _IMPORTERS[format])(path, 1.0, up)


# --- the formats -------------------------------------------------------------------------------------------------


def _axes(up: str | None, fallback: str) -> dict[str, Any]:
    up = up or fallback
    return {"up_axis": up, "forward_axis": {"Y": "NEGATIVE_Z", "Z": "Y"}[up]}


def _gltf(path: str, scale: float, up: str | None) -> None:
    # Shapes for bones would be an additional object, which is not in the file.
    versions.call(bpy.ops.import_scene.gltf, filepath=path, import_pack_images=True, disable_bone_shape=True)
    scale_roots(scale)


def _obj(path: str, scale: float, up: str | None) -> None:
    own, rest = split_scale(bpy.ops.wm.obj_import, scale)
    bpy.ops.wm.obj_import(filepath=path, global_scale=own, **_axes(up, "Y"))
    scale_roots(rest)


def _stl(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.stl_import(filepath=path, global_scale=scale, **_axes(up, "Z"))


def _ply(path: str, scale: float, up: str | None) -> None:
    bpy.ops.wm.ply_import(filepath=path, global_scale=scale, **_axes(up, "Z"))


def _fbx(path: str, scale: float, up: str | None) -> None:
    fbx_paths.shorten(path)
    fbx_curves.complete(path)
    own, rest = split_scale(versions.fbx_importer(), scale)
    versions.import_fbx(path, own)
    scale_roots(rest)


def _usd(path: str, scale: float, up: str | None) -> None:
    path, lost = usd_files.alone(path)
    usd_files.require_sound(path)
    warn_of_files(lost)
    path = usd_places.settled(path)
    shape = usd_places.shape_of(path)
    _own_usd(path, scale, up)
    imports.check_whole(shape, "usd", scale)
    _show_names(usd_files.shown_names(path))


def _show_names(shown: dict[str, str]) -> None:
    """Call objects and meshes what the file calls them for people, where Blender can hold that."""
    for block in [*bpy.data.objects, *bpy.data.meshes]:
        name = shown.get(_NUMBER.sub("", block.name), "")
        if 0 < len(name.encode()) <= versions.NAME_BYTES:
            block.name = name


def _own_usd(path: str, scale: float, up: str | None) -> None:
    # The importer's own `scale` does nothing.
    bpy.ops.wm.usd_import(filepath=path, import_textures_mode="IMPORT_PACK")
    # The place where materials stand in the file comes as an object.
    for obj in [each for each in bpy.data.objects if each.name == "_materials" and each.type == "EMPTY"]:
        if not obj.children:
            bpy.data.objects.remove(obj)
    _keep_motion()
    _forget_file(path)
    # What nodes show at points is as large as these.
    scale_roots(scale, _only_repeated(bpy.types.NodeTree))


def _abc(path: str, scale: float, up: str | None) -> None:
    own, rest = split_scale(bpy.ops.wm.alembic_import, scale, "scale")
    bpy.ops.wm.alembic_import(filepath=path, scale=own, as_background_job=False)
    _keep_motion()
    _forget_file(path)
    scale_roots(rest)


def _keep_motion() -> None:
    """Key what would be read from the file frame by frame, as the file will be gone; points keep their first frame."""
    cached = [obj for obj in bpy.data.objects if any(each.type == "TRANSFORM_CACHE" for each in obj.constraints)]
    shaped = [obj for obj in bpy.data.objects if any(each.type == "MESH_SEQUENCE_CACHE" for each in obj.modifiers)]
    if not cached and not shaped:
        return
    motion = Motion(list(bpy.data.objects))
    depsgraph = context.evaluated_depsgraph_get()
    for obj in shaped:
        mesh = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph))
        for modifier in [each for each in obj.modifiers if each.type == "MESH_SEQUENCE_CACHE"]:
            obj.modifiers.remove(modifier)
        obj.data = mesh
    for obj in cached:
        above = motion.world(obj.parent) if obj.parent is not None else [Matrix()] * len(motion.world(obj))
        local = [outer.inverted_safe() @ world for outer, world in zip(above, motion.world(obj))]
        if motion.moves(obj.name) and len(local) > 1:
            key(obj, motion.frames, local)
        else:
            obj.constraints.clear()
            obj.matrix_basis = local[0]
    moving = [obj.name for obj in shaped if motion.deforms(obj.name)]
    if moving:
        what = ", ".join(repr(name) for name in moving[:10])
        warn("animation_lost", f"The points of {what} move in the file; they were imported as in its first frame")


def _forget_file(path: str) -> None:
    """Remove the reference to the file itself, which nothing needs any more."""
    bpy.data.batch_remove([each for each in bpy.data.cache_files if bpy.path.abspath(each.filepath) == path])


_IMPORTERS: dict[str, Callable[[str, float, Any], None]] = {
    "glb": _gltf,
    "gltf": _gltf,
    "obj": _obj,
    "stl": _stl,
    "ply": _ply,
    "fbx": _fbx,
    "usd": _usd,
    "abc": _abc,
}
