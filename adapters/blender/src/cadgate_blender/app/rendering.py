"""Renders. The session checks and saves a copy of itself; everything else here runs in a worker on that copy."""

from __future__ import annotations

import math
import re
import time
from typing import Any, Callable

import bpy
from bpy.app.handlers import persistent
from mathutils import Euler, Matrix, Vector

from cadgate.appserver import AppError, method, not_found, uninterruptible, warn
from cadgate_blender.app import backdrops, events, excerpts, names, picture_notes, scene_copies, snapshots, versions
from cadgate_blender.app import passes as files_beside
from cadgate_blender.app.foreign import outputs
from cadgate_blender.app.one_thread import one_processor_for_one
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import files

_SAMPLE = re.compile(r"(?:Sample|Rendering) (\d+) ?/ ?(\d+)")
_AA = ((1, "OFF"), (5, "5"), (8, "8"), (11, "11"), (16, "16"))
MARGIN = 1.15
"""How much larger than the objects an automatically framed picture is."""


# --- in the session ----------------------------------------------------------------------------------------------


@method("internal.render_scene")
def save_for_render(*, path: str, camera: str | None, objects: list[str] | None) -> dict[str, Any]:
    """Write the scene for a worker. Raises AppError for a camera that is not one, and objects that show nothing."""
    obj = None
    if camera is not None:
        obj = names.find_object(camera)
        if obj.type != "CAMERA":
            raise AppError("validation_error", f"{camera!r} is {names.kind_of(obj)}, not a CAMERA", {"camera": camera})
    chosen = [names.find_object(name) for name in objects or ()]
    if chosen and all(obj.type in _UNSEEN and obj.instance_type == "NONE" for obj in chosen):
        kinds = ", ".join(sorted({names.kind_of(obj) for obj in chosen}))
        raise AppError(
            "validation_error", f"objects has only {kinds}: name objects with a surface, or leave it out", {}
        )
    # What is not visible need not be written, nor read.
    if not chosen or not excerpts.save_pictured(path, chosen, obj):
        snapshots.save(path)
    scene = context.scene
    fps = scene.render.fps / scene.render.fps_base
    return {"frame_start": scene.frame_start, "frame_end": scene.frame_end, "fps": round(fps, 6)}


_UNSEEN = ("CAMERA", "LIGHT", "EMPTY", "SPEAKER", "LIGHT_PROBE", "LATTICE", "ARMATURE")


# --- in a worker -------------------------------------------------------------------------------------------------


@method("internal.render")
def render(
    *,
    scene_path: str,
    path: str,
    resolution: list[int],
    engine: str,
    samples: int,
    format: str,
    camera: str | None,
    frame: int | None,
    transparent: bool,
    background: list[float] | None,
    denoise: bool | None,
    objects: list[str] | None,
    passes: list[str],
    pass_format: str,
    place: int,
) -> dict[str, Any]:
    """Render the saved scene to `path` and read the file back. `seconds` is what the render itself took."""
    bpy.ops.wm.open_mainfile(filepath=scene_path, load_ui=False, use_scripts=False)
    try:
        one_view(outputs.still())
        if frame is not None:
            context.scene.frame_set(frame)
        prepare(
            resolution=resolution,
            engine=engine,
            samples=samples,
            format=format,
            camera=camera,
            transparent=transparent,
            background=background,
            denoise=denoise,
            objects=objects,
        )
        if not passes:
            return picture(path, format, resolution, background, place)
        passes = list(dict.fromkeys(passes))
        files_beside.check(engine, passes)
        numbers = files_beside.add(context.scene, passes, path)
        made = picture(path, format, resolution, background, place)
        return {**made, **files_beside.collect(passes, path, pass_format), "object_indices": numbers}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def one_view(has_views: bool) -> None:
    """Warn if the scene has several views, of which there is one picture."""
    if has_views:
        warn(
            "one_view",
            "The scene is set up for several views (multiview, stereoscopy): the picture is that of its camera alone",
        )


def prepare(
    *,
    resolution: list[int],
    engine: str,
    samples: int,
    format: str,
    camera: str | None,
    transparent: bool,
    background: list[float] | None,
    denoise: bool | None,
    objects: list[str] | None,
) -> None:
    """Set up the open scene, at its current frame, for pictures of this kind."""
    scene = context.scene
    _leave_out_strips(scene)
    behind = background is not None
    _output(scene, "", resolution, "png" if behind else format, transparent or behind)
    _engine(scene, engine, samples, denoise)
    if objects is not None:
        _show_only(scene, set(objects))
    _view(scene, camera, framed=objects is not None)
    if engine != "workbench" and not _is_lit(scene):
        _add_sun(scene)


def picture(
    path: str, format: str, resolution: list[int], background: list[float] | None = None, place: int = 0
) -> dict[str, Any]:
    """Render the open scene to `path` and read the file back."""
    bare = path if background is None else path + ".bare.png"
    context.scene.render.filepath = bare
    seconds = _run(place)
    if background is not None:
        backdrops.put(bare, path, format, background)
    picture_notes.strip(path, format)
    width, height = files.image_size(path, format)
    if [width, height] != list(resolution):
        raise AppError("command_failed", f"Blender wrote {width} x {height} pixels instead of {resolution}")
    return {"width": width, "height": height, "seconds": round(seconds, 4)}


def _output(scene: Any, path: str, resolution: list[int], format: str, transparent: bool) -> None:
    settings = scene.render
    settings.resolution_x, settings.resolution_y = resolution
    settings.resolution_percentage = 100
    settings.use_border = False
    settings.use_file_extension = False
    settings.use_overwrite = True
    settings.use_placeholder = False
    settings.film_transparent = transparent
    settings.filepath = path
    image = settings.image_settings
    versions.choose_image_format(image, versions.IMAGE_FORMATS[format])
    image.color_mode = "RGBA" if transparent else "RGB"
    if format == "png":
        image.color_depth = "8"
    elif format == "exr":
        image.color_depth = "32"
    else:
        image.quality = 95


def _engine(scene: Any, engine: str, samples: int, denoise: bool | None) -> None:
    scene.render.engine = versions.ENGINES[engine]
    if engine == "cycles":
        scene.cycles.samples = samples
        scene.cycles.time_limit = 0
        if denoise is not None:
            scene.cycles.use_denoising = denoise
        if scene.cycles.use_denoising and not versions.has_denoiser():
            scene.cycles.use_denoising = False
            warn(
                "not_denoised",
                f"{versions.text()} was built without OpenImageDenoise: the picture is as noisy as {samples} samples "
                "leave it; send more samples",
            )
    elif engine == "eevee":
        scene.eevee.taa_render_samples = samples
    else:
        scene.display.render_aa = next((word for most, word in _AA if samples <= most), "32")
        scene.display.shading.light = "STUDIO"
        scene.display.shading.color_type = "MATERIAL"


def _show_only(scene: Any, chosen: set[str]) -> None:
    """Hide all other objects except lights and cameras; the chosen ones are visible, whatever hid them."""
    others = {obj.name for obj in scene.objects if obj.name not in chosen and obj.type not in ("LIGHT", "CAMERA")}
    # Do it all at once: after each single one, Blender goes through every collection of the session.
    hidden = [obj.hide_render or obj.name in others for obj in bpy.data.objects]
    bpy.data.objects.foreach_set("hide_render", hidden)
    for name in chosen:
        obj = bpy.data.objects[name]
        obj.hide_render = obj.hide_viewport = False
        if obj.name not in scene.collection.objects:
            # Its own collections may be hidden, excluded, or in another scene.
            scene.collection.objects.link(obj)
    context.view_layer.update()
    for name in chosen:
        bpy.data.objects[name].hide_set(False)


def _leave_out_strips(scene: Any) -> None:
    """Let the picture be that of the camera, where Blender would make it from video strips."""
    editor = scene.sequence_editor
    if editor is not None and len(versions.strips_of(editor)) and scene.render.use_sequencer:
        scene.render.use_sequencer = False
        warn(
            "strips_left_out",
            "The scene has video strips, which Blender would show in place of what the camera sees: they are left out",
        )


def _view(scene: Any, camera: str | None, *, framed: bool) -> None:
    if camera is not None:
        scene.camera = bpy.data.objects.get(camera)
        if scene.camera is None:
            raise not_found("object", camera, bpy.data.objects.keys())
    elif framed:
        _frame(scene)
    if scene.camera is None:
        _frame(scene)
        warn("temporary_camera", "The scene has no camera: a temporary one frames all objects")


def _frame(scene: Any) -> None:
    """Add a camera that sees every rendered object, from the front, the right and above."""
    lens = bpy.data.cameras.new("cadgate camera")
    obj = bpy.data.objects.new("cadgate camera", lens)
    scene.collection.objects.link(obj)
    scene.camera = obj
    obj.rotation_euler = Euler((math.radians(63.6), 0.0, math.radians(46.7)))
    obj.location = (7.36, -6.93, 4.96)
    depsgraph = context.evaluated_depsgraph_get()
    corners = _corners(depsgraph)
    if not corners:
        return
    centre = sum(corners, Vector()) / len(corners)
    spread = [(corner - centre) * MARGIN + centre for corner in corners]
    location, _ = obj.camera_fit_coords(depsgraph, [value for corner in spread for value in corner])
    obj.location = location
    forward = obj.rotation_euler.to_matrix() @ Vector((0.0, 0.0, -1.0))
    depths = [(corner - location).dot(forward) for corner in spread]
    lens.clip_start = max(1e-6, min(0.1, min(depths) / 2 if min(depths) > 0 else 0.1))
    lens.clip_end = max(1000.0, max(depths) * 2)


def _corners(depsgraph: Any) -> list[Any]:
    """Return the corners of the bounding boxes of everything that renders, in world space."""
    found: list[Any] = []
    for instance in depsgraph.object_instances:
        obj = instance.object
        if obj.type in _UNSEEN or obj.original.hide_render:
            continue
        found.extend(instance.matrix_world @ Vector(corner) for corner in obj.bound_box)
    return found


def _is_lit(scene: Any) -> bool:
    """Return whether anything except the world gives light: a lamp, or a material that glows."""
    if scene_copies.shining(scene):
        return True
    for obj in scene.objects:
        if obj.hide_render:
            continue
        if any(_glows(slot.material) for slot in obj.material_slots):
            return True
    return False


def _glows(material: Any) -> bool:
    if material is None or material.node_tree is None:
        return False
    for node in material.node_tree.nodes:
        if node.bl_idname == "ShaderNodeEmission":
            return True
        if node.bl_idname == "ShaderNodeBsdfPrincipled":
            strength, color = node.inputs["Emission Strength"], node.inputs["Emission Color"]
            if strength.is_linked or (strength.default_value > 0 and any(color.default_value[:3])):
                return True
    return False


def _add_sun(scene: Any) -> None:
    """Add a sun over the camera's left shoulder, so that what is visible is lit."""
    light: Any = bpy.data.lights.new("cadgate sun", "SUN")
    light.energy = 3.0
    obj = bpy.data.objects.new("cadgate sun", light)
    scene.collection.objects.link(obj)
    camera = scene.camera.evaluated_get(context.evaluated_depsgraph_get())
    turn = Matrix.Rotation(math.radians(-25), 4, "X") @ Matrix.Rotation(math.radians(-20), 4, "Y")
    obj.rotation_euler = (camera.matrix_world @ turn).to_euler()
    warn("temporary_sun", "The scene has no light: a temporary sun lights this render")


def _run(place: int) -> float:
    """Render with progress as events on topic `progress`. Returns seconds."""
    report = _percentages()

    @persistent
    @uninterruptible
    def stats(text: Any, *_: Any) -> None:
        match = _SAMPLE.search(str(text))
        if match:
            done, whole = int(match[1]), max(1, int(match[2]))
            report(min(100.0, 100.0 * done / whole))

    bpy.app.handlers.render_stats.append(stats)
    began = time.perf_counter()
    try:
        with one_processor_for_one(context.scene, place):
            bpy.ops.render.render(write_still=True)
    finally:
        # Blender hangs when it ends while a handler of this kind exists.
        bpy.app.handlers.render_stats.remove(stats)
    return time.perf_counter() - began


def _percentages() -> Callable[[float], None]:
    """Return a function that sends percentages, each once, from any of Blender's threads."""
    last = [-1.0]

    def report(percent: float) -> None:
        if percent > last[0]:
            last[0] = percent
            events.emit("progress", {"percent": round(percent, 1)})

    return report
