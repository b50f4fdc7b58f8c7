"""Fixtures of the API tests: each application as a test finds it, empty. The gateway itself is in tests/conftest.py."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.heavy_bodies import Watcher, watching


class Asker:
    """Asks a gateway what fixtures ask before each test, by one connection: httpx takes several times as long."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def close(self) -> None:
        self._connection.close()

    def ask(self, verb: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """The `result` of an answer, which must have this status."""
        answer, told = self._answer(verb, path, body)
        assert answer == status, (verb, path, answer, told)
        return told["result"]

    def health(self, adapter: str) -> dict[str, Any]:
        """What there is to know of an application; nothing while it is not up."""
        return self._answer("GET", f"/health/{adapter}")[1].get("result", {})

    def _answer(self, verb: str, path: str, body: object = None) -> tuple[int, Any]:
        try:
            return self._exchange(verb, path, body)
        except ConnectionError:  # the gateway has closed it, since nothing was asked for a while
            self._connection.close()
            return self._exchange(verb, path, body)

    def _exchange(self, verb: str, path: str, body: object) -> tuple[int, Any]:
        if body is None:
            self._connection.request(verb, path)
        else:
            self._connection.request(verb, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture(scope="session")
def asker(gateway: Gateway) -> Iterator[Asker]:
    """What fixtures ask the shared gateway."""
    with closing(Asker(gateway.port)) as made:
        yield made


def is_another(told: dict[str, Any], pid: int) -> bool:
    """Whether an application is up in another process."""
    return told.get("status") == "up" and told["pid"] != pid


def without_code(asker: Asker, adapter: str) -> None:
    """End what another test's code left behind, which acts on later calls and makes each of them a snapshot."""
    told = asker.health(adapter)
    if told.get("keeps") == "snapshots":
        asker.ask("POST", f"/api/v1/{adapter}/restart", status=202)
        eventually(lambda: is_another(asker.health(adapter), told["pid"]), what=f"another {adapter}")


@pytest.fixture(scope="module")
def scene_as_new(gateway: Gateway, asker: Asker, new_scene: bytes) -> None:
    """Give a module the scene of a new session: a cleared scene keeps its world, its frames and its settings."""
    without_code(asker, "blender")
    with gateway.client("/api/v1/blender") as client:
        opened = client.post("/scene/open", files={"file": ("new.blend", new_scene)})
        assert opened.status_code == 200, opened.text
    with gateway.client("/api/v1") as client:
        for artifact in client.get("/artifacts").json()["result"]["artifacts"]:
            if artifact["name"] == "new.blend":
                client.delete(f"/artifacts/{artifact['id']}")


@pytest.fixture
def blender(gateway: Gateway, asker: Asker, scene_as_new: None) -> Iterator[httpx.Client]:
    """A client at Blender's routes, with an empty scene."""
    without_code(asker, "blender")
    asker.ask("DELETE", "/api/v1/blender/scene")
    with gateway.client("/api/v1/blender") as client:
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
def freecad(gateway: Gateway, asker: Asker) -> Iterator[httpx.Client]:
    """A client at FreeCAD's routes, with one new, active document and no other."""
    without_code(asker, "freecad")
    for document in asker.ask("GET", "/api/v1/freecad/documents")["documents"]:
        asker.ask("DELETE", f"/api/v1/freecad/documents/{quote(document['name'], safe='')}")
    asker.ask("POST", "/api/v1/freecad/documents", {"name": "Test"}, status=201)
    with gateway.client("/api/v1/freecad") as client:
        yield client


@pytest.fixture(scope="module")
def watcher(gateway: Gateway) -> Iterator[Watcher]:
    """A second client of the gateway, which notices when it has to wait."""
    with watching(gateway.port, gateway.pid) as watching_now:
        yield watching_now
