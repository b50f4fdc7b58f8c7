"""The console: a page for running code in an application and watching its effects. Its files are in `../console`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from cadgate.errors import NotFound
from cadgate.models.root import rooted
from cadgate.web.access import requires
from cadgate.web.router import Router

router = Router(dependencies=[requires()])  # any caller with a key

ASSETS = "/console-assets"
_FOLDER = Path(__file__).parent.parent / "console"
_FILES = ("console.js", "console.css")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-cache"}


@router.get("/console", include_in_schema=False)
async def consoles(request: Request) -> Response:
    """Redirect to the page of the first adapter, which has links to the others."""
    for name in request.app.state.runtimes:
        return RedirectResponse(rooted(f"/console/{quote(name, safe='')}"), 303)
    raise NotFound("There is no active adapter; GET /plugins lists them")


@router.get("/console/{adapter:name}", include_in_schema=False)
async def console(adapter: str, request: Request) -> Response:
    """Return the page of one adapter."""
    if adapter not in request.app.state.runtimes:
        raise NotFound(f"There is no active adapter {adapter!r}; GET /plugins lists them")
    page = (_FOLDER / "index.html").read_text()
    if "login" in request.scope["state"]:
        page = page.replace("<body>", "<body data-login>")  # whose cookie is invisible to scripts
    return HTMLResponse(page, headers=_HEADERS)


@router.get(ASSETS + "/{file:name}", include_in_schema=False)
async def asset(file: str) -> Response:
    """Return the page's script or style."""
    if file not in _FILES:
        raise NotFound(f"There is no asset {file!r}")
    return FileResponse(_FOLDER / file, headers=_HEADERS)
