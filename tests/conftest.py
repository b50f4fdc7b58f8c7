"""Fixtures for every test: one real gateway with both real applications, shared by all that do not break it."""

from __future__ import annotations

import fcntl
import gc
import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests import long_form as long_forms
from tests import schedule
from tests.gateway import COLD_WORKERS, NO_SPARES, Gateway
from tests.wheels import PACKAGES, ROOT, build, whole

if TYPE_CHECKING:
    from fastapi import FastAPI

ROOMS = tuple(ROOT / "tests" / room for room in ("attack", "faults", "jobs", "test_api", "truth"))
"""Whatever stands there is about real applications."""
STARTING = {
    *("cadgate_gateway", "clean_python", "gateway", "http", "shell", "wheels"),
    *("own_blender", "own_freecad", "own_gateway"),
    *("blend", "results", "said", "told"),  # scripts in a Blender or FreeCAD of their own
}
"""The fixtures that start a real application, or set up what starts one."""


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.register(schedule)
    pluginmanager.register(long_forms)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage in what is collected, which stays to the end: that takes a tenth of the time of many."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an application: `pytest -m "not real"` is the quick run. Before pytest looks at its `-m`."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if not STARTING.isdisjoint(fixtures) or any(item.path.is_relative_to(room) for room in ROOMS):
            item.add_marker(pytest.mark.real)


@contextmanager
def once_in_a_run(factory: pytest.TempPathFactory, name: str) -> Generator[Path]:
    """A folder that all workers of a run share, for one of them at a time: the first makes what is to be in it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def shipped_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A gateway with the adapters that ship with it; none is started."""
    from cadgate.config.settings import Settings
    from cadgate.main import create_app

    return create_app(Settings(state_dir=tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The OpenAPI document of the same, which takes seconds to make: do not change it."""
    with once_in_a_run(tmp_path_factory, "shipped") as folder:
        path = folder / "openapi.json"
        if not path.exists():
            path.write_text(json.dumps(request.getfixturevalue("shipped_app").openapi()))
    return json.loads(path.read_text())


@pytest.fixture(scope="session")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, bytes]]:
    running = Gateway(tmp_path_factory.mktemp("gateway")).start()
    with running.client() as client:
        saved = client.post("/api/v1/blender/scene/save", json={})
        assert saved.status_code == 200, saved.text
        artifact = saved.json()["result"]["artifact"]
        scene = client.get(artifact["url"]).content
        assert client.delete(f"/api/v1/artifacts/{artifact['id']}").is_success
    yield running, scene
    assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.fixture(scope="session")
def gateway(_started: tuple[Gateway, bytes]) -> Gateway:
    """A gateway with Blender and FreeCAD up. A missing application fails every test that uses it."""
    return _started[0]


@pytest.fixture(scope="session")
def new_scene(_started: tuple[Gateway, bytes]) -> bytes:
    """The scene that a new session of Blender has, as a .blend file."""
    return _started[1]


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway for one test, which may kill it and what belongs to it. Not started yet, and without warm workers."""
    running = Gateway(tmp_path / "state", environment=COLD_WORKERS)
    yield running
    if running.running:
        running.stop()


@pytest.fixture
def own_blender(tmp_path: Path) -> Iterator[Gateway]:
    """The same with Blender alone, and none that stands by to take over from it."""
    yield from _alone(tmp_path, "freecad")


@pytest.fixture
def own_freecad(tmp_path: Path) -> Iterator[Gateway]:
    """The same with FreeCAD alone, and none that stands by to take over from it."""
    yield from _alone(tmp_path, "blender")


def _alone(folder: Path, other: str) -> Iterator[Gateway]:
    running = Gateway(
        folder / "state", environment={**COLD_WORKERS, **NO_SPARES}, plugins=f"[adapters.{other}]\nenabled = false\n"
    )
    yield running
    if running.running:
        running.stop()


@pytest.fixture(scope="session")
def http(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client at the root of the shared gateway."""
    with gateway.client() as client:
        yield client


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels of the three packages, as they are now, and beside them an environment that has them installed."""
    with once_in_a_run(tmp_path_factory, "dist") as folder:
        if not (folder / "venv").exists():
            whole(folder / "venv", build(folder, *(ROOT / package for package in PACKAGES)))
        return sorted(folder.glob("*.whl"))
