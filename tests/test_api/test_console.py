"""The console page in a real browser: code with streamed output, objects, events, the preview, by keyboard alone."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.gateway import Gateway, eventually

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


def browser_program() -> str:
    """Where the system's Chromium is."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "there is no Chromium: apt-get install -y --no-install-recommends chromium"
    return program


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_program(), args=OPTIONS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must not complain."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []


SHORTEN = r"""
const real = window.fetch;
window.fetch = async (...asked) => {
    const answer = await real(...asked);
    if (!answer.url.endsWith("/openapi.json")) return answer;
    const read = await answer.json();
    read.paths = Object.fromEntries(Object.entries(read.paths).slice(0, 5));
    const schemas = {}, left = [read.paths];
    while (left.length) {
        for (const [, name] of JSON.stringify(left.pop()).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
            if (name in schemas) continue;
            schemas[name] = read.components.schemas[name];
            left.push(schemas[name]);
        }
    }
    read.components.schemas = schemas;
    const short = new Response(JSON.stringify(read), {status: answer.status, headers: answer.headers});
    Object.defineProperty(short, "url", {value: answer.url});
    return short;
};
"""


def draw_few_routes(page: Page) -> None:
    """Let the pages of the documentation see the first routes only, with their schemas, of all that the gateway serves.

    All of them are drawn in a test of pages with keys; that takes a browser a quarter of a minute.
    """
    page.add_init_script(SHORTEN)


def test_running_jobs_are_shown_with_their_progress_and_can_be_cancelled(
    page: Page, gateway: Gateway, blender: httpx.Client
) -> None:
    blender.post("/primitives/cube", json={})
    page.goto(f"{gateway.url}/console/blender")
    expect(page.locator("#state")).to_contain_text("connected")
    expect(page.locator("#jobs-box")).to_be_hidden()
    body = {"resolution": [64, 64], "samples": 1, "engine": "workbench", "frame_start": 1, "frame_end": 5000}
    path = blender.post("/render/animation", json=body).headers["location"]
    entry = page.locator("#jobs li")
    expect(entry).to_contain_text("/5000", timeout=20_000)
    expect(entry).to_contain_text(re.compile(r" [1-9]\d*/5000"), timeout=20_000)
    entry.get_by_role("button", name="Cancel").click()
    expect(page.locator("#jobs-box")).to_be_hidden()
    assert blender.get(gateway.url + path).json()["result"]["state"] == "cancelled"


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_code_runs_by_keyboard_and_its_output_value_and_changes_are_shown(
    page: Page, gateway: Gateway, request: pytest.FixtureRequest, adapter: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    page.goto(f"{gateway.url}/console/{adapter}")
    expect(page.locator("#adapter")).to_have_text(re.compile(adapter, re.IGNORECASE))
    expect(page.locator("#state")).to_have_text("connected")
    page.locator("#code").fill("print('seen in the console')\n6 * 7")
    page.locator("#code").press("Control+Enter")
    expect(page.locator("#output")).to_contain_text("seen in the console")
    expect(page.locator("#output")).to_contain_text("42")

    page.locator("#code").fill("undefined_name")
    page.locator("#code").press("Control+Enter")
    expect(page.locator("#output")).to_contain_text("NameError")

    creation = "/primitives/cube" if adapter == "blender" else "/primitives/box"
    assert client.post(creation, json={"name": "Watched"}).status_code == 201
    expect(page.locator("#objects")).to_contain_text("Watched")
    expect(page.locator("#events")).to_contain_text("Watched")


def test_running_code_is_interrupted_by_keyboard(page: Page, gateway: Gateway, blender: httpx.Client) -> None:
    page.goto(f"{gateway.url}/console/blender")
    expect(page.locator("#state")).to_have_text("connected")
    page.locator("#code").fill("import time\nprint('begun')\ntime.sleep(600)")
    page.locator("#code").press("Control+Enter")
    expect(page.locator("#output")).to_contain_text("begun")
    page.keyboard.press("Control+.")
    expect(page.locator("#output")).to_contain_text(re.compile("interrupt", re.IGNORECASE))
    assert blender.get("/objects").status_code == 200


def test_the_preview_shows_the_scene(page: Page, gateway: Gateway, blender: httpx.Client, tmp_path: Path) -> None:
    assert blender.post("/primitives/cube", json={}).status_code == 201
    page.goto(f"{gateway.url}/console/blender")
    expect(page.locator("#preview-box")).to_be_visible()
    page.locator("#refresh").click()
    drawn = "() => { const i = document.querySelector('#preview'); return i.complete && i.naturalWidth > 0; }"
    page.wait_for_function(drawn, timeout=30_000)
    page.screenshot(path=tmp_path / "console.png")
    assert (tmp_path / "console.png").stat().st_size > 10_000


def test_a_console_does_not_show_its_own_previews_as_events(
    page: Page, gateway: Gateway, blender: httpx.Client
) -> None:
    page.goto(f"{gateway.url}/console/blender")
    expect(page.locator("#state")).to_have_text("connected")
    assert blender.post("/primitives/cube", json={"name": "Drawn"}).status_code == 201
    expect(page.locator("#preview")).to_be_visible(timeout=30_000)
    expect(page.locator("#preview-note")).to_be_hidden()
    shown = page.locator("#events li span:last-child")
    expect(shown.first).to_be_visible()
    assert "render" not in shown.all_inner_texts()
    rendered = blender.post("/render", json={"resolution": [16, 16], "engine": "workbench"})
    assert rendered.status_code == 200
    expect(page.locator("#events")).to_contain_text("done 100 %")
    expect(page.locator("#files")).to_contain_text(rendered.json()["result"]["artifact"]["name"])


def test_there_is_no_broken_picture(page: Page, gateway: Gateway, freecad: httpx.Client) -> None:
    page.goto(f"{gateway.url}/console/freecad")
    expect(page.locator("#state")).to_have_text("connected")
    expect(page.locator("#preview")).to_be_hidden()
    expect(page.locator("#preview-note")).to_contain_text("nothing to see yet")
    expect(page.locator("#logout")).to_be_hidden()


def test_the_picture_of_a_part_follows_it(page: Page, gateway: Gateway, freecad: httpx.Client, tmp_path: Path) -> None:
    page.goto(f"{gateway.url}/console/freecad")
    assert freecad.post("/primitives/box", json={"length": 40, "width": 30, "height": 10}).status_code == 201
    expect(page.locator("#preview")).to_be_visible(timeout=30_000)
    page.screenshot(path=tmp_path / "console.png")
    assert freecad.delete("/objects/Box").is_success
    expect(page.locator("#preview")).to_be_hidden(timeout=30_000)


def test_undo_and_redo_by_button(page: Page, gateway: Gateway, freecad: httpx.Client) -> None:
    page.goto(f"{gateway.url}/console/freecad")
    expect(page.locator("#state")).to_have_text("connected")
    assert freecad.post("/primitives/box", json={"name": "Undone"}).status_code == 201
    expect(page.locator("#objects")).to_contain_text("Undone")
    page.locator("#undo").click()
    expect(page.locator("#count")).to_have_text("(0)")
    page.locator("#redo").click()
    expect(page.locator("#objects")).to_contain_text("Undone")


def test_after_a_crash_the_state_is_that_of_the_application(
    browser: Browser, gateway: Gateway, freecad: httpx.Client
) -> None:
    page = browser.new_page()  # whose requests may fail meanwhile
    page.goto(f"{gateway.url}/console/freecad")
    expect(page.locator("#state")).to_have_text("connected")
    os.kill(gateway.application_pid("freecad"), signal.SIGKILL)
    expect(page.locator("#events")).to_contain_text("restarted", timeout=60_000)
    expect(page.locator("#state")).to_have_text("connected")
    page.on("dialog", lambda dialog: dialog.accept())
    events = page.locator("#events li", has_text="restarted")
    before = events.count()
    page.locator("#restart").click()
    expect(events).to_have_count(before + 1, timeout=60_000)
    expect(page.locator("#state")).to_have_text("connected")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_in_light_and_dark(
    browser: Browser, gateway: Gateway, blender: httpx.Client, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    assert blender.post("/primitives/cube", json={}).status_code == 201
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})
    opened = context.new_page()
    for name, path in (("home", "/"), ("console", "/console/blender")):
        opened.goto(gateway.url + path)
        if name == "console":
            expect(opened.locator("#preview")).to_be_visible(timeout=30_000)
        wide = opened.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, name
        opened.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        back = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        assert back == {"light": "rgb(247, 247, 245)", "dark": "rgb(22, 24, 28)"}[scheme]
    context.close()


def shown(page: Page) -> bytes:
    """A picture of the page. The browser makes none while a script keeps it from drawing."""
    taken: list[bytes] = []

    def take() -> bool:
        with contextlib.suppress(Error):
            taken.append(page.screenshot())
        return bool(taken)

    eventually(take, seconds=120, what="a picture of the page")
    return taken[0]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_documentation_is_dark_where_the_system_is(browser: Browser, gateway: Gateway, path: str) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 800, "height": 600})
    opened = context.new_page()
    draw_few_routes(opened)
    opened.goto(gateway.url + path, wait_until="commit")
    expect(opened.get_by_text("One gateway to 3D and CAD applications.").first).to_be_visible(timeout=30_000)
    picture = Image.open(io.BytesIO(shown(opened))).convert("L")
    counts = picture.histogram()
    assert counts.index(max(counts)) < 60
    context.close()
