"""The documentation pages. Their scripts and styles are served by the gateway, so they work offline."""

from __future__ import annotations

import functools
import mimetypes
from pathlib import Path
from typing import Annotated

import anyio.to_thread
import fastapi_offline
from fastapi import Path as PathParameter
from fastapi import Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from cadgate.errors import NotFound
from cadgate.openapi.document import Document
from cadgate.web.access import requires
from cadgate.web.router import Router

router = Router(dependencies=[requires()])  # any caller with a key

ASSETS = "/docs/assets"
_RELATIVE = "docs/assets"
"""The relative URL in the pages, whatever path a proxy serves them at."""
ICON = "page-assets/icon.svg"
_FOLDER = Path(fastapi_offline.__file__).parent / "static"
_ONLY_HERE = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}
"""The policy that keeps the pages from loading anything from elsewhere."""

_DARK = """<style>
@media (prefers-color-scheme: dark) {
  html { background: #16181b; color-scheme: dark; }
  body { background: #fff; color-scheme: light; filter: invert(0.91) hue-rotate(180deg); min-height: 100vh; }
  body img, .opblock-summary-method, .highlight-code { filter: invert(1) hue-rotate(180deg); }
}
</style>
</head>"""
"""Both pages know a light look only: turned round, with the colours kept, for those whose system is dark."""

_FOREIGN_PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_FILES = ("favicon.png", "redoc.standalone.js", "swagger-ui-bundle.js", "swagger-ui.css")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    document: Document = request.app.openapi
    text = document.made_text()
    if text is None:
        async with document.queue:  # one request generates it, the others wait without a thread
            text = document.made_text() or await anyio.to_thread.run_sync(document.text)
    return Response(text, media_type="application/json")


@router.get("/docs", include_in_schema=False)
async def swagger(request: Request) -> HTMLResponse:
    """Return Swagger UI."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="cadgate",
        swagger_js_url=f"{_RELATIVE}/swagger-ui-bundle.js",
        swagger_css_url=f"{_RELATIVE}/swagger-ui.css",
        swagger_favicon_url=ICON,
        swagger_ui_parameters={"docExpansion": "none", "filter": True, "validatorUrl": None},
    )
    return _finished(page)


@router.get("/redoc", include_in_schema=False)
async def redoc(request: Request) -> HTMLResponse:
    """Return ReDoc."""
    page = get_redoc_html(
        openapi_url="openapi.json",
        title="cadgate",
        redoc_js_url=f"{_RELATIVE}/redoc.standalone.js",
        redoc_favicon_url=ICON,
        with_google_fonts=False,
    )
    return _finished(page)


def _finished(page: HTMLResponse) -> HTMLResponse:
    content = bytes(page.body).decode().replace("</head>", _DARK, 1)
    return HTMLResponse(content, headers=_ONLY_HERE)


@router.get(ASSETS + "/{file:name}", include_in_schema=False)
async def asset(file: Annotated[str, PathParameter()]) -> Response:
    """Return a script, style or picture of the pages."""
    if file not in _FILES:
        raise NotFound(f"There is no asset {file!r}")
    kind = mimetypes.guess_type(file)[0]
    return Response(_content(file), media_type=kind, headers={"Cache-Control": "public, max-age=3600"})


@functools.cache
def _content(file: str) -> bytes:
    """Return a file, with the picture that ReDoc would load from its maker's server replaced by a local one."""
    return (_FOLDER / file).read_bytes().replace(_FOREIGN_PICTURE, f"{_RELATIVE}/favicon.png".encode())
