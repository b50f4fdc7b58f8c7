"""The pages in a real browser, with a key, below a path of nginx with TLS; and what other pages can do then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.caddy import caddy
from tests.gateway import NO_SPARES, Gateway, eventually
from tests.nginx import NAME, nginx
from tests.test_api.keyed import Holder, new_key, revoke
from tests.test_api.test_console import OPTIONS, browser_program, draw_few_routes

pytestmark = [pytest.mark.security]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for which cad.example is this machine."""
    options = [*OPTIONS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_program(), args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with FreeCAD that wants keys, and knows its name and its proxy."""
    environment = {
        "CADGATE_AUTH": "token",
        "CADGATE_ALLOWED_HOSTS": NAME,
        "CADGATE_TRUSTED_PROXIES": "127.0.0.1",
        **NO_SPARES,
    }
    started = Gateway(
        tmp_path_factory.mktemp("keyed"), environment=environment, plugins="[adapters.blender]\nenabled = false\n"
    ).start(ready=False)
    with new_key(started).client() as client:
        eventually(lambda: client.get("/ready").status_code == 200, seconds=90, what="FreeCAD")
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def proxied(keyed: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where nginx serves it, as the document says: the path is passed on."""
    with nginx(tmp_path_factory.mktemp("nginx"), keyed) as port:
        yield f"https://{NAME}:{port}/cad/"


@pytest.fixture
def holder(keyed: Gateway) -> Holder:
    return new_key(keyed)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that remembers nothing."""
    opened = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800})
    yield opened
    opened.close()


def log_in(page: Page, url: str, holder: Holder) -> None:
    page.goto(url)
    page.get_by_label("Key").fill(holder.text)
    page.keyboard.press("Enter")


def wait_for_redoc(page: Page) -> None:
    """Wait until ReDoc has drawn all routes.

    An expectation would describe the page of 100,000 elements for each look that fails, which takes half a minute.
    """
    page.locator("h1", has_text="cadgate").first.wait_for(timeout=60_000)


PROXIES: dict[str, Callable[[Path, Gateway], AbstractContextManager[int]]] = {
    "nginx": nginx,
    "nginx-that-takes-the-path-off": partial(nginx, takes_off=True),
    "caddy": caddy,
}


def test_all_pages_work_without_a_proxy_with_a_key(keyed: Gateway, holder: Holder, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, f"{keyed.url}/", holder)
    expect(page.locator(".card", has_text="FreeCAD")).to_contain_text("up")
    page.get_by_role("link", name="console").first.click()
    expect(page.locator("#state")).to_have_text("connected")
    page.goto(f"{keyed.url}/docs")
    expect(page.locator(".opblock-tag-section").first).to_be_visible(timeout=30_000)
    page.goto(f"{keyed.url}/redoc")
    wait_for_redoc(page)
    page.goto(f"{keyed.url}/")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{keyed.url}/login")
    assert context.cookies() == []


@pytest.mark.parametrize("proxy", PROXIES)
def test_all_pages_work_below_a_path_with_a_key(
    keyed: Gateway, holder: Holder, context: BrowserContext, tmp_path: Path, proxy: str
) -> None:
    page = context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def note_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a download, or an icon of a page that was left
            complaints.append(f"{request.url}: {request.failure}")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", note_failure)
    with PROXIES[proxy](tmp_path, keyed) as port:
        base = f"https://{NAME}:{port}/cad"
        log_in(page, f"{base}/console/freecad", holder)
        expect(page).to_have_url(f"{base}/console/freecad")
        expect(page.locator("#state")).to_have_text("connected")
        page.locator("#code").fill(
            "App.ActiveDocument.addObject('Part::Box', 'Proxied')\nApp.ActiveDocument.recompute()\n6 * 7"
        )
        page.locator("#code").press("Control+Enter")
        expect(page.locator("#output")).to_contain_text("42")
        expect(page.locator("#objects")).to_contain_text("Proxied")
        page.locator("#export").click()
        link = page.locator("#output a")
        expect(link).to_be_visible()
        with page.expect_download() as download:
            link.click()
        assert "ISO-10303-21" in Path(download.value.path()).read_text(errors="replace")[:100]

        draw_few_routes(page)
        page.goto(f"{base}/docs")
        expect(page.locator(".opblock-tag-section").first).to_be_visible(timeout=30_000)
        page.goto(f"{base}/redoc")
        wait_for_redoc(page)
        page.goto(f"{base}/")
        expect(page.locator(".card", has_text="FreeCAD")).to_contain_text("up")
        page.get_by_role("link", name="console").first.click()
        expect(page.locator("#state")).to_have_text("connected")
        page.goto(base)  # without the slash at its end
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{base}/login")
        page.goto(f"{base}/docs")
        expect(page).to_have_url(re.compile(r"/cad/login\?next=/cad/docs$"))
        assert complaints == []
        assert context.cookies() == []
        headers = {"Host": f"{NAME}:{port}", **holder.headers}
        with httpx.Client(base_url=f"https://127.0.0.1:{port}/cad/", verify=False, headers=headers) as client:
            name = {"sni_hostname": NAME}
            assert client.get("/openapi.json", extensions=name).json()["servers"][0]["url"] == "/cad"
            files = {"file": ("a.stl", b"solid")}
            stored = client.post("/api/v1/artifacts", files=files, extensions=name).json()["result"]
            assert client.get(f"https://127.0.0.1:{port}{stored['url']}", extensions=name).content == b"solid"
    assert holder.text not in keyed.log.read_text()
    told = [path.read_text() for path in (tmp_path / "access.log", tmp_path / "output") if path.exists()]
    assert told
    assert not any(holder.text in text for text in told)


ATTACK = Path(__file__).with_name("foreign_page.js").read_text().partition("\n")[2].rstrip().removesuffix(";")
BLIND = {"blind", "logout", "form", "text"}
"""What a page may send, and never learns the answer of."""


@pytest.mark.parametrize("where", [f"https://{NAME}:9443/", "https://evil.example/"], ids=["same-site", "cross-site"])
def test_another_page_can_do_nothing_with_the_cookie(
    proxied: str, holder: Holder, context: BrowserContext, where: str
) -> None:
    with holder.client("/api/v1/freecad") as client:
        client.post("/primitives/box", json={"name": "Kept", "on_conflict": "replace"})
        page = context.new_page()
        log_in(page, f"{proxied}console/freecad", holder)
        expect(page.locator("#state")).to_have_text("connected")
        before = client.get("/objects").json()["result"]
        foreign = context.new_page()
        foreign.route(
            f"{where}**", lambda route: route.fulfill(body="<title>foreign</title>", content_type="text/html")
        )
        foreign.goto(where)
        done = foreign.evaluate(ATTACK, proxied)
        assert {name for name, how in done.items() if how == "sent"} <= BLIND, done
        assert {how for name, how in done.items() if name not in BLIND} == {"refused"}, done
        # A form as the whole page: the answer is a refusal.
        foreign.goto(where)
        form = f"<form method=post action='{proxied}logout'></form>"
        foreign.evaluate("(form) => { document.body.innerHTML = form; document.forms[0].submit(); }", form)
        expect(foreign.locator("body")).to_contain_text("forbidden_origin")
        assert client.get("/objects").json()["result"] == before
        page.reload()
        expect(page.locator("#state")).to_have_text("connected")


def test_a_revoked_key_ends_the_page_within_a_second(proxied: str, holder: Holder, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, f"{proxied}console/freecad", holder)
    expect(page.locator("#state")).to_have_text("connected")
    closed: list[float] = []
    page.on("framenavigated", lambda frame: closed.append(time.monotonic()))
    revoked = revoke(holder)
    expect(page).to_have_url(re.compile(r"/cad/login\?next="))
    assert closed[0] - revoked < 1.5
    page.get_by_label("Key").fill(holder.text)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown, or was revoked")
    assert holder.text not in page.content()
    assert holder.text not in page.url


def test_names_with_a_slash_are_found_where_the_path_is_passed_on(proxied: str, holder: Holder) -> None:
    with httpx.Client(verify=False, headers={"Host": httpx.URL(proxied).netloc.decode(), **holder.headers}) as client:
        url = proxied.replace(NAME, "127.0.0.1")
        answer = client.get(f"{url}api/v1/freecad/objects/a%2Fb")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "object_not_found")
