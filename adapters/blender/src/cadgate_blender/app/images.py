"""Images: taken from files into the session, packed, so that no file is needed afterwards."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError


def load(path: str, name: str) -> Any:
    """The image file `path` as a packed image. Raises AppError when Blender cannot read it as one."""
    try:
        image = bpy.data.images.load(path, check_existing=False)
    except RuntimeError as error:
        raise AppError("command_failed", f"Blender cannot read the image {name!r}") from error
    if image.size[0] == 0 or image.size[1] == 0:
        bpy.data.images.remove(image)
        raise AppError("unsupported_format", f"The file {name!r} is not an image that Blender can read")
    image.pack()
    image.name = name
    image.filepath = ""
    return image
