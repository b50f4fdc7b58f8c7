"""`/`: what is running and where things are, as a page for people and as JSON for programs."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

import cadgate
from cadgate.models.root import rooted
from cadgate.plugins.discovery import Found
from cadgate.routers.health import AdapterState, states
from cadgate.routers.login import HEADERS
from cadgate.security.caller import authority_of
from cadgate.web.access import requires
from cadgate.web.callers import LOGOUT, accepts_html
from cadgate.web.router import Router

router = Router(dependencies=[requires()])  # any caller with a key

_LINKS = (
    ("docs", "/docs", "Every route, to read and to try out"),
    ("redoc", "/redoc", "The same, to read"),
    ("openapi", "/openapi.json", "OpenAPI, for generators of clients"),
    ("asyncapi", "/asyncapi.json", "AsyncAPI of the WebSockets"),
    ("health", "/health", "Whether the gateway and its applications work"),
    ("ready", "/ready", "Whether every application can accept work"),
    ("version", "/version", "What is running, in which version"),
    ("plugins", "/plugins", "Adapters, their packages and routes"),
    ("artifacts", "/api/v1/artifacts", "Files that were written or stored"),
    ("metrics", "/metrics", "For Prometheus"),
)
_UP = {"up": "true", "busy": "true", "disabled": "off", "starting": "off"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cadgate</title>
<link rel="stylesheet" href="page-assets/pages.css">
<link rel="icon" href="page-assets/icon.svg">
</head>
<body>
<main>
<header><h1>cadgate</h1> <span class="quiet">{version}</span>{logout}</header>
<p>One gateway to 3D and CAD applications, by REST and WebSocket.</p>
<h2>Applications</h2>
<ul class="cards">
{cards}</ul>
<h2>Where things are</h2>
<dl>
{links}</dl>
<h2>How to call</h2>
<p>JSON in and out. Success is <code>{{"status": "success", "result": …}}</code>, failure
<code>{{"status": "error", "error": {{"code", "message", …}}}}</code>; the message says what to do.{key}</p>
{example}</main>
</body>
</html>
"""


@router.get("/", include_in_schema=False)
async def home(request: Request) -> Response:
    """What is running, with links."""
    known = states(request)
    titles = _titles(request)
    if accepts_html(dict(request.scope["headers"])):
        return HTMLResponse(_page(request, known, titles), headers={**HEADERS, "Vary": "Accept"})
    adapters = {
        name: {
            **state.model_dump(include={"status", "application", "reason", "remedy"}, exclude_none=True),
            "links": {each: rooted(path) for each, path in _adapter_links(name, state, titles).items()},
        }
        for name, state in known.items()
    }
    result: dict[str, Any] = {
        "name": "cadgate",
        "version": cadgate.__version__,
        "adapters": adapters,
        "links": {name: rooted(path) for name, path, _ in _LINKS},
    }
    return JSONResponse({"status": "success", "result": result}, headers={"Vary": "Accept"})


def _titles(request: Request) -> dict[str, str]:
    """The active adapters, by name."""
    found: list[Found] = request.app.state.plugins
    return {one.name: one.adapter.title for one in found if one.status == "active" and one.adapter is not None}


def _adapter_links(name: str, state: AdapterState, titles: dict[str, str]) -> dict[str, str]:
    if name not in titles:
        return {}
    part = quote(name, safe="")
    return {
        "console": f"/console/{part}",
        "methods": f"/api/v1/{part}/methods",
        "health": f"/health/{part}",
        "websocket": f"/ws/{part}",
    }


def _page(request: Request, known: dict[str, AdapterState], titles: dict[str, str]) -> str:
    links = "".join(
        f'<dt><a href="{path[1:]}">{html.escape(path)}</a></dt><dd>{html.escape(text)}</dd>\n'
        for _, path, text in _LINKS
    )
    logged_in = "login" in request.scope["state"]
    scopes = html.escape(", ".join(sorted(authority_of(request.scope).scopes)))
    logout = (
        f' <form method="post" action="{LOGOUT[1:]}"><span class="quiet">Key with {scopes}</span> '
        '<button type="submit">Log out</button></form>'
    )
    token = request.app.state.settings.auth == "token"
    return _PAGE.format(
        version=html.escape(cadgate.__version__),
        logout=logout if logged_in else "",
        cards="".join(_card(name, state, titles) for name, state in known.items())
        or '<li class="card">There is no adapter: install one with pip.</li>\n',
        links=links,
        key=" Programs send <code>Authorization: Bearer &lt;key&gt;</code>." if token else "",
        example=_example(request, next(iter(titles), None), token),
    )


def _card(name: str, state: AdapterState, titles: dict[str, str]) -> str:
    lines = [f"<p>{html.escape(text)}</p>" for text in (state.reason, state.remedy) if text]
    if state.application:
        lines.insert(0, f'<p class="quiet">{html.escape(state.application)}</p>')
    links = "".join(
        f'<li><a href="{path[1:]}">{label}</a></li>'
        for label, path in _adapter_links(name, state, titles).items()
        if label != "websocket"
    )
    return (
        f'<li class="card"><header><h3>{html.escape(titles.get(name, name))}</h3>'
        f'<span class="state" data-up="{_UP.get(state.status, "false")}">{html.escape(state.status)}</span></header>\n'
        + "\n".join(lines)
        + (f'\n<ul class="links">{links}</ul>' if links else "")
        + "</li>\n"
    )


def _example(request: Request, name: str | None, token: bool) -> str:
    if name is None:
        return ""
    url = request.url
    where = f"{url.scheme}://{url.netloc}{rooted(f'/api/v1/{quote(name)}/methods')}"
    key = ' -H "Authorization: Bearer $CADGATE_KEY"' if token else ""
    return f"<pre><code>curl{key} {html.escape(where)}</code></pre>\n"
