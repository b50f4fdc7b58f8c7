"""Writes files of every format, in a worker on a copy of the session, and reads them back."""

from __future__ import annotations

import base64
import itertools
import json
import mimetypes
import os
import shutil
from typing import Any, Callable, cast

import bpy

from cadgate.appserver import method, warn
from cadgate_blender.app import (
    choosing,
    excerpts,
    obj_files,
    ogawa,
    preparing,
    snapshots,
    stable_fbx,
    usd_files,
    versions,
)
from cadgate_blender.app.foreign import outputs
from cadgate_blender.app.motion import may_move, scale_roots, split_scale
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import compressed, files

_FORWARD = {"Y": "NEGATIVE_Z", "Z": "Y"}


@method("internal.export")
def export(
    *,
    scene_path: str,
    excerpt: dict[str, Any] | None,
    path: str,
    format: str,
    objects: list[str],
    apply_modifiers: bool,
    scale: float,
    up: str,
    compression: str,
    images: str,
    verify: str,
) -> dict[str, Any]:
    """Write `objects` of the saved session to `path`. Returns the names of the objects in it.

    Raises AppError `degenerate_result` for nothing to write, `command_failed` if the file differs from the scene.
    """
    versions.require_format(format, "export")
    if compression == "draco":
        versions.require_draco()
    if excerpt is None:
        # Load it as Blender's startup file: an opened file has a path, which exporters write into their files.
        bpy.ops.wm.read_homefile(filepath=scene_path, load_ui=False, use_factory_startup=False)
    else:
        excerpts.load(scene_path, excerpt)
    os.unlink(scene_path)
    try:
        if format != "blend":
            outputs.still()
        truth = None
        chosen = [bpy.data.objects[name] for name in objects]
        if format == "blend":
            _blend(path, scale, chosen)
            files.compare_names(path, set(objects))
        else:
            objects, truth = choosing.prepared(chosen, format, apply_modifiers, scale, up)
            _EXPORTERS[format](path, scale, up)
        files.check_magic(path, format)
        if truth is not None:
            wanted = compression != "none" or images != "auto"
            # It is written before the file is compared, which may open another scene.
            small = _written_small(path, format, up, compression == "draco", images) if wanted else None
            files.compare(path, format, truth, up, full=verify == "full")
            if small is not None:
                compressed.check(small, compressed.document(path), compression == "draco")
                os.replace(small, path)
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return {"objects": objects}


def _written_small(path: str, format: str, up: str, draco: bool, images: str) -> str:
    """Write the open scene again, compressed. Returns the path of that file."""
    root, suffix = os.path.splitext(path)
    small = f"{root}.small{suffix}"
    _EXPORTERS[format](small, 1.0, up, draco=draco, images=images)
    return small


def _name_images(folder: str) -> list[tuple[Any, str]]:
    """Return the packed images, each with its own file name in `folder`."""
    named: list[tuple[Any, str]] = []
    taken: set[str] = set()
    for image in bpy.data.images:
        if image.packed_file is not None:
            suffix = {"JPEG": ".jpg", "OPEN_EXR": ".exr"}.get(image.file_format, "." + image.file_format.lower())
            stem = bpy.path.clean_name(os.path.splitext(image.name)[0])
            # `color.png` and `color.png.001`, say, would have the same name without their ends.
            names = (f"{stem}_{number}{suffix}" if number else stem + suffix for number in itertools.count())
            name = next(each for each in names if each.lower() not in taken)
            taken.add(name.lower())
            image.source = "FILE"
            image.filepath = image.packed_files[0].filepath = os.path.join(folder, name)
            named.append((image, image.filepath))
    return named


def _write_named(images: list[tuple[Any, str]], materials: str) -> None:
    """Write those images that an .mtl file names next to it."""
    with open(materials, encoding="utf-8", errors="replace") as file:
        last = {line.split()[-1] for line in file if line.strip()}
    for image, target in images:
        if os.path.basename(target) in last:
            with open(target, "wb") as file:
                file.write(image.packed_file.data)


# --- the formats -------------------------------------------------------------------------------------------------


def _glb(path: str, scale: float, up: str, *, draco: bool = False, images: str = "auto") -> None:
    scale_roots(scale)
    _gltf_operator(path, "GLB", up, draco, images)


def _gltf(path: str, scale: float, up: str, *, draco: bool = False, images: str = "auto") -> None:
    """Write one JSON file: Blender writes buffers and images as separate files, which are embedded as data URIs."""
    scale_roots(scale)
    folder = path + ".parts"
    os.makedirs(folder)
    separate = os.path.join(folder, "scene.gltf")
    _gltf_operator(separate, "GLTF_SEPARATE", up, draco, images)
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


def _gltf_operator(path: str, kind: str, up: str, draco: bool, images: str) -> None:
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format=kind,
        use_selection=True,
        # They are already applied: letting the exporter do it would lose the shape keys of all objects.
        export_apply=False,
        export_yup=up == "Y",
        export_extras=True,
        # Points and edges without faces.
        use_mesh_edges=True,
        use_mesh_vertices=True,
        # Write one animation of everything that moves at once; with tracks, one for each, to choose from.
        export_animation_mode="ACTIONS" if choosing.has_tracks() else "ACTIVE_ACTIONS",
        # Bones stand as they are posed now, not as they were bound.
        export_rest_position_armature=False,
        export_cameras=True,
        export_lights=True,
        export_image_format=cast("Any", images.upper()),
        export_draco_mesh_compression_enable=draco,
    )


def _scaled(operator: Any, scale: float) -> float:
    """Scale the scene by what `operator` cannot, and return the rest."""
    own, rest = split_scale(operator, scale)
    scale_roots(rest)
    return own


def _axes(up: str) -> dict[str, Any]:
    return {"up_axis": up, "forward_axis": _FORWARD[up]}


def _obj(path: str, scale: float, up: str) -> None:
    images = _name_images(os.path.dirname(path))
    chosen: list[Any] = list(context.selected_objects)
    obj_files.tell_apart((bpy.data.objects, chosen), (bpy.data.materials, bpy.data.materials))
    scale = _scaled(bpy.ops.wm.obj_export, scale)
    zeros = obj_files.zeros_of([scale * max(*obj.dimensions) for obj in chosen], scale)
    bpy.ops.wm.obj_export(
        filepath=path,
        export_selected_objects=True,
        global_scale=scale * 10**zeros,
        **_axes(up),
        path_mode="STRIP",
        export_pbr_extensions=True,
        # With none at all, Blender 5.2 writes black ones.
        export_colors=any(len(obj.data.color_attributes) for obj in chosen if obj.type == "MESH"),
    )
    obj_files.shrink(path, zeros)
    _write_named(images, os.path.splitext(path)[0] + ".mtl")


def _stl(path: str, scale: float, up: str) -> None:
    bpy.ops.wm.stl_export(filepath=path, export_selected_objects=True, global_scale=scale, **_axes(up))


def _ply(path: str, scale: float, up: str) -> None:
    bpy.ops.wm.ply_export(
        filepath=path,
        export_selected_objects=True,
        global_scale=_scaled(bpy.ops.wm.ply_export, scale),
        **_axes(up),
        # Many PLY readers accept only faces that all have the same number of corners.
        export_triangulated_mesh=True,
        # UVs would split vertices along their seams, and the format has no image for them.
        export_uv=False,
    )


def _fbx(path: str, scale: float, up: str) -> None:
    for image in bpy.data.images:
        if image.packed_file is None and image.has_data:
            image.pack()
    # Packed pictures are embedded unchanged, under the names of the images.
    _name_images(os.path.dirname(path))
    with stable_fbx.stable():
        bpy.ops.export_scene.fbx(
            filepath=path,
            use_selection=True,
            global_scale=_scaled(bpy.ops.export_scene.fbx, scale),
            axis_up=cast("Any", up),
            axis_forward="-Z" if up == "Y" else "Y",
            path_mode="COPY",
            embed_textures=True,
            # Blender units are metres in every file, whatever the scene calls them.
            apply_unit_scale=False,
            use_custom_props=True,
            # Write one animation of everything that moves at once, as for glTF.
            bake_anim_use_all_actions=choosing.has_tracks(),
            bake_anim_use_nla_strips=choosing.has_tracks(),
            # By default, keys that differ by less than a thousandth are left out: far from the origin, much does.
            bake_anim_simplify_factor=0.01,
        )


def _usd(path: str, scale: float, up: str) -> None:
    scale_roots(scale)
    _warn_of_names("usd", versions.usd_holds)
    # Two packed images without their own file names would be written to the same file.
    _name_images("//")
    versions.call(
        bpy.ops.wm.usd_export,
        filepath=path,
        selected_objects_only=True,
        visible_objects_only=False,
        evaluation_mode="VIEWPORT",
        # Write a subdivision surface as shown, not its cage with an attribute.
        export_subdivision="TESSELLATE",
        convert_orientation=True,
        export_global_up_selection=up,
        export_global_forward_selection=_FORWARD[up],
        export_textures_mode="NEW",
        # The world would become a dome light with a separate picture file.
        convert_world_material=False,
        relative_paths=True,
        export_animation=may_move(),
    )
    usd_files.put_in_order(path)


def _warn_of_names(format: str, holds: Callable[[str], bool]) -> None:
    """Warn of names that a format cannot hold unchanged: Blender writes `_` for the rest, and numbers those alike."""
    renamed = sorted(obj.name for obj in context.selected_objects if not holds(obj.name))
    if renamed:
        what = f"A {format} file cannot hold these names unchanged; other characters became '_' in it"
        warn("renamed", f"{what}: {preparing.listed(renamed)}")


def _abc(path: str, scale: float, up: str) -> None:
    _warn_of_names("abc", lambda name: not any(each in name for each in " .:/"))
    scene = context.scene
    first, last = (scene.frame_start, scene.frame_end) if may_move() else (scene.frame_current, scene.frame_current)
    bpy.ops.wm.alembic_export(
        filepath=path,
        selected=True,
        global_scale=_scaled(bpy.ops.wm.alembic_export, scale),
        start=first,
        end=last,
        evaluation_mode="VIEWPORT",
        apply_subdiv=True,
        vcolors=True,
        # Which of several equal meshes is the one that the others refer to depends on their places in memory, and
        # Blender does not read all of those files. Equal data is in the file once all the same.
        use_instancing=False,
        as_background_job=False,
    )
    ogawa.put_in_order(path)


def _blend(path: str, scale: float, chosen: list[Any]) -> None:
    kept = _with_instances(chosen)
    bpy.data.batch_remove([obj for obj in bpy.data.objects if obj.name not in kept])
    scale_roots(scale)
    snapshots.save(path, compress=True)


def _with_instances(chosen: list[Any]) -> set[str]:
    """Return the names of these and of the objects that they show as instances."""
    kept = {obj.name for obj in chosen}
    pending = [obj.instance_collection for obj in chosen if obj.instance_collection is not None]
    while pending:
        inner = [obj for obj in pending.pop().all_objects if obj.name not in kept]
        kept |= {obj.name for obj in inner}
        pending += [obj.instance_collection for obj in inner if obj.instance_collection is not None]
    return kept


_EXPORTERS: dict[str, Callable[..., None]] = {
    "glb": _glb,
    "gltf": _gltf,
    "obj": _obj,
    "stl": _stl,
    "ply": _ply,
    "fbx": _fbx,
    "usd": _usd,
    "abc": _abc,
}
