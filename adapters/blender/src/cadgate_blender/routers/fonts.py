"""Routes of fonts."""

from __future__ import annotations

from typing import Annotated

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
)
from cadgate_blender import incoming
from cadgate_blender.models.fonts import ADD, DELETE, GET, LIST, FontInfo, FontName, FontPage, FontParams
from cadgate_blender.models.queries import ChangeQuery
from cadgate_blender.routers.blender import Blender

router = Router()

_HEADS: dict[str, tuple[bytes, ...]] = {
    ".ttf": (b"\x00\x01\x00\x00", b"true"),
    ".otf": (b"OTTO", b"\x00\x01\x00\x00"),
    ".ttc": (b"ttcf",),
    ".woff": (b"wOFF",),
    ".woff2": (b"wOF2",),
}


async def _add(app: Application, params: FontParams) -> FontInfo:
    known = incoming.known(app, params.artifact, _HEADS, "a font")
    async with app.stage(None, default="font", suffix=known.suffix) as staged:
        await to_thread.run_sync(incoming.copy, known.path, staged)
        made = await app.send("internal.add_font", {"path": str(staged.path), "name": known.name}, mutates=True)
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
