"""Images for the session: checks them first, and puts them where Blender can read them, with their suffix."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from anyio import to_thread

from cadgate.plugin import Application, UnsupportedFormat
from cadgate_blender import incoming, limits, picture_sizes
from cadgate_blender.settings import BlenderSettings

HEADS: dict[str, tuple[bytes, ...]] = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".webp": (b"RIFF",),
    ".exr": (b"\x76\x2f\x31\x01",),
    ".hdr": (b"#?RADIANCE", b"#?RGBE"),
    ".tif": (b"II*\0", b"MM\0*"),
    ".tiff": (b"II*\0", b"MM\0*"),
    ".bmp": (b"BM",),
}


@asynccontextmanager
async def brought(app: Application, artifact: str) -> AsyncGenerator[tuple[str, str]]:
    """Yield path and name of an image artifact for the block. Raises UnsupportedFormat, LimitExceeded."""
    known = incoming.known(app, artifact, HEADS, "an image")
    settings = cast("BlenderSettings", app.settings)
    with known.path.open("rb") as file:
        head = file.read(picture_sizes.HEAD)
    size = picture_sizes.size_of(head)
    if size is None:
        raise UnsupportedFormat(f"The file {known.name!r} is damaged: it does not contain the size of its picture")
    limits.check(settings, "The number of pixels of the image", size[0] * size[1], "max_image_pixels")
    async with app.stage(None, default="image", suffix=known.suffix) as staged:
        await to_thread.run_sync(incoming.copy, known.path, staged)
        yield str(staged.path), known.name
