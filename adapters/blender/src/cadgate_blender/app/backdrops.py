"""Puts a colour behind a transparent picture: after the view transform, so that it is exactly this colour."""

from __future__ import annotations

import os
from typing import Any, Sequence, cast

import bpy
import numpy

from cadgate.appserver import AppError

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


def put(bare: str, path: str, format: str, color: Sequence[float]) -> None:
    """Write the picture `bare`, which is deleted, to `path` with `color` behind it."""
    try:
        image: Any = bpy.data.images.load(bare)
    except RuntimeError as error:
        raise AppError("command_failed", "Blender reported success but wrote no picture") from error
    width, height = image.size
    values = numpy.empty(width * height * 4, numpy.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    os.remove(bare)
    values = values.reshape(-1, 4)
    share = values[:, 3:]
    values[:, :3] = values[:, :3] * share + numpy.array(color[:3], numpy.float32) * (1 - share)
    values[:, 3] = 1
    made = cast("Any", bpy.data.images).new("backdrop", width, height, alpha=False)
    try:
        made.pixels.foreach_set(values.ravel())
        made.file_format = _FORMATS[format]
        made.filepath_raw = path
        made.save(quality=95)
    finally:
        bpy.data.images.remove(made)
