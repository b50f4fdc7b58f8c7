"""Requests leave no weak references behind in FreeCAD, which keeps one for each attribute that is read by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.freecad_calls import run
from tests.gateway import Gateway

REPEATS = 20
COUNT = """
import gc, weakref
gc.collect()
sum(type(each) is weakref.ReferenceType for each in gc.get_objects())
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway of its own: code that imports `gc` may act later, so its session is slower from then on."""
    gateway = Gateway(tmp_path_factory.mktemp("own"), plugins="[adapters.blender]\nenabled = false\n").start()
    try:
        with gateway.client("/api/v1/freecad") as client:
            made = [
                client.post("/primitives/box", json={"name": "Block"}),
                client.post("/primitives/cylinder", json={"name": "Rod", "radius": 2, "height": 40}),
            ]
            assert all(each.status_code == 201 for each in made)
        yield gateway
    finally:
        gateway.stop()


def references(gateway: Gateway) -> int:
    """Return how many weak references FreeCAD's interpreter has."""
    return int(run(gateway, COUNT))


def sent(client: httpx.Client, method: str, path: str, body: Any = None) -> None:
    answer = client.request(method, path, json=body)
    assert answer.is_success, answer.text


def create_and_delete(client: httpx.Client, number: int) -> None:
    sent(client, "POST", "/primitives/box", {"name": "Passing"})
    sent(client, "DELETE", "/objects/Passing")


def move(client: httpx.Client, number: int) -> None:
    sent(client, "PATCH", "/objects/Rod", {"location": [number % 2, 0, 0], "rotation": [0, 0, 10 * (number % 2)]})


def resize(client: httpx.Client, number: int) -> None:
    sent(client, "PATCH", "/objects/Block", {"properties": {"Length": 10 + number % 2}})


def subtract(client: httpx.Client, number: int) -> None:
    sent(client, "POST", "/primitives/box", {"name": "Base"})
    sent(client, "POST", "/primitives/cylinder", {"name": "Bore", "location": [5, 5, -1], "height": 20})
    sent(client, "POST", "/boolean/subtract", {"objects": ["Base", "Bore"], "name": "Cut"})
    for each in ("Cut", "Base", "Bore"):
        sent(client, "DELETE", f"/objects/{each}")


def export(client: httpx.Client, number: int) -> None:
    sent(client, "POST", "/export", {"format": "step", "objects": ["Block"]})


@pytest.mark.parametrize("request_once", [create_and_delete, move, resize, subtract, export])
def test_requests_leave_no_references_behind(own: Gateway, request_once: Callable[[httpx.Client, int], None]) -> None:
    with own.client("/api/v1/freecad") as client:
        for number in range(4):  # caches fill
            request_once(client, number)
        before = references(own)
        for number in range(REPEATS):
            request_once(client, number)
        # What is remembered of the last shapes holds a few; a read by name would leave one for each request at least.
        assert references(own) - before < REPEATS
