"""The pages of the documentation load everything from the gateway itself, and nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
import pytest

pytestmark = pytest.mark.anyio


class Links(HTMLParser):
    """Everything that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "spec-url") and value:
                self.found.add(value)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_pages_load_only_what_the_gateway_serves(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    links = Links()
    links.feed(answer.text)
    assert len(links.found) >= 2
    for link in links.found:
        # Relative: a proxy may serve the page under another path.
        assert re.fullmatch(r"[a-z][\w./-]*", link), f"{page} loads {link}"
        loaded = await client.get(urljoin(page, link))
        assert loaded.status_code == 200
        assert len(loaded.content) > 100
    assert not re.findall(r"https?://(?!www\.w3\.org)[^\s\"'<>]*", answer.text)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_browsers_are_told_to_load_nothing_else(client: httpx.AsyncClient, page: str) -> None:
    policy = (await client.get(page)).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


async def test_the_picture_that_redoc_loads_is_served_from_here(client: httpx.AsyncClient) -> None:
    script = (await client.get("/docs/assets/redoc.standalone.js")).text
    assert "cdn.redoc.ly" not in script
    assert 'src:"docs/assets/favicon.png"' in script


async def test_stylesheets_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    style = (await client.get("/docs/assets/swagger-ui.css")).text
    for url in re.findall(r"url\(([^)]*)\)", style):
        assert url.strip("\"'").startswith("data:")


@pytest.mark.parametrize("name", ["nothing.js", "..%2F..%2Fcore.py", "%2Fetc%2Fpasswd", "swagger-ui.css%00"])
async def test_only_the_pages_own_assets_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/assets/{name}")).status_code in (400, 404)
