"""The log-in page, which exchanges a key for a cookie; and the style and icon that all small pages share."""

from __future__ import annotations

import html
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

from fastapi import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from cadgate.contract.authority import NOBODY
from cadgate.errors import (
    BadRequest,
    CadgateError,
    ForbiddenOrigin,
    MalformedJson,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    Unauthenticated,
    ValidationFailed,
)
from cadgate.models.root import ROOT, rooted
from cadgate.security.audit import AuditLog
from cadgate.security.caller import audit_event_of, authority_of
from cadgate.security.identity import KeyHolder
from cadgate.security.keys import Key
from cadgate.security.logins import Login, WrongKeys
from cadgate.web.access import requires
from cadgate.web.callers import LOGIN, LOGOUT, accepts_html, local_path
from cadgate.web.router import Router

router = Router(dependencies=[requires(open_to="pages")])

MAX_BODY = 8192
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_BODY: dict[str, Any] = {"requestBody": {"content": {_FORM: {}, _JSON: {}}}}
_FOLDER = Path(__file__).parent.parent / "pages"
_FILES = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    # Not no-referrer, with which browsers would send `Origin: null` with the form.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · cadgate</title>
<link rel="stylesheet" href="page-assets/pages.css">
<link rel="icon" href="page-assets/icon.svg">
</head>
<body>
<main class="narrow">
<h1>cadgate</h1>
<p class="quiet" id="hint">This gateway requires a key. Whoever runs it creates one with
<code>cadgate keys create</code>.</p>
<form method="post" action="login">
{error}<label for="key">Key</label>
<input id="key" name="key" type="password" required autofocus autocomplete="current-password" spellcheck="false"
 autocapitalize="off" aria-describedby="hint{described}"{invalid}>
<input type="hidden" name="next" value="{next}">
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
"""


@router.get(LOGIN, include_in_schema=False)
async def login_page(request: Request) -> Response:
    """Return the page that asks for a key; redirect a caller that needs none, or has logged in."""
    wanted = local_path(request.query_params.get("next"))
    if authority_of(request.scope) is not NOBODY or "login" in request.scope["state"]:
        return RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
    return _page(wanted)


@router.post(LOGIN, include_in_schema=False, openapi_extra=_BODY)
async def log_in(request: Request) -> Response:
    """Log in with a key, sent as a form or as JSON (`{"key", "next"?}`), and set the cookie."""
    identity = request.app.state.identity
    if not isinstance(identity, KeyHolder):
        raise BadRequest('This gateway needs no key: it answers the user who runs it (auth = "local")')
    if request.scope["state"].get("foreign"):
        raise ForbiddenOrigin("Pages of other origins cannot log in; they send Authorization: Bearer <key>")
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    given = await _read(request, is_form=is_form)
    wanted = local_path(given.get("next"))
    try:
        if not given.get("key"):
            raise ValidationFailed('There is no key: send {"key": "cadgate_…"}, or a form with the field key')
        token = _begin(request, identity, given["key"])
    except CadgateError as error:
        if is_form and accepts_html(dict(request.scope["headers"])):
            return _page(wanted, error)
        raise
    answer: Response
    if is_form:
        answer = RedirectResponse(wanted, 303)
    else:
        answer = JSONResponse({"status": "success", "result": {"next": wanted}})
    # End an earlier log-in of this browser, which would otherwise last until it expires.
    _end(request, identity)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_cookie(identity.logins.cookie, token, **_attributes(request))
    return answer


@router.post(LOGOUT, include_in_schema=False, openapi_extra=_BODY)
async def log_out(request: Request) -> Response:
    """Log out this browser; the WebSockets of its pages end too."""
    if request.scope["state"].get("foreign"):
        raise ForbiddenOrigin("Pages of other origins cannot log out")
    identity = request.app.state.identity
    to_page = accepts_html(dict(request.scope["headers"]))
    answer: Response
    answer = RedirectResponse(rooted(LOGIN), 303) if to_page else JSONResponse({"status": "success", "result": {}})
    answer.headers["Cache-Control"] = "no-store"
    if isinstance(identity, KeyHolder):
        _end(request, identity)
        answer.delete_cookie(identity.logins.cookie, **_attributes(request))
        answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.get("/page-assets/{file:name}", include_in_schema=False)
async def asset(file: str) -> Response:
    """Return the style or the icon of the pages."""
    if file not in _FILES:
        raise NotFound(f"There is no asset {file!r}")
    return FileResponse(_FOLDER / file, media_type=_FILES[file], headers={"Cache-Control": "no-cache"})


def _begin(request: Request, identity: KeyHolder, text: str) -> str:
    try:
        key = identity.key(text)
    except Unauthenticated as error:
        # Without a line in the audit log, which callers without a key must not fill.
        wrong: WrongKeys = request.app.state.wrong_keys
        headers: dict[bytes, bytes] = dict(request.scope["headers"])
        wait = wrong.seconds_to_wait(request.app.state.forwarded.client(request.scope, headers))
        if wait:
            text = "There were too many wrong keys from this address: wait, then try again"
            raise Overloaded(text, retry_after=wait) from error
        raise
    _record(request, "login", key)
    return identity.logins.begin(key)


def _end(request: Request, identity: KeyHolder) -> None:
    login = cast("Login | None", request.scope["state"].get("login"))
    if login is not None:
        identity.logins.end(login)
        _record(request, "logout", login.key)


def _record(request: Request, method: str, key: Key) -> None:
    audit: AuditLog = request.app.state.audit
    event = replace(audit_event_of(request, method), identity=f"key:{key.id}")
    audit.record(event, "success", 200, time.perf_counter() - request.scope["state"]["started"])


async def _read(request: Request, *, is_form: bool) -> dict[str, str]:
    """Return the fields that are strings. Raises PayloadTooLarge, MalformedJson or ValidationFailed."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise PayloadTooLarge(f"A log-in has at most {MAX_BODY} bytes", details={"maximum": MAX_BODY})
    try:
        if is_form:
            fields = parse_qs(body.decode(), max_num_fields=16)
            return {name: values[-1] for name, values in fields.items()}
        given: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedJson('The body cannot be read: send {"key": "cadgate_…"}') from error
    if not isinstance(given, dict):
        raise ValidationFailed('The body is not an object: send {"key": "cadgate_…"}')
    return {name: value for name, value in cast("dict[str, Any]", given).items() if isinstance(value, str)}


def _attributes(request: Request) -> dict[str, Any]:
    secure = request.scope["scheme"] in ("https", "wss")
    return {"path": ROOT.get() or "/", "httponly": True, "samesite": "strict", "secure": secure}


def _page(wanted: str, error: CadgateError | None = None) -> HTMLResponse:
    message = "" if error is None else f'<p class="error" id="error" role="alert">{html.escape(error.message)}</p>\n'
    page = _PAGE.format(
        error=message,
        described=" error" if message else "",
        invalid=' aria-invalid="true"' if message else "",
        next=html.escape(wanted),
    )
    answer = HTMLResponse(page, 200 if error is None else error.status, HEADERS)
    if error is not None and error.retry_after is not None:
        answer.headers["Retry-After"] = str(round(error.retry_after))
    return answer
