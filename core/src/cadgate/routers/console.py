"""The console: a page for running code in an application and watching its effects. Its files are in `../console`.

The pages of an adapter itself are below it.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

import anyio.to_thread
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
_OWN_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Of an adapter's pages: what a viewer of models needs besides, and still nothing of elsewhere."""
_OWN_HEADERS = {**_HEADERS, "Content-Security-Policy": _OWN_POLICY, "X-Content-Type-Options": "nosniff"}
INDEX = "index.html"


@router.get("/console", include_in_schema=False)
async def consoles(request: Request) -> Response:
    """Redirect to the page of the first adapter, which has links to the others."""
    for name in request.app.state.runtimes:
        return RedirectResponse(rooted(f"/console/{quote(name, safe='')}"), 303)
    raise NotFound("There is no active adapter; GET /plugins lists them")


@router.get("/console/{adapter:name}", include_in_schema=False)
async def console(adapter: str, request: Request) -> Response:
    """Return the page of one adapter."""
    folder = _pages_of(request, adapter)
    page = (_FOLDER / INDEX).read_text()
    if folder is not None:
        page = page.replace("<!-- pages -->", await anyio.to_thread.run_sync(_links, adapter, folder))
    if "login" in request.scope["state"]:
        page = page.replace("<body>", "<body data-login>")  # whose cookie is invisible to scripts
    return HTMLResponse(page, headers=_HEADERS)


@router.get("/console/{adapter:name}/{file:path}", include_in_schema=False)
async def own_page(adapter: str, file: str, request: Request) -> Response:
    """Return a file of an adapter's own pages; its index.html if none is named."""
    folder = _pages_of(request, adapter)
    found = None if folder is None else await anyio.to_thread.run_sync(_file_below, folder, file or INDEX)
    if found is None:
        raise NotFound(f"The adapter {adapter!r} has no page {file!r}")
    return FileResponse(found, headers=_OWN_HEADERS)


def _pages_of(request: Request, adapter: str) -> Path | None:
    """Return the folder of an adapter's pages, if it has any. Raises NotFound."""
    runtime = request.app.state.runtimes.get(adapter)
    if runtime is None:
        raise NotFound(f"There is no active adapter {adapter!r}; GET /plugins lists them")
    return runtime.adapter.pages


def _file_below(folder: Path, name: str) -> Path | None:
    """Return the path of a regular file in the folder that is not hidden; None for anything else."""
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    path = folder.joinpath(*parts)
    try:
        is_plain = path.is_file() and path.resolve().is_relative_to(folder.resolve())
    except OSError:  # a name that is too long
        return None
    return path if is_plain else None


def _links(adapter: str, folder: Path) -> str:
    """Return links to the pages in the folder, by their names."""
    pages = sorted(path.name for path in folder.glob("*.html") if _file_below(folder, path.name) is not None)
    return "".join(
        f'<a href="{escape(quote(adapter, safe=""))}/{escape(quote(name))}">{escape(Path(name).stem)}</a>'
        for name in pages
    )


@router.get(ASSETS + "/{file:name}", include_in_schema=False)
async def asset(file: str) -> Response:
    """Return the page's script or style."""
    if file not in _FILES:
        raise NotFound(f"There is no asset {file!r}")
    return FileResponse(_FOLDER / file, headers=_HEADERS)
