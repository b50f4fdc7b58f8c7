"""Writing files of every format, in a worker on a copy of the session, and reading back what was written."""

from __future__ import annotations

import base64
import json
import mimetypes
import os
import shutil
import struct
from typing import Any, Callable

import bpy
from mathutils import Matrix

from cadgate.appserver import AppError, method, warn
from cadgate_blender.app import readback, versions

_FORWARD = {"Y": "NEGATIVE_Z", "Z": "Y"}


@method("internal.export")
def export(
    *,
    scene_path: str,
    path: str,
    format: str,
    objects: list[str],
    apply_modifiers: bool,
    scale: float,
    up: str,
) -> dict[str, Any]:
    """Write `objects` of the saved session to `path`. Raises AppError when the file does not read back."""
    bpy.ops.wm.open_mainfile(filepath=scene_path, load_ui=False, use_scripts=False)
    os.unlink(scene_path)
    try:
        chosen = [bpy.data.objects[name] for name in objects]
        _choose(chosen)
        if not apply_modifiers and format != "blend":
            for obj in chosen:
                for modifier in obj.modifiers:
                    modifier.show_viewport = modifier.show_render = False
        if format != "blend":
            _tame_names()
        _EXPORTERS[format](path, scale, up, any(len(obj.modifiers) for obj in chosen))
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    _CHECKS.get(format, lambda path: None)(path)
    readback.check_magic(path, format)
    return {}


def _choose(chosen: list[Any]) -> None:
    """Select exactly these, and make them visible: exporters leave out what is not."""
    scene, layer = bpy.context.scene, bpy.context.view_layer
    bpy.ops.object.select_all(action="DESELECT")
    for obj in chosen:
        if layer.objects.get(obj.name) is None:
            scene.collection.objects.link(obj)
        obj.hide_viewport = obj.hide_render = obj.hide_select = False
    layer.update()
    for obj in chosen:
        obj.hide_set(False)
        obj.select_set(True)
        if not obj.visible_get():
            scene.collection.objects.link(obj)
            obj.select_set(True)
    if chosen:
        layer.objects.active = chosen[0]


def _scale_roots(scale: float) -> None:
    """For formats whose exporter has no scale of its own."""
    if scale != 1.0:
        for obj in bpy.data.objects:
            if obj.parent is None:
                obj.matrix_world = Matrix.Scale(scale, 4) @ obj.matrix_world


def _tame_names() -> None:
    """Names of images that are names of files: exporters write some of them as they are, with `../` and all."""
    for image in bpy.data.images:
        if any(each in image.name for each in "/\\\0") or image.name.startswith("."):
            image.name = bpy.path.clean_name(image.name)


def _name_images(folder: str) -> list[tuple[Any, str]]:
    """The packed images, each with a file name of its own in `folder`."""
    named: list[tuple[Any, str]] = []
    for image in bpy.data.images:
        if image.packed_file is not None:
            suffix = {"JPEG": ".jpg", "OPEN_EXR": ".exr"}.get(image.file_format, "." + image.file_format.lower())
            name = bpy.path.clean_name(os.path.splitext(image.name)[0]) + suffix
            image.source = "FILE"
            image.filepath = image.packed_files[0].filepath = os.path.join(folder, name)
            named.append((image, image.filepath))
    return named


def _unpack_images(path: str) -> None:
    """Write images beside `path`, for formats that refer to files."""
    for image, target in _name_images(os.path.dirname(path)):
        with open(target, "wb") as file:
            file.write(image.packed_file.data)
        image.unpack(method="REMOVE")


def _put_bare_first() -> None:
    """Objects without a material before all others: in an OBJ file a material holds until another one is named, and
    there is no word for none.
    """
    chosen = list(bpy.context.selected_objects)
    chosen.sort(key=lambda obj: any(slot.material for slot in obj.material_slots))
    for obj in chosen:
        for collection in list(obj.users_collection):
            collection.objects.unlink(obj)
    for obj in chosen:
        bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.update()
    for obj in chosen:
        obj.select_set(True)


# --- the formats -------------------------------------------------------------------------------------------------


def _glb(path: str, scale: float, up: str, modified: bool) -> None:
    _scale_roots(scale)
    _gltf_operator(path, "GLB", up, modified)


def _gltf(path: str, scale: float, up: str, modified: bool) -> None:
    """One JSON file: Blender writes buffers and images beside it, and they are put in as data URIs."""
    _scale_roots(scale)
    folder = path + ".parts"
    os.makedirs(folder)
    separate = os.path.join(folder, "scene.gltf")
    _gltf_operator(separate, "GLTF_SEPARATE", up, modified)
    with open(separate, encoding="utf-8") as file:
        document = json.load(file)
    for kind, fallback in (("buffers", "application/octet-stream"), ("images", "image/png")):
        for part in document.get(kind, ()):
            uri = part.get("uri")
            if uri is not None and not uri.startswith("data:"):
                with open(os.path.join(folder, uri.replace("%20", " ")), "rb") as file:
                    data = base64.b64encode(file.read()).decode("ascii")
                part["uri"] = f"data:{mimetypes.guess_type(uri)[0] or fallback};base64,{data}"
                if kind == "buffers":
                    part["uri"] = f"data:application/octet-stream;base64,{data}"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))
    shutil.rmtree(folder)


def _gltf_operator(path: str, kind: str, up: str, modified: bool) -> None:
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format=kind,
        use_selection=True,
        # To apply modifiers loses shape keys, so it is asked for only where there are modifiers.
        export_apply=modified,
        export_yup=up == "Y",
        export_cameras=True,
        export_lights=True,
    )


def _obj(path: str, scale: float, up: str, modified: bool) -> None:
    _unpack_images(path)
    _put_bare_first()
    bpy.ops.wm.obj_export(
        filepath=path,
        export_selected_objects=True,
        global_scale=scale,
        up_axis=up,
        forward_axis=_FORWARD[up],
        path_mode="STRIP",
        export_pbr_extensions=True,
    )


def _stl(path: str, scale: float, up: str, modified: bool) -> None:
    bpy.ops.wm.stl_export(
        filepath=path, export_selected_objects=True, global_scale=scale, up_axis=up, forward_axis=_FORWARD[up]
    )


def _ply(path: str, scale: float, up: str, modified: bool) -> None:
    bpy.ops.wm.ply_export(
        filepath=path,
        export_selected_objects=True,
        global_scale=scale,
        up_axis=up,
        forward_axis=_FORWARD[up],
        # Many readers of PLY take only faces that all have the same number of corners.
        export_triangulated_mesh=True,
        # UVs would split vertices along their seams, and the format names no image for them.
        export_uv=False,
    )


def _fbx(path: str, scale: float, up: str, modified: bool) -> None:
    _unpack_images(path)
    bpy.ops.export_scene.fbx(
        filepath=path,
        use_selection=True,
        global_scale=scale,
        axis_up=up,
        axis_forward={"Y": "-Z", "Z": "Y"}[up],
        path_mode="COPY",
        embed_textures=True,
    )
    _remove_images(path)


def _remove_images(path: str) -> None:
    """The images that were written for embedding are in the file now."""
    for image in bpy.data.images:
        if os.path.dirname(image.filepath) == os.path.dirname(path) and os.path.isfile(image.filepath):
            os.unlink(image.filepath)


def _usd(path: str, scale: float, up: str, modified: bool) -> None:
    _scale_roots(scale)
    _warn_of_names([obj.name for obj in bpy.context.selected_objects])
    # Two packed images without a file name of their own would be written to one file.
    _name_images("//")
    versions.call(
        bpy.ops.wm.usd_export,
        filepath=path,
        selected_objects_only=True,
        visible_objects_only=False,
        evaluation_mode="VIEWPORT",
        convert_orientation=True,
        export_global_up_selection=up,
        export_global_forward_selection=_FORWARD[up],
        export_textures_mode="NEW",
        # The world would become a dome light with a picture file beside this one.
        convert_world_material=False,
        relative_paths=True,
    )


def _warn_of_names(chosen: list[str]) -> None:
    """USD's names are made of letters, digits and `_`; Blender writes `_` for the rest."""
    renamed = sorted(name for name in chosen if not versions.usd_holds(name))
    if renamed:
        told = ", ".join(repr(name) for name in renamed[:10]) + (" …" if len(renamed) > 10 else "")
        warn("renamed", f"A usd file cannot hold these names as they are; other characters became '_' there: {told}")


def _abc(path: str, scale: float, up: str, modified: bool) -> None:
    frame = bpy.context.scene.frame_current
    bpy.ops.wm.alembic_export(
        filepath=path,
        selected=True,
        global_scale=scale,
        start=frame,
        end=frame,
        evaluation_mode="VIEWPORT",
        as_background_job=False,
    )


def _blend(path: str, scale: float, up: str, modified: bool) -> None:
    _scale_roots(scale)
    bpy.data.batch_remove([obj for obj in bpy.data.objects if not obj.select_get()])
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=True, check_existing=False, relative_remap=False)


_EXPORTERS: dict[str, Callable[[str, float, str, bool], None]] = {
    "glb": _glb,
    "gltf": _gltf,
    "obj": _obj,
    "stl": _stl,
    "ply": _ply,
    "fbx": _fbx,
    "usd": _usd,
    "abc": _abc,
    "blend": _blend,
}


# --- reading back ------------------------------------------------------------------------------------------------


def _refuse(condition: bool, what: str) -> None:
    if condition:
        raise AppError("command_failed", f"Blender wrote {what}")


def _check_glb(path: str) -> None:
    magic, version, length = struct.unpack("<4sII", readback.head(path, 12).ljust(12, b"\0"))
    _refuse(magic != b"glTF" or version != 2 or length != os.path.getsize(path), "a damaged glb file")


def _check_gltf(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    _refuse(document.get("asset", {}).get("version") != "2.0", "a gltf file of an unknown version")


def _check_obj(path: str) -> None:
    with open(path, encoding="utf-8", errors="replace") as file:
        _refuse(not any(line.startswith("v ") for line in file), "an obj file without vertices")


def _check_stl(path: str) -> None:
    (triangles,) = struct.unpack_from("<I", readback.head(path, 84).ljust(84, b"\0"), 80)
    _refuse(triangles == 0, "an stl file without triangles")
    _refuse(os.path.getsize(path) != 84 + 50 * triangles, "a damaged stl file")


def _check_ply(path: str) -> None:
    header = readback.head(path, 1024)
    _refuse(b"element vertex " not in header or b"element vertex 0\n" in header, "a ply file without vertices")


_CHECKS: dict[str, Callable[[str], None]] = {
    "glb": _check_glb,
    "gltf": _check_gltf,
    "obj": _check_obj,
    "stl": _check_stl,
    "ply": _check_ply,
}
