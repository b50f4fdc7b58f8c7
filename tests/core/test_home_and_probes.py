"""`/` for people and programs, and probes without a key."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import pytest

from cadgate.main import create_app
from cadgate.security.keys import KeyFile
from tests.core.served import error_of, in_process, probed_app, quiet_settings
from tests.core.test_docs_pages import Links

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html"}


async def test_the_first_page_says_what_runs_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    settings = quiet_settings(tmp_path)
    external = {"mode": "external", "port": 1, "token": "none"}
    settings = settings.model_copy(update={"adapters": {**settings.adapters, "blender": external}})
    async with in_process(create_app(settings)) as client:
        page = await client.get("/", headers=HTML)
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["vary"] == "Accept"
        assert page.headers["content-security-policy"].startswith("default-src 'none';")
        for text in ("Blender", "disabled", "/api/v1/blender/methods"):
            assert text in page.text
        assert "<script" not in page.text
        assert "Log out" not in page.text
        links = Links()
        links.feed(page.text)
        assert {"docs", "redoc", "openapi.json", "health", "console/blender"} <= links.found
        for link in links.found:
            answer = await client.get(urljoin("/", link))
            assert answer.status_code in ((200, 503) if link in ("ready", "health/blender") else (200,)), link

        told = await client.get("/", headers={"Accept": "application/json"})
        result = told.json()["result"]
        assert result["adapters"]["freecad"]["status"] == "disabled"
        assert result["adapters"]["blender"]["links"]["console"] == "/console/blender"
        assert (await client.get(result["links"]["docs"])).status_code == 200
        assert (await client.get("/")).json()["result"]["name"] == "cadgate"
        assert (await client.post("/")).status_code == 405


async def test_what_adapters_say_is_text_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(quiet_settings(tmp_path))
    for found in app.state.plugins:
        object.__setattr__(found, "error", "<script>alert(1)</script>")
    async with in_process(app) as client:
        page = (await client.get("/", headers=HTML)).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


async def test_console_leads_to_the_first_application(tmp_path: Path) -> None:
    async with in_process(create_app(quiet_settings(tmp_path))) as client:
        assert (await client.get("/console")).status_code == 404


# --- probes ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path)


async def test_open_probes_answer_without_a_key_by_their_status_only(tmp_path: Path, keys: KeyFile) -> None:
    app = probed_app(quiet_settings(tmp_path, auth="token", open_probes=True))
    key = {"Authorization": f"Bearer {keys.create('monitor')[0]}"}
    async with in_process(app) as client:
        health = await client.get("/health")
        assert health.json() == {"status": "success", "result": {"status": "healthy"}}
        assert "adapters" in (await client.get("/health", headers=key)).json()["result"]
        ready = await client.get("/ready")
        assert ready.json() == {"status": "success", "result": {"ready": True}}
        metrics = (await client.get("/metrics")).text
        assert "cadgate_up 1.0" in metrics
        assert "cadgate_ready 1.0" in metrics
        assert "cadgate_http_requests" not in metrics
        assert "cadgate_http_requests" in (await client.get("/metrics", headers=key)).text
        assert (await client.head("/health")).status_code == 200
        assert (await client.post("/health")).status_code == 401
        for path in ("/health/blender", "/version", "/plugins", "/docs", "/ws", "/healthy", "/"):
            assert (await client.get(path)).status_code == 401, path
        for path in ("/health", "/ready", "/metrics"):
            wrong = await client.get(path, headers={"Authorization": "Bearer cadgate_0_0"})
            assert wrong.status_code == 401, path


async def test_an_open_probe_that_fails_says_nothing_of_what(tmp_path: Path) -> None:
    settings = quiet_settings(tmp_path, auth="token", open_probes=True)
    external = {"mode": "external", "port": 1, "token": "none"}
    settings = settings.model_copy(update={"adapters": {**settings.adapters, "blender": external}})
    async with in_process(create_app(settings)) as client:
        assert (await client.get("/health")).json()["result"] == {"status": "degraded"}
        ready = await client.get("/ready")
        assert ready.status_code == 503
        error = error_of(ready.content)
        assert error["details"] == {}
        assert "blender" not in error["message"]
        assert "cadgate_ready 0.0" in (await client.get("/metrics")).text


async def test_probes_want_a_key_where_nothing_is_set(tmp_path: Path) -> None:
    async with in_process(probed_app(quiet_settings(tmp_path, auth="token"))) as client:
        for path in ("/health", "/ready", "/metrics"):
            assert (await client.get(path)).status_code == 401


async def test_probes_of_another_user_are_answered_where_they_are_open(tmp_path: Path) -> None:
    """By what a proxy says of itself, which `auth = "local"` refuses like another user."""
    other = {"X-Forwarded-For": "192.0.2.1"}
    async with in_process(probed_app(quiet_settings(tmp_path, open_probes=True))) as client:
        assert (await client.get("/health", headers=other)).json()["result"] == {"status": "healthy"}
        assert (await client.get("/version", headers=other)).status_code == 403
        page = await client.get("/docs", headers={**other, **HTML})
        assert page.status_code == 403
