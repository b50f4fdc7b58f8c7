"""Animations, in workers: frames of a saved scene, one after another, and a video of the finished frames."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import bpy

from cadgate.appserver import AppError, method
from cadgate_blender.app import rendering
from cadgate_blender.app.foreign import outputs
from cadgate_blender.app.typed import context

_CONTAINERS = {"mp4": ("MPEG4", "H264"), "webm": ("WEBM", "WEBM")}
"""Container and codec; Blender's codec `WEBM` is VP9."""
_MAGIC = {"mp4": (4, b"ftyp"), "webm": (0, b"\x1a\x45\xdf\xa3")}
_open = {"scene": ""}
"""The saved scene that is open and set up: the next frame of it needs neither."""


@method("internal.frame")
def frame(
    *,
    scene_path: str,
    path: str,
    frame: int,
    first: int,
    resolution: list[int],
    engine: str,
    samples: int,
    format: str,
    camera: str | None,
    transparent: bool,
    background: list[float] | None,
    denoise: bool | None,
    objects: list[str] | None,
    place: int,
) -> dict[str, Any]:
    """Render one frame of the saved scene to `path` and read the file back.

    A camera or light that the scene lacks is added at the frame `first`, so that it is the same in every frame.
    """
    if _open["scene"] != scene_path or bpy.data.filepath != scene_path:
        _open["scene"] = ""
        bpy.ops.wm.open_mainfile(filepath=scene_path, load_ui=False, use_scripts=False)
        rendering.one_view(outputs.still())
        context.scene.frame_set(first)
        rendering.prepare(
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
        _open["scene"] = scene_path
    context.scene.frame_set(frame)
    return rendering.picture(path, format, resolution, background, place)


@method("internal.video")
def video(*, pictures: list[str], path: str, kind: str, fps: float, view_path: str | None) -> dict[str, Any]:
    """Write pictures of one size as a video, and read it back: its size, and how many frames it has.

    `view_path` is the saved scene whose view turns linear pictures into colours; None for pictures that have them.
    """
    if view_path is None:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        view: Any = context.scene.view_settings
        view.view_transform, view.look = "Standard", "None"
    else:
        bpy.ops.wm.open_mainfile(filepath=view_path, load_ui=False, use_scripts=False)
        outputs.still()
    _open["scene"] = ""
    try:
        size = _size(pictures[0])
        _strips(pictures)
        _target(size, path, kind, fps)
        bpy.ops.render.render(animation=True)
        return _read_back(path, kind, size, len(pictures), fps)
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _size(path: str) -> list[int]:
    image: Any = bpy.data.images.load(path)
    try:
        return list(image.size)
    finally:
        bpy.data.images.remove(image)


def _strips(pictures: list[str]) -> None:
    """Put the pictures one after another, a frame each."""
    scene: Any = context.scene
    scene.sequence_editor_clear()
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    for place, picture in enumerate(pictures):
        strip = strips.new_image(f"{place}", picture, 1, place + 1)
        strip.frame_final_duration = 1
    scene.frame_start, scene.frame_end, scene.frame_step = 1, len(pictures), 1


def _target(size: list[int], path: str, kind: str, fps: float) -> None:
    scene: Any = context.scene
    settings = scene.render
    settings.use_sequencer, settings.use_compositing = True, False
    settings.resolution_x, settings.resolution_y = size
    settings.resolution_percentage = 100
    settings.use_border = False
    # As a fraction of whole numbers: Blender rounds the times of frames otherwise. 1001 is that of film on television.
    speed = Fraction(fps).limit_denominator(1001)
    settings.fps, settings.fps_base = speed.numerator, speed.denominator
    settings.use_file_extension, settings.use_overwrite = False, True
    settings.filepath = path
    if hasattr(settings.image_settings, "media_type"):  # from 5.0 on
        settings.image_settings.media_type = "VIDEO"
    settings.image_settings.file_format = "FFMPEG"
    settings.image_settings.color_mode = "RGB"
    settings.ffmpeg.format, settings.ffmpeg.codec = _CONTAINERS[kind]
    settings.ffmpeg.constant_rate_factor = "HIGH"
    settings.ffmpeg.ffmpeg_preset = "GOOD"
    settings.ffmpeg.gopsize = max(1, round(fps))
    settings.ffmpeg.use_max_b_frames = False
    settings.ffmpeg.audio_codec = "NONE"


def _read_back(path: str, kind: str, size: list[int], frames: int, fps: float) -> dict[str, Any]:
    place, magic = _MAGIC[kind]
    try:
        with open(path, "rb") as file:
            head = file.read(place + len(magic))
    except OSError as error:
        raise AppError("command_failed", f"Blender reported success but wrote no {kind}") from error
    if head[place:] != magic:
        raise AppError("command_failed", f"Blender wrote something that is not {kind}", {"head": head.hex()})
    clip: Any = bpy.data.movieclips.load(path)
    try:
        found = {"width": clip.size[0], "height": clip.size[1], "frames": clip.frame_duration, "fps": clip.fps}
    finally:
        bpy.data.movieclips.remove(clip)
    if [found["width"], found["height"], found["frames"]] != [*size, frames] or abs(found["fps"] - fps) > fps / 100:
        raise AppError("command_failed", f"The {kind} does not have the frames that were to be written", found)
    return {**found, "bytes": os.path.getsize(path)}
