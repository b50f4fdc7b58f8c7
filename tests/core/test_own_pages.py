"""Pages that an adapter brings: served below its console, with a key where keys are needed, and nothing else of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cadgate.main import create_app
from tests.core.fake_packages import Site, fake_site
from tests.core.served import error_of, quiet_settings

pytestmark = pytest.mark.anyio

PAGES = "\nfrom pathlib import Path\nFIELDS['pages'] = Path({folder!r})\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "package" / "pages"
    (pages / "parts").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><title>all</title>")
    (pages / "a <b>&.html").write_text("<!doctype html><title>odd</title>")
    (pages / "parts" / "view.js").write_text("export {};")
    (pages / ".hidden.html").write_text("hidden")
    (tmp_path / "package" / "secret.py").write_text("secret")
    (pages / "link.html").symlink_to(tmp_path / "package" / "secret.py")
    return pages


@pytest.fixture
def app(tmp_path: Path, folder: Path) -> Iterator[FastAPI]:
    with fake_site(tmp_path / "site") as site:
        site.add("viewer", PAGES.format(folder=str(folder)))
        site.add("plain")
        yield create_app(quiet_settings(tmp_path / "state"))


@pytest.fixture
def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def test_they_are_served_below_the_console(client: httpx.AsyncClient) -> None:
    start = await client.get("/console/viewer/")
    assert (start.status_code, start.text) == (200, "<!doctype html><title>all</title>")
    assert start.headers["content-type"].startswith("text/html")
    policy = start.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    script = await client.get("/console/viewer/parts/view.js")
    assert (script.status_code, script.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    assert (await client.get("/console/viewer/a%20%3Cb%3E%26.html")).status_code == 200


async def test_the_console_links_to_them_and_that_of_others_has_none(client: httpx.AsyncClient) -> None:
    page = (await client.get("/console/viewer")).text
    assert '<a href="viewer/index.html">index</a>' in page
    assert '<a href="viewer/a%20%3Cb%3E%26.html">a &lt;b&gt;&amp;</a>' in page
    assert "hidden.html" not in page
    assert "link.html" not in page
    assert "viewer/" not in (await client.get("/console/plain")).text
    assert (await client.get("/console/plain/")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["nothing.html", ".hidden.html", "link.html", "parts", "parts/", "../secret.py", "..%2Fsecret.py",
     "%2e%2e/secret.py", "parts/..%2F..%2Fsecret.py", "..%5Csecret.py", "%2Fetc%2Fpasswd", "index.html%00", "x" * 5000],
)  # fmt: skip
async def test_nothing_else_is(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/console/viewer/{path}")
    assert answer.status_code in (400, 404), answer.text
    assert error_of(answer.content)["code"] in ("not_found", "bad_request")


async def test_nobody_writes_them(client: httpx.AsyncClient) -> None:
    assert (await client.post("/console/viewer/index.html")).status_code == 405


async def test_they_want_a_key_where_keys_are_needed(tmp_path: Path, folder: Path) -> None:
    with fake_site(tmp_path / "site") as site:
        site.add("viewer", PAGES.format(folder=str(folder)))
        app = create_app(quiet_settings(tmp_path / "state", auth="token"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            assert (await client.get("/console/viewer/index.html")).status_code == 401
            browser = await client.get("/console/viewer/index.html", headers={"Accept": "text/html"})
            assert browser.status_code == 303
            assert browser.headers["location"].endswith("login?next=/console/viewer/index.html")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("FIELDS['pages'] = 'pages'", "pages must be a pathlib.Path, not 'pages'"),
        ("from pathlib import Path\nFIELDS['pages'] = Path('pages')", "pages names 'pages', which is no folder"),
        (f"from pathlib import Path\nFIELDS['pages'] = Path({os.devnull!r})", "pages names 'null', which is no folder"),
    ],
)
def test_what_is_no_folder_is_refused_when_it_is_loaded(site: Site, tmp_path: Path, told: str, message: str) -> None:
    site.add("viewer", f"\n{told}\n")
    (found,) = [one for one in create_app(quiet_settings(tmp_path / "state")).state.plugins if one.name == "viewer"]
    assert found.status == "failed"
    assert message in found.error
