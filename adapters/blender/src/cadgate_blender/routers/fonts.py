"""Routes of fonts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, cast

from anyio import to_thread
from fastapi import Depends, Query

from cadgate.plugin import (
    INCOMING_BODY,
    Application,
    Deleted,
    Handler,
    IncomingFile,
    Page,
    Router,
    Success,
    UnsupportedFormat,
)
from cadgate_blender import incoming, limits
from cadgate_blender.models.fonts import ADD, DELETE, GET, LIST, FontInfo, FontName, FontPage, FontParams
from cadgate_blender.models.queries import ChangeQuery
from cadgate_blender.routers.blender import Blender
from cadgate_blender.settings import BlenderSettings

router = Router()

_HEADS: dict[str, tuple[bytes, ...]] = {
    ".ttf": (b"\x00\x01\x00\x00", b"true"),
    ".otf": (b"OTTO", b"\x00\x01\x00\x00"),
    ".ttc": (b"ttcf",),
    ".woff": (b"wOFF",),
    ".woff2": (b"wOF2",),
}


async def _add(app: Application, params: FontParams) -> FontInfo:
    stored = app.artifacts.get(params.artifact)
    name = PurePosixPath(stored.artifact.name).name
    suffix = PurePosixPath(name).suffix.lower()
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The size of the file in bytes", stored.artifact.size, "max_import_bytes")
    if suffix not in _HEADS:
        raise UnsupportedFormat(
            f"The file {name!r} cannot be used as a font: known suffixes are {', '.join(_HEADS)}",
            details={"name": name, "suffixes": list(_HEADS)},
        )
    with stored.path.open("rb") as file:
        head = file.read(4)
    if head not in _HEADS[suffix]:
        raise UnsupportedFormat(f"The file {name!r} does not match its suffix", details={"name": name})
    async with app.stage(None, default="font", suffix=suffix) as staged:
        await to_thread.run_sync(incoming.copy, stored.path, staged)
        made = await app.send("internal.add_font", {"path": str(staged.path), "name": name}, mutates=True)
    return FontInfo.model_validate(made)


ADD_HANDLER = Handler(ADD, _add)


@router.operation("POST", "/fonts", ADD, status_code=201, errors=(404, 413, 415), openapi_extra=INCOMING_BODY)
async def add_font(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_request)],
    options: Annotated[ChangeQuery, Query()],
    blender: Blender,
) -> Success[FontInfo]:
    """Bring in a font, an upload or an artifact, under the name that is in it. Texts use it as `font`."""
    return Success(await blender.call(ADD, FontParams(artifact=file.artifact.id)))


@router.operation("GET", "/fonts", LIST)
async def list_fonts(query: Annotated[Page, Query()], blender: Blender) -> Success[FontPage]:
    """List fonts in order of name."""
    return Success(await blender.call(LIST, query))


@router.operation("GET", "/fonts/{name:name}", GET)
async def get_font(name: str, blender: Blender) -> Success[FontInfo]:
    """Describe a font."""
    return Success(await blender.call(GET, FontName(name=name)))


@router.operation("DELETE", "/fonts/{name:name}", DELETE, errors=(409,))
async def delete_font(name: str, blender: Blender) -> Success[Deleted]:
    """Delete a font that no text uses."""
    return Success(await blender.call(DELETE, FontName(name=name)))
