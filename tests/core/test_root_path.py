"""Below a path that a proxy serves, with the path taken off or kept, and with TLS in front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from cadgate.config.settings import Settings
from cadgate.errors import ConfigError
from cadgate.models.root import OWN, checked_root
from cadgate.security.keys import KeyFile
from tests.core.served import error_of, in_process, probed_app, quiet_settings, served
from tests.core.test_docs_pages import Links

pytestmark = pytest.mark.anyio

PROXY = ("127.0.0.1",)
HTML = {"Accept": "text/html"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return probed_app(quiet_settings(tmp_path, auth="token", root_path="/cad/one/", trusted_proxies=PROXY))


@pytest.fixture
async def client(app: FastAPI, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    text, _ = KeyFile(tmp_path).create("browser")
    async with in_process(app) as made:
        made.headers["Authorization"] = f"Bearer {text}"
        yield made


@pytest.mark.parametrize("prefix", ["", "/cad/one"])
async def test_a_path_is_the_same_kept_and_taken_off(client: httpx.AsyncClient, prefix: str) -> None:
    assert (await client.get(f"{prefix}/version")).status_code == 200
    assert (await client.get(f"{prefix}/probe/names/a%2Fb%20c")).json()["result"]["value"] == "a/b c"
    assert (await client.get(f"{prefix}/cad/one/version")).status_code == (404 if prefix else 200)
    lost = await client.get(f"{prefix}/nowhere")
    assert "'/nowhere'" in error_of(lost.content)["message"]
    document = (await client.get(f"{prefix}/openapi.json")).json()
    assert document["servers"][0]["url"] == "/cad/one"
    assert "/health" in document["paths"]
    asyncapi = (await client.get(f"{prefix}/asyncapi.json")).json()
    assert asyncapi["servers"]["gateway"] == {"host": "localhost", "protocol": "ws", "pathname": "/cad/one"}
    home = (await client.get(f"{prefix}/", headers={"Accept": "application/json"})).json()["result"]
    assert home["links"]["docs"] == "/cad/one/docs"


@pytest.mark.parametrize("prefix", ["", "/cad/one"])
async def test_files_have_the_address_at_which_the_client_finds_them(client: httpx.AsyncClient, prefix: str) -> None:
    files = {"file": ("a.stl", b"solid")}
    stored = (await client.post(f"{prefix}/api/v1/artifacts", files=files)).json()["result"]
    assert stored["url"] == f"/cad/one/api/v1/artifacts/{stored['id']}"
    assert (await client.get(stored["url"])).content == b"solid"
    listed = (await client.get(f"{prefix}/api/v1/artifacts")).json()["result"]["artifacts"]
    assert [one["url"] for one in listed] == [stored["url"]]
    keyed = {"Idempotency-Key": "k"}
    first = (await client.post(f"{prefix}/api/v1/artifacts", files=files, headers=keyed)).json()["result"]
    assert first["url"] == f"/cad/one/api/v1/artifacts/{first['id']}"


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/"])
async def test_pages_load_what_they_need_below_the_path(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(f"/cad/one{page}", headers=HTML)
    links = Links()
    links.feed(answer.text)
    for link in links.found:
        loaded = await client.get(urljoin(f"/cad/one{page}", link))
        assert loaded.status_code in ((200, 503) if link == "ready" else (200,)), link
    if page != "/":
        assert "'openapi.json'" in answer.text or 'spec-url="openapi.json"' in answer.text


async def test_the_log_in_stays_below_the_path(app: FastAPI, tmp_path: Path) -> None:
    text, _ = KeyFile(tmp_path).create("browser")
    async with in_process(app) as client:
        for prefix in ("", "/cad/one"):
            sent = await client.get(f"{prefix}/docs?a=b", headers=HTML)
            assert (sent.status_code, sent.headers["location"]) == (303, "/cad/one/login?next=/cad/one/docs%3Fa%3Db")
        form = {"key": text, "next": "/cad/one/docs?a=b"}
        answer = await client.post("/cad/one/login", data=form, headers={**HTML, "Origin": "http://localhost"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/cad/one/docs?a=b")
        assert "Path=/cad/one;" in answer.headers["set-cookie"]
        assert (await client.get("/cad/one/docs", headers=HTML)).status_code == 200
        elsewhere = await client.post("/cad/one/login", json={"key": text, "next": "/other/docs"})
        assert elsewhere.json()["result"]["next"] == "/cad/one/"
        out = await client.post("/cad/one/logout", headers={**HTML, "Origin": "http://localhost"})
        assert out.headers["location"] == "/cad/one/login"
        assert "Path=/cad/one;" in out.headers["set-cookie"]


async def test_a_trusted_proxy_says_path_and_scheme(tmp_path: Path) -> None:
    text, _ = KeyFile(tmp_path).create("browser")
    app = probed_app(quiet_settings(tmp_path, auth="token", trusted_proxies=PROXY))
    said = {"X-Forwarded-Prefix": "/gate", "X-Forwarded-Proto": "https"}
    async with in_process(app) as client:
        secure = await client.post("/login", json={"key": text}, headers={**said, "Origin": "https://localhost"})
        assert secure.status_code == 200
        assert {"Secure", "Path=/gate"} <= set(secure.headers["set-cookie"].split("; "))
        plain = await client.post("/login", json={"key": text}, headers={**said, "Origin": "http://localhost"})
        assert plain.status_code == 403
        bearer = {"Authorization": f"Bearer {text}"}
        document = (await client.get("/openapi.json", headers={**said, **bearer})).json()
        assert document["servers"][0]["url"] == "/gate"
        assert (await client.get("/openapi.json", headers=bearer)).json()["servers"][0]["url"] == "/"
        asyncapi = (await client.get("/gate/asyncapi.json", headers={**said, **bearer})).json()
        assert asyncapi["servers"]["gateway"] == {"host": "localhost", "protocol": "wss", "pathname": "/gate"}
        for wrong in (
            "//evil.example",
            "/a b",
            "/../x",
            '/"><script>',
            "/docs",
            "/api",
            "/api/v1/x",
            "relative",
            "/x?y",
        ):
            refused = await client.get("/version", headers={**bearer, "X-Forwarded-Prefix": wrong})
            assert (refused.status_code, error_of(refused.content)["code"]) == (400, "bad_request"), wrong


@pytest.mark.parametrize("trusted", [(), ("192.0.2.7", "10.0.0.0/8")])
async def test_nobody_else_says_them(tmp_path: Path, trusted: tuple[str, ...]) -> None:
    text, _ = KeyFile(tmp_path).create("browser")
    app = probed_app(quiet_settings(tmp_path, auth="token", trusted_proxies=trusted))
    said = {"X-Forwarded-Prefix": "/gate", "X-Forwarded-Proto": "https"}
    async with in_process(app) as client:
        answer = await client.post("/login", json={"key": text}, headers={**said, "Origin": "http://localhost"})
        assert answer.status_code == 200
        assert "Secure" not in answer.headers["set-cookie"]
        assert "Path=/;" in answer.headers["set-cookie"]
        sent = await client.get("/redoc", headers={**said, **HTML, "Authorization": f"Bearer {text}"})
        assert sent.status_code == 200
        assert (
            await client.get("/gate/version", headers={**said, "Authorization": f"Bearer {text}"})
        ).status_code == 404


async def test_a_root_that_the_server_was_told_of_holds_too(tmp_path: Path) -> None:
    app = probed_app(quiet_settings(tmp_path))
    transport = httpx.ASGITransport(app=app, root_path="/mounted")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        assert (await client.get("/mounted/version")).status_code == 200
        assert (await client.get("/mounted/openapi.json")).json()["servers"][0]["url"] == "/mounted"
    async with in_process(app) as client:
        assert (await client.get("/openapi.json")).json()["servers"][0]["url"] == "/"


@pytest.mark.parametrize("prefix", ["", "/cad/one"])
def test_websockets_open_below_the_path(tmp_path: Path, prefix: str) -> None:
    text, _ = KeyFile(tmp_path).create("browser")
    settings = quiet_settings(tmp_path, auth="token", root_path="/cad/one", trusted_proxies=PROXY)
    with served(probed_app(settings)) as port:
        with httpx.Client(base_url=f"http://localhost:{port}") as browser:
            cookie = browser.post(f"{prefix}/login", json={"key": text}).headers["set-cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        url = f"ws://localhost:{port}{prefix}/probe/ws"
        own: Any = f"https://localhost:{port}"
        with connect(url, additional_headers=headers, origin=own) as websocket:
            websocket.send("hello")
            assert websocket.recv(timeout=10) == "hello"
        foreign: Any = f"http://localhost:{port}"
        with pytest.raises(InvalidStatus) as refused:
            connect(url, additional_headers=headers, origin=foreign)
        assert refused.value.response.status_code == 403


# --- settings --------------------------------------------------------------------------------------------------------


def test_every_path_of_the_gateway_is_kept_apart_from_roots(tmp_path: Path) -> None:
    app = probed_app(quiet_settings(tmp_path))
    first = {getattr(route, "path", "").split("/")[1] for route in app.router.routes if getattr(route, "path", "")}
    assert first - {"", "probe", "api"} <= OWN
    for name in OWN:
        with pytest.raises(ValueError, match="own routes"):
            checked_root(f"/{name}/x")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("/", ""), ("/cad", "/cad"), (" /cad/ ", "/cad"), ("/a/b-1._~", "/a/b-1._~"), ("/api/cad", "/api/cad")],
)
def test_a_root_is_a_path(given: str, kept: str) -> None:
    assert checked_root(given) == kept


@pytest.mark.parametrize("key", ["root_path", "trusted_proxies"])
@pytest.mark.parametrize(
    "value", ["cad", "/a//b", "/..", "/a/./b", "https://cad.example", "/ä", "proxy.example", "1.2.3"]
)
def test_a_wrong_setting_is_said(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        Settings.of({("state_dir",): (tmp_path, "here"), (key,): (value, f"here: {key}")})


def test_proxies_are_comma_separated(tmp_path: Path) -> None:
    settings = Settings.of(
        {("trusted_proxies",): ("127.0.0.1, 10.0.0.0/8", "here"), ("state_dir",): (tmp_path, "here")}
    )
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")
