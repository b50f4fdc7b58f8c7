"""Fixtures of the API tests: each application as a test finds it, empty. The gateway itself is in tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.heavy_bodies import Watcher, watching


def is_another(told: dict[str, Any], pid: int) -> bool:
    """Whether an application is up in another process."""
    return told.get("status") == "up" and told["pid"] != pid


def without_code(gateway: Gateway, adapter: str) -> None:
    """End what another test's code left behind, which acts on later calls and makes each of them a snapshot."""
    told = gateway.health(adapter).get("result", {})
    if told.get("keeps") == "snapshots":
        with gateway.client(f"/api/v1/{adapter}") as client:
            assert client.post("/restart").status_code == 202
        eventually(
            lambda: is_another(gateway.health(adapter).get("result", {}), told["pid"]), what=f"another {adapter}"
        )


@pytest.fixture(scope="module")
def scene_as_new(gateway: Gateway, new_scene: bytes) -> None:
    """Give a module the scene of a new session: a cleared scene keeps its world, its frames and its settings."""
    without_code(gateway, "blender")
    with gateway.client("/api/v1/blender") as client:
        opened = client.post("/scene/open", files={"file": ("new.blend", new_scene)})
        assert opened.status_code == 200, opened.text
    with gateway.client("/api/v1") as client:
        for artifact in client.get("/artifacts").json()["result"]["artifacts"]:
            if artifact["name"] == "new.blend":
                client.delete(f"/artifacts/{artifact['id']}")


@pytest.fixture
def blender(gateway: Gateway, scene_as_new: None) -> Iterator[httpx.Client]:
    """A client at Blender's routes, with an empty scene."""
    without_code(gateway, "blender")
    with gateway.client("/api/v1/blender") as client:
        assert client.delete("/scene").status_code == 200
        yield client


@pytest.fixture
def two(blender: httpx.Client) -> httpx.Client:
    """Blender with two objects: a red cube of 2 at (1, 2, 3), and a blue ball of radius 0.5 at the origin."""
    for path, body in (
        ("/materials", {"name": "Red", "color": [1, 0, 0]}),
        ("/materials", {"name": "Blue", "color": [0, 0, 1]}),
        ("/primitives/cube", {"name": "Box", "location": [1, 2, 3], "material": "Red"}),
        ("/primitives/sphere", {"name": "Ball", "radius": 0.5, "material": "Blue"}),
    ):
        assert blender.post(path, json=body).status_code == 201
    return blender


@pytest.fixture
def freecad(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client at FreeCAD's routes, with one new, active document and no other."""
    without_code(gateway, "freecad")
    with gateway.client("/api/v1/freecad") as client:
        for document in client.get("/documents").json()["result"]["documents"]:
            assert client.delete(f"/documents/{document['name']}").status_code == 200
        assert client.post("/documents", json={"name": "Test"}).status_code == 201
        yield client


@pytest.fixture(scope="module")
def watcher(gateway: Gateway) -> Iterator[Watcher]:
    """A second client of the gateway, which notices when it has to wait."""
    with watching(gateway.port, gateway.pid) as watching_now:
        yield watching_now
