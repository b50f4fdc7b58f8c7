"""What is remembered of objects stays right after each kind of change, and each changed object is announced."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.blender_code import evaluate
from tests.gateway import Gateway

CUBE = "/primitives/cube"


def ask(blender: httpx.Client, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = blender.request(method, path, json=body if method in ("POST", "PATCH") else None)
    assert answer.is_success, answer.text
    return answer.json()["result"]


def listed(blender: httpx.Client) -> list[dict[str, Any]]:
    return ask(blender, "GET", "/objects")["objects"]


def announced(socket: ClientConnection, count: int) -> list[tuple[str, str]]:
    """The next events."""
    found: list[tuple[str, str]] = []
    while len(found) < count:
        message = json.loads(socket.recv(timeout=20))
        if message["type"] == "event":
            found.append((message["data"]["action"], message["data"]["name"]))
    return found


@pytest.fixture
def family(blender: httpx.Client) -> None:
    """A parent with a child, twins that share a mesh, a material."""
    for name in ("Parent", "Child", "Twin"):
        ask(blender, "POST", CUBE, name=name)
    ask(blender, "PATCH", "/objects/Child", parent="Parent")
    ask(blender, "POST", "/objects/Twin/duplicate", name="Other twin", linked=True)
    ask(blender, "POST", "/materials", name="Red", on_conflict="replace")
    ask(blender, "POST", "/materials/apply", object="Parent", material="Red")


CHANGES: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("DELETE", "/objects/Parent", {}, [("deleted", "Parent"), ("changed", "Child")]),
    (
        "POST",
        CUBE,
        {"name": "Parent", "on_conflict": "replace"},
        [("deleted", "Parent"), ("changed", "Child"), ("created", "Parent")],
    ),
    (
        "POST",
        "/light",
        {"kind": "point", "name": "Parent", "on_conflict": "replace"},
        [("deleted", "Parent"), ("changed", "Child"), ("created", "Parent")],
    ),
    ("PATCH", "/objects/Child", {"name": "Grown", "parent": None}, [("deleted", "Child"), ("created", "Grown")]),
    (
        "POST",
        "/materials/apply",
        {"object": "Twin", "material": "Red"},
        [("changed", "Twin"), ("changed", "Other twin")],
    ),
    ("POST", "/objects/Twin/shade", {}, [("changed", "Twin"), ("changed", "Other twin")]),
    ("POST", "/materials", {"name": "Red", "on_conflict": "replace"}, [("changed", "Parent")]),
    ("POST", "/objects/Twin/duplicate", {"name": "Third"}, [("created", "Third")]),
    (
        "POST",
        "/objects/join",
        {"objects": ["Twin", "Parent"], "name": "All"},
        [("deleted", "Parent"), ("changed", "Child"), ("deleted", "Twin"), ("created", "All")],
    ),
    ("POST", "/objects/Twin/separate", {}, [("changed", "Twin")]),
    ("DELETE", "/scene", {}, [("deleted", name) for name in ("Child", "Other twin", "Parent", "Twin")]),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), CHANGES)
@pytest.mark.usefixtures("family")
def test_each_changed_object_is_announced_and_remembered_as_it_is(
    blender: httpx.Client,
    gateway: Gateway,
    method: str,
    path: str,
    body: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    listed(blender)
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["objects"]}))
        while json.loads(socket.recv(timeout=20))["type"] != "result":
            pass

        ask(blender, method, path, **body)

        # So that an event too many is seen.
        ask(blender, "POST", CUBE, name="Last")
        assert announced(socket, len(expected) + 1) == [*expected, ("created", "Last")]
    known = listed(blender)
    # Executed code: after it nothing is remembered.
    evaluate(gateway, "from cadgate_blender.app.scene_index import index\nindex.unknown_change()\nNone")
    assert listed(blender) == known


@pytest.mark.usefixtures("family")
def test_a_method_that_promises_nothing_leaves_nothing_remembered(blender: httpx.Client, gateway: Gateway) -> None:
    listed(blender)
    size = "from cadgate_blender.app.scene_index import index\nlen(index._infos)"
    ask(blender, "PATCH", "/objects/Twin", location=[1, 2, 3])
    assert blender.get("/objects/Twin").json()["result"]["location"] == [1, 2, 3]
    ask(blender, "POST", "/objects/Twin/origin")
    assert evaluate(gateway, size) == 0
