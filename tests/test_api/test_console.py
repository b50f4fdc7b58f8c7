"""The console page in a real browser: code with streamed output, objects, events, the preview, by keyboard alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.gateway import Gateway

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "there is no Chromium: apt-get install -y --no-install-recommends chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=OPTIONS)
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
