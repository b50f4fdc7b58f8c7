"""Reading files back that Blender says it wrote: what is not there, empty or of another kind is no success."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError

_MAGIC = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "exr": (b"\x76\x2f\x31\x01",),
    "webp": (b"RIFF",),
    "glb": (b"glTF",),
    "fbx": (b"Kaydara FBX Binary",),
    "usd": (b"PXR-USDC", b"#usda", b"PK\x03\x04"),
    "abc": (b"Ogawa",),
    "ply": (b"ply",),
    # Uncompressed, zstandard, gzip.
    "blend": (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"),
}


def head(path: str, size: int = 64) -> bytes:
    """The first bytes of a file. Raises AppError when Blender did not write it."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise AppError("command_failed", "Blender reported success but wrote no file") from error


def check_magic(path: str, format: str) -> None:
    """Raise AppError when the file is missing, empty, or does not begin as `format` does."""
    first = head(path)
    if not first:
        raise AppError("command_failed", f"Blender reported success but wrote an empty {format} file")
    if format in _MAGIC and not first.startswith(_MAGIC[format]):
        raise AppError("command_failed", f"Blender wrote something that is not a {format} file", {"head": first.hex()})


def image_size(path: str, format: str) -> tuple[int, int]:
    """(width, height) of an image file, read by Blender. Raises AppError when it is none."""
    check_magic(path, format)
    image: Any = bpy.data.images.load(path)
    try:
        width, height = image.size
    finally:
        bpy.data.images.remove(image)
    if width == 0 or height == 0:
        raise AppError("command_failed", f"Blender wrote a {format} file that it cannot read")
    return width, height
