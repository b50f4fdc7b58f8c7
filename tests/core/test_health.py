"""Health, readiness, versions and plugins: what the gateway says of its adapters, and that it never waits for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import anyio
import httpx
import pytest

import cadgate
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.errors import ApplicationStarting, ConnectionFailed
from cadgate.main import create_app
from cadgate.sessions.status import Status
from tests.core.fake_packages import Site
from tests.core.served import error_of, in_process, quiet_settings

pytestmark = pytest.mark.anyio

UP = Status("up", "managed", application="Fake 1.2", pid=4242, queue_depth=3)
BROKEN = "raise RuntimeError('no such library')"


class FakeRuntime(AdapterRuntime):
    """A runtime whose application is a few values; `during` is what happens while it is entered."""

    current: Status = UP
    answer: ClassVar[Any] = staticmethod(lambda: {"status": "up"})
    entered = 0
    left = 0
    on_enter: ClassVar[Any] = staticmethod(lambda: None)

    async def __aenter__(self) -> AdapterRuntime:
        type(self).entered += 1
        type(self).on_enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        type(self).left += 1

    def status(self) -> Status:
        return type(self).current

    async def health(self) -> dict[str, Any]:
        answer = type(self).answer()
        return await answer if hasattr(answer, "__await__") else answer


@pytest.fixture
def fake(site: Site, monkeypatch: pytest.MonkeyPatch) -> type[FakeRuntime]:
    """A class of runtimes for this test; the adapters `fake` (active) and `broken` are installed."""
    site.add("fake")
    site.add("broken", BROKEN)

    class Runtime(FakeRuntime):
        pass

    monkeypatch.setattr("cadgate.routers.mount.AdapterRuntime", Runtime)
    return Runtime


@asynccontextmanager
async def gateway(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(create_app(quiet_settings(tmp_path / "state"))) as client:
        yield client


async def test_health_says_what_is_known_of_every_adapter(fake: type[FakeRuntime], tmp_path: Path) -> None:
    async with gateway(tmp_path) as client:
        answer = await client.get("/health")
    result = answer.json()["result"]
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert result["version"] == cadgate.__version__
    assert result["uptime_seconds"] >= 0
    assert result["status"] == "degraded"
    assert {name: state["status"] for name, state in result["adapters"].items()} == {
        "blender": "disabled",
        "broken": "failed",
        "fake": "up",
        "freecad": "disabled",
    }
    assert result["adapters"]["fake"]["application"] == "Fake 1.2"
    assert result["adapters"]["fake"]["queue_depth"] == 3
    assert "no such library" in result["adapters"]["broken"]["reason"]


@pytest.mark.parametrize(
    ("state", "overall"),
    [
        ("up", "healthy"),
        ("busy", "healthy"),
        ("starting", "degraded"),
        ("down", "degraded"),
        ("unavailable", "degraded"),
    ],
)
async def test_the_gateway_is_healthy_when_its_adapters_can_work(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: Any, overall: str
) -> None:
    class Runtime(FakeRuntime):
        current = Status(state, "managed", reason="because")

    monkeypatch.setattr("cadgate.routers.mount.AdapterRuntime", Runtime)
    site.add("fake")
    async with gateway(tmp_path) as client:
        assert (await client.get("/health")).json()["result"]["status"] == overall
        ready = await client.get("/ready")
    if overall == "healthy":
        assert (ready.status_code, ready.json()) == (200, {"status": "success", "result": {"ready": True}})
    else:
        error = error_of(ready.content)
        assert (ready.status_code, error["code"]) == (503, "application_unavailable")
        assert error["message"].endswith(f"fake is {state}")
        assert error["details"]["adapters"]["fake"]["reason"] == "because"
        assert ready.headers["retry-after"] == "1"


async def test_health_never_waits_for_an_application(fake: type[FakeRuntime], tmp_path: Path) -> None:
    fake.answer = staticmethod(lambda: anyio.sleep_forever())
    async with gateway(tmp_path) as client, anyio.create_task_group() as group:
        group.start_soon(client.get, "/health/fake")
        with anyio.fail_after(5):
            for path in ("/health", "/version", "/plugins", "/ready", "/metrics"):
                await client.get(path)
        group.cancel_scope.cancel()


async def test_the_answer_of_one_application_is_passed_on(fake: type[FakeRuntime], tmp_path: Path) -> None:
    told = {"status": "up", "application": "Fake 1.2", "pid": 1, "latency_ms": 0.4, "queue_depth": 0, "mode": "managed"}
    busy = {"status": "busy", "pid": 1, "queue_depth": 2, "mode": "managed", "busy_ms": 1500.0, "method": "a.b"}
    async with gateway(tmp_path) as client:
        for one in (told, busy):
            fake.answer = staticmethod(lambda one=one: one)
            answer = await client.get("/health/fake")
            assert (answer.status_code, answer.json()) == (200, {"status": "success", "result": one})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApplicationStarting("fake is starting", details={"state": "starting"}), "application_starting"),
        (ConnectionFailed("fake is down: it ended", details={"state": "down"}), "application_unavailable"),
    ],
)
async def test_an_application_that_is_not_there_is_503_and_says_why(
    fake: type[FakeRuntime], tmp_path: Path, error: ConnectionFailed, code: str
) -> None:
    def fail() -> None:
        raise error

    fake.answer = staticmethod(fail)
    async with gateway(tmp_path) as client:
        answer = await client.get("/health/fake")
    told = error_of(answer.content)
    assert (answer.status_code, told["code"], told["message"]) == (503, code, error.message)
    assert told["retryable"] is True
    assert int(answer.headers["retry-after"]) >= 1


async def test_adapters_that_are_not_active_say_why(fake: type[FakeRuntime], tmp_path: Path) -> None:
    async with gateway(tmp_path) as client:
        for path in ("/health/{}", "/api/v1/{}/objects", "/api/v1/{}"):
            failed = await client.get(path.format("broken"))
            assert (failed.status_code, error_of(failed.content)["code"]) == (503, "application_unavailable")
            assert "no such library" in error_of(failed.content)["message"]
            assert "fake-broken 1.2" in error_of(failed.content)["message"]
            disabled = await client.get(path.format("blender"))
            assert disabled.status_code == 503
            assert "disabled" in error_of(disabled.content)["message"]
        unknown = await client.get("/health/nobody")
        assert (unknown.status_code, error_of(unknown.content)["code"]) == (404, "not_found")
        assert "fake" in error_of(unknown.content)["message"]


async def test_version_names_gateway_python_packages_and_applications(fake: type[FakeRuntime], tmp_path: Path) -> None:
    async with gateway(tmp_path) as client:
        result = (await client.get("/version")).json()["result"]
    assert result["gateway"] == cadgate.__version__
    assert result["api"] == "v1"
    assert result["python"].startswith("3.")
    assert result["adapters"] == {"fake": {"package": "fake-fake", "version": "1.2", "application": "Fake 1.2"}}


async def test_plugins_lists_every_entry_point(fake: type[FakeRuntime], tmp_path: Path) -> None:
    async with gateway(tmp_path) as client:
        listed = (await client.get("/plugins")).json()["result"]["plugins"]
    by_name = {one["name"]: one for one in listed}
    assert list(by_name) == ["blender", "broken", "fake", "freecad"]
    active, failed, disabled = by_name["fake"], by_name["broken"], by_name["blender"]
    assert (active["status"], active["error"], active["websocket"]) == ("active", None, "/ws/fake")
    assert (active["package"], active["version"]) == ("fake-fake", "1.2")
    assert {"method": "GET", "path": "/api/v1/fake/methods"} in active["routes"]
    assert (failed["status"], failed["routes"], failed["websocket"]) == ("failed", [], None)
    assert "no such library" in failed["error"]
    assert (disabled["status"], disabled["error"]) == ("disabled", None)


async def test_metrics_tell_the_state_of_each_application(fake: type[FakeRuntime], tmp_path: Path) -> None:
    fake.current = Status("busy", "managed", queue_depth=7, restarts=2)
    async with gateway(tmp_path) as client:
        text = (await client.get("/metrics")).text
    assert 'cadgate_application_state{adapter="fake",state="busy"} 1.0' in text
    assert 'cadgate_application_state{adapter="fake",state="up"} 0.0' in text
    assert 'cadgate_calls_in_flight{adapter="fake"} 7.0' in text
    assert 'cadgate_application_restarts{adapter="fake"} 2.0' in text


async def test_many_gateways_count_for_themselves(tmp_path: Path) -> None:
    for name in ("one", "two"):
        async with gateway(tmp_path / name) as client:
            await client.get("/health")
            text = (await client.get("/metrics")).text
            assert 'cadgate_http_requests_total{method="GET",route="/health",status="200"} 1.0' in text


# --- life ------------------------------------------------------------------------------------------------------------


async def test_runtimes_live_as_long_as_the_gateway(fake: type[FakeRuntime], tmp_path: Path) -> None:
    async with gateway(tmp_path) as client:
        assert (await client.get("/health")).status_code == 200
        assert (fake.entered, fake.left) == (1, 0)
    assert (fake.entered, fake.left) == (1, 1)


async def test_a_runtime_that_fails_to_start_fails_alone(fake: type[FakeRuntime], site: Site, tmp_path: Path) -> None:
    site.add("other")

    def fail_first() -> None:
        if fake.entered == 1:
            raise OSError("no room")

    fake.on_enter = staticmethod(fail_first)
    async with gateway(tmp_path) as client:
        result = (await client.get("/health")).json()["result"]["adapters"]
        states = sorted(result[name]["status"] for name in ("fake", "other"))
        assert states == ["failed", "up"]
        failed = next(name for name in ("fake", "other") if result[name]["status"] == "failed")
        assert "no room" in result[failed]["reason"]
        answer = await client.get(f"/health/{failed}")
        assert answer.status_code == 503
        assert "no room" in error_of(answer.content)["message"]


async def test_a_runtime_that_cannot_be_made_fails_alone(
    fake: type[FakeRuntime], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(self: Any, *_: Any) -> None:
        raise ValueError("odd settings")

    monkeypatch.setattr(fake, "__init__", refuse)
    async with gateway(tmp_path) as client:
        adapters = (await client.get("/health")).json()["result"]["adapters"]
    assert adapters["fake"]["status"] == "failed"
    assert "odd settings" in adapters["fake"]["reason"]
    assert "fake-fake 1.2" in adapters["fake"]["reason"]


async def test_the_gateway_outlives_an_application_that_cannot_be_started(site: Site, tmp_path: Path) -> None:
    """With the real runtime: this adapter's launcher has no plan at all."""
    site.add("fake")
    async with gateway(tmp_path) as client:
        with anyio.fail_after(10):
            while (await client.get("/health")).json()["result"]["adapters"]["fake"]["status"] == "starting":
                await anyio.lowlevel.checkpoint()
        answer = await client.get("/health/fake")
    assert (answer.status_code, error_of(answer.content)["code"]) == (503, "application_unavailable")
    assert "NotImplementedError" in error_of(answer.content)["message"]
