"""The log-in page: a cookie stands for a key, for pages of this gateway only, and ends when it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from cadgate.security.keys import KeyFile
from cadgate.security.logins import MAX_LOGINS_PER_KEY, MAX_WRONG, Logins, WrongKeys
from tests.core.served import error_of, in_process, probed_app, quiet_settings

pytestmark = [pytest.mark.anyio, pytest.mark.security]

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN = {"Origin": "http://localhost"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return probed_app(quiet_settings(tmp_path, auth="token", cors_origins=("https://app.example",)))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(app) as made:
        yield made


async def log_in(client: httpx.AsyncClient, key: str, **more: Any) -> httpx.Response:
    return await client.post("/login", json={"key": key, **more}, headers=OWN)


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/console", "/console/blender", "/", "/no/such/page", "/openapi.json"]
)
async def test_a_browser_without_a_log_in_is_led_to_the_page_and_a_program_gets_401(
    client: httpx.AsyncClient, path: str
) -> None:
    sent = await client.get(path, headers=HTML)
    assert sent.status_code == 303
    assert sent.headers["location"] == ("/login" if path == "/" else f"/login?next={path}")
    for accept in ("*/*", "application/json"):
        refused = await client.get(path, headers={"Accept": accept})
        assert (refused.status_code, error_of(refused.content)["code"]) == (401, "unauthenticated")
    assert (await client.post(path, headers=HTML)).status_code == 401
    wrong = await client.get(path, headers={**HTML, "Authorization": "Bearer cadgate_0_0"})
    assert wrong.status_code == 401


async def test_the_page_is_shown_without_a_key_and_loads_only_what_is_open(client: httpx.AsyncClient) -> None:
    page = await client.get("/login?next=/docs", headers=HTML)
    assert page.status_code == 200
    assert 'type="password"' in page.text
    assert 'name="next" value="/docs"' in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "form-action 'self'" in policy
    assert "script" not in page.text
    for asset in ("page-assets/pages.css", "page-assets/icon.svg"):
        assert asset in page.text
        assert (await client.get(f"/{asset}")).status_code == 200
    assert (await client.get("/page-assets/nothing.css")).status_code == 404


async def test_a_form_gives_a_cookie_that_opens_pages_and_is_of_no_use_to_scripts(
    client: httpx.AsyncClient, keys: KeyFile
) -> None:
    text, _ = keys.create("browser", ["read"])
    form = {"key": text, "next": "/docs?a=1"}
    answer = await client.post("/login", data=form, headers={**HTML, **OWN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs?a=1")
    name, _, attributes = answer.headers["set-cookie"].partition("=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(attributes.split("; ")[1:])
    assert name == "cadgate_login_8000"
    assert "Secure" not in attributes
    assert text not in answer.headers["set-cookie"]
    for path in ("/docs", "/redoc", "/openapi.json", "/", "/health", "/api/v1/artifacts"):
        opened = await client.get(path, headers=HTML)
        assert opened.status_code == 200, path
        assert opened.headers["cross-origin-resource-policy"] == "same-origin"
    again = await client.get("/login?next=/redoc", headers=HTML)
    assert (again.status_code, again.headers["location"]) == (303, "/redoc")


async def test_a_wrong_key_is_said_on_the_page_and_not_shown_again(client: httpx.AsyncClient) -> None:
    form = {"key": "cadgate_0_<script>", "next": "/docs"}
    answer = await client.post("/login", data=form, headers={**HTML, **OWN})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "cadgate_0_" not in answer.text
    assert 'value="/docs"' in answer.text
    assert "set-cookie" not in answer.headers
    told = await log_in(client, "cadgate_0_0")
    assert (told.status_code, error_of(told.content)["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 422), (b"[]", "application/json", 422), (b"{", "application/json", 400),
        (b'{"key": 5}', "application/json", 422), (b"key=", "application/x-www-form-urlencoded", 422),
        (b"\xff", "application/x-www-form-urlencoded", 400), (b"x", "text/plain", 415),
        (b'{"key": "' + b"x" * 9000 + b'"}', "application/json", 413),
        (b'{"key": "caf\\ud800"}', "application/json", 401),
    ],
)  # fmt: skip
async def test_a_log_in_that_is_none_is_said(client: httpx.AsyncClient, body: bytes, kind: str, status: int) -> None:
    answer = await client.post("/login", content=body, headers={**OWN, "Content-Type": kind})
    assert answer.status_code == status
    assert error_of(answer.content)["message"]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "http:evil.example", "/\t/evil.example", "/%0d%0aX: y\r\nSet-Cookie: a=b", "docs", "", " /docs",
        "/a/../..//evil", "/%2e%2e//evil.example", "/docs//evil.example", "/" + "x" * 3000, "/é",
    ],
)  # fmt: skip
async def test_the_page_leads_to_paths_of_this_gateway_only(
    client: httpx.AsyncClient, keys: KeyFile, wanted: str
) -> None:
    text, _ = keys.create("browser")
    page = await client.get("/login", params={"next": wanted}, headers=HTML)
    assert 'name="next" value="/"' in page.text
    answer = await client.post("/login", data={"key": text, "next": wanted}, headers={**HTML, **OWN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await log_in(client, text, next=wanted)).json()["result"] == {"next": "/"}


async def test_a_key_in_the_address_is_no_key(client: httpx.AsyncClient, keys: KeyFile) -> None:
    text, _ = keys.create("browser")
    for query in (f"?key={text}", f"?access_token={text}", f"?token={text}"):
        assert (await client.get(f"/health{query}")).status_code == 401
        assert "set-cookie" not in (await client.get(f"/login{query}")).headers


async def test_a_gateway_that_asks_for_no_key_has_no_log_in(tmp_path: Path) -> None:
    async with in_process(probed_app(quiet_settings(tmp_path))) as client:
        away = await client.get("/login", headers=HTML)
        assert (away.status_code, away.headers["location"]) == (303, "/")
        assert (await client.post("/login", json={"key": "x"})).status_code == 400


# --- what a cookie allows --------------------------------------------------------------------------------------------


async def test_a_log_in_allows_what_its_key_allows(client: httpx.AsyncClient, keys: KeyFile) -> None:
    text, key = keys.create("reader", ["read"])
    await log_in(client, text)
    told = (await client.get("/probe/context")).json()["result"]["value"]
    assert (told["identity"], told["scopes"]) == (f"key:{key.id}", ["read"])
    refused = await client.post("/api/v1/artifacts", files={"file": ("a.stl", b"solid")}, headers=OWN)
    assert (refused.status_code, error_of(refused.content)["code"]) == (403, "forbidden")


async def test_a_header_wins_over_the_cookie(client: httpx.AsyncClient, keys: KeyFile) -> None:
    await log_in(client, keys.create("browser")[0])
    assert (await client.get("/health", headers={"Authorization": "Bearer cadgate_0_0"})).status_code == 401


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "null"},
    {"Origin": "https://app.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
async def test_another_page_changes_nothing_with_the_cookie(
    client: httpx.AsyncClient, keys: KeyFile, headers: dict[str, str], verb: str
) -> None:
    await log_in(client, keys.create("browser")[0])
    answer = await client.request(verb, "/probe/json", json={}, headers=headers)
    assert answer.status_code in (401, 403)
    own = await client.post("/probe/json", json={}, headers=OWN)
    assert own.status_code == 200
    fetched = await client.post("/probe/json", json={}, headers={"Sec-Fetch-Site": "same-origin"})
    assert fetched.status_code == 200


@pytest.mark.parametrize("headers", FOREIGN[:4] + FOREIGN[6:8], ids=str)
async def test_another_page_reads_and_loads_nothing_with_the_cookie(
    client: httpx.AsyncClient, keys: KeyFile, headers: dict[str, str]
) -> None:
    await log_in(client, keys.create("browser")[0])
    assert (await client.get("/probe/context", headers=headers)).status_code in (401, 403)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", "https://app.example"])
async def test_another_page_neither_logs_in_nor_out(client: httpx.AsyncClient, keys: KeyFile, origin: str) -> None:
    text, _ = keys.create("browser")
    await log_in(client, text)
    headers = {**HTML, "Origin": origin}
    foreign_login = await client.post("/login", data={"key": text}, headers=headers)
    assert (foreign_login.status_code, "set-cookie" in foreign_login.headers) == (403, False)
    assert (await client.post("/logout", headers=headers)).status_code == 403
    assert (await client.get("/health")).status_code == 200


async def test_a_form_of_this_gateways_page_changes_nothing_but_the_log_in(
    client: httpx.AsyncClient, keys: KeyFile
) -> None:
    await log_in(client, keys.create("browser")[0])
    assert (await client.post("/probe/json", data={"size": "1"}, headers=OWN)).status_code == 415


# --- its end ---------------------------------------------------------------------------------------------------------


async def test_logging_out_ends_the_log_in_and_removes_the_cookie(client: httpx.AsyncClient, keys: KeyFile) -> None:
    await log_in(client, keys.create("browser")[0])
    kept = dict(client.cookies)
    answer = await client.post("/logout", headers={**HTML, **OWN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert dict(client.cookies) == {}
    client.cookies.update(kept)
    assert (await client.get("/health")).status_code == 401
    assert (await client.post("/logout", headers=OWN)).status_code == 200


async def test_a_second_log_in_of_a_browser_ends_the_first(client: httpx.AsyncClient, keys: KeyFile) -> None:
    text, _ = keys.create("browser")
    await log_in(client, text)
    first = dict(client.cookies)
    await log_in(client, text)
    assert dict(client.cookies) != first
    assert (await client.get("/health")).status_code == 200
    client.cookies.clear()
    client.cookies.update(first)
    assert (await client.get("/health")).status_code == 401


async def test_a_revoked_key_ends_its_log_ins(client: httpx.AsyncClient, keys: KeyFile, app: FastAPI) -> None:
    text, key = keys.create("browser")
    await log_in(client, text)
    keys.revoke(key.id)
    assert (await client.get("/docs", headers=HTML)).status_code == 303
    assert (await client.get("/health")).status_code == 401
    assert len(app.state.identity.logins) == 0


@pytest.mark.parametrize("setting", ["login_idle_seconds", "login_seconds"])
async def test_a_log_in_ends_by_itself(tmp_path: Path, keys: KeyFile, setting: str) -> None:
    app = probed_app(quiet_settings(tmp_path, auth="token", **{setting: 0.3}))
    async with in_process(app) as client:
        await log_in(client, keys.create("browser")[0])
        logins: Logins = app.state.identity.logins
        if setting == "login_seconds":
            assert (await client.get("/health")).status_code == 200
        (cookie,) = client.cookies.items()
        authority = logins.find("=".join(cookie).encode())
        ended = asyncio.Event()
        assert authority is not None
        authority.watch((), lambda _: ended.set())
        async with asyncio.timeout(10):
            await ended.wait()
        assert len(logins) == 0
        assert (await client.get("/health")).status_code == 401


async def test_the_log_ins_of_a_key_are_bounded(client: httpx.AsyncClient, keys: KeyFile, app: FastAPI) -> None:
    text, _ = keys.create("browser")
    await log_in(client, text)
    first = dict(client.cookies)
    for _ in range(MAX_LOGINS_PER_KEY):
        client.cookies.clear()
        await log_in(client, text)
    assert len(app.state.identity.logins) == MAX_LOGINS_PER_KEY
    assert (await client.get("/health")).status_code == 200
    client.cookies.clear()
    client.cookies.update(first)
    assert (await client.get("/health")).status_code == 401


async def test_damaged_and_foreign_cookies_are_none(client: httpx.AsyncClient, keys: KeyFile) -> None:
    text, _ = keys.create("browser")
    await log_in(client, text)
    (value,) = client.cookies.values()
    client.cookies.clear()
    name = "cadgate_login_8000"
    for cookie in (
        f"{name}={value[:-1]}",
        f"{name}={value}x",
        f"other={value}",
        f"{name}={text}",
        f"{name}=",
        "\xff=;;=",
    ):
        answer = await client.get("/health", headers={"Cookie": cookie.encode("latin-1")})  # type: ignore[dict-item]
        assert answer.status_code == 401, cookie
    both = await client.get("/health", headers={"Cookie": f"{name}=tossed; {name}={value}"})
    assert both.status_code == 200


async def test_wrong_keys_are_slowed_down_and_a_right_one_is_not(client: httpx.AsyncClient, keys: KeyFile) -> None:
    answers = [await log_in(client, "cadgate_0_0") for _ in range(MAX_WRONG + 2)]
    assert [answer.status_code for answer in answers] == [401] * MAX_WRONG + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await log_in(client, keys.create("browser")[0])).status_code == 200


def test_who_tried_wrong_keys_is_remembered_within_bounds() -> None:
    wrong = WrongKeys()
    for number in range(3000):
        assert wrong.seconds_to_wait(str(number)) == 0
    assert len(vars(wrong)["_spent"]) == 1024


async def test_log_ins_are_in_the_audit_log_without_the_key(
    client: httpx.AsyncClient, keys: KeyFile, tmp_path: Path
) -> None:
    text, key = keys.create("browser")
    await log_in(client, "cadgate_0_0")
    await log_in(client, text)
    (value,) = client.cookies.values()
    await client.post("/logout", headers=OWN)
    log = (tmp_path / "logs" / "audit.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    told = [(line["method"], line["identity"], line["outcome"]) for line in lines]
    assert told == [(method, f"key:{key.id}", "success") for method in ("login", "logout")], "and no wrong keys"
    assert text not in log
    assert value not in log
