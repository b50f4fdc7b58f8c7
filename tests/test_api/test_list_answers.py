"""Lists of objects by their `ETag`: 304 for whoever has the answer, and the right list after whatever changed it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}


@pytest.fixture(params=["blender", "freecad"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(name: str, request: pytest.FixtureRequest) -> httpx.Client:
    found: httpx.Client = request.getfixturevalue(name)
    return found


def create(client: httpx.Client, adapter: str, **body: Any) -> str:
    answer = client.post(CREATE[adapter], json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["name"])


def tag_of(client: httpx.Client) -> str:
    answer = client.get("/objects")
    assert answer.status_code == 200
    return answer.headers["etag"]


def by_batch(client: httpx.Client) -> Any:
    """What an adapter answers by the way that keeps nothing."""
    answer = client.post("/batch", json={"calls": [{"method": "objects.list"}]})
    return answer.json()["result"]["results"][0]["result"]


def test_a_list_that_the_client_has_is_304(client: httpx.Client, name: str) -> None:
    first = create(client, name)
    answer = client.get("/objects")
    tag = answer.headers["etag"]
    assert [each["name"] for each in answer.json()["result"]["objects"]] == [first]
    again = client.get("/objects", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    # What is only read, or only tried, is no change.
    assert client.get(f"/objects/{first}").status_code == 200
    assert client.post(CREATE[name], params={"dry_run": True}, json={}).status_code == 200
    assert client.get("/objects", headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert client.get("/objects", params={"limit": 5}, headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/objects", params={"fields": "name"}, headers={"If-None-Match": tag}).status_code == 200
    head = client.head("/objects")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


CHANGES: dict[str, Callable[[httpx.Client, str, str], Any]] = {
    "create": lambda client, name, first: create(client, name),
    "delete": lambda client, name, first: client.delete(f"/objects/{first}"),
    "hide": lambda client, name, first: client.patch(f"/objects/{first}", json={"visible": False}),
    "batch": lambda client, name, first: client.post(
        "/batch", json={"calls": [{"method": "objects.delete", "params": {"name": first}}]}
    ),
    "atomic batch": lambda client, name, first: client.post(
        "/batch", json={"atomic": True, "calls": [{"method": "objects.delete", "params": {"name": first}}]}
    ),
    "undo": lambda client, name, first: client.post("/undo"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_in_the_next_list(client: httpx.Client, name: str, change: str) -> None:
    first = create(client, name)
    tag = tag_of(client)
    answer = CHANGES[change](client, name, first)
    assert isinstance(answer, str) or answer.status_code == 200, answer.text
    after = client.get("/objects", headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["etag"] != tag
    assert after.json()["result"] == by_batch(client)


def test_what_failed_leaves_the_list_as_it_was(client: httpx.Client, name: str) -> None:
    create(client, name, name="Taken")
    tag = tag_of(client)
    assert client.post(CREATE[name], json={"name": "Taken"}).status_code == 409
    calls = [{"method": CREATE[name][1:].replace("/", "."), "params": {"name": each}} for each in ("New", "Taken")]
    assert client.post("/batch", json={"atomic": True, "calls": calls}).status_code == 409
    assert client.get("/objects", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/objects").json()["result"] == by_batch(client)


def execute(client: httpx.Client, code: str) -> None:
    answer = client.post("/batch", json={"calls": [{"method": "session.execute", "params": {"code": code}}]})
    assert answer.json()["result"]["results"][0]["status"] == "success", answer.text


CODE = {
    "blender": "import bpy\nbpy.data.objects[0].name = 'Renamed'",
    "freecad": "import FreeCAD\nFreeCAD.ActiveDocument.Objects[0].Label = 'Renamed'",
}


def test_executed_code_is_in_the_next_list(client: httpx.Client, name: str) -> None:
    create(client, name)
    tag = tag_of(client)
    execute(client, CODE[name])
    after = client.get("/objects", headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert "Renamed" in after.text


def test_what_code_left_behind_is_in_the_next_list(freecad: httpx.Client) -> None:
    create(freecad, "freecad", name="Box")
    assert freecad.get("/objects").json()["result"]["total"] == 1
    # Something that acts while no call runs.
    code = (
        "import threading, FreeCAD\nbegun = threading.Event()\n"
        "def later():\n    FreeCAD.ActiveDocument.Objects[0].Label = 'Later'\n    begun.set()\n"
        "FreeCAD.later = threading.Timer(0.2, later)\nFreeCAD.later.start()"
    )
    execute(freecad, code)
    eventually(lambda: freecad.get("/objects").json()["result"]["objects"][0]["label"] == "Later", what="the change")


def test_another_document_has_another_list(freecad: httpx.Client) -> None:
    create(freecad, "freecad")
    tag = tag_of(freecad)
    assert freecad.post("/documents", json={"name": "Other"}).status_code == 201
    for document, status in (("Other", 200), ("Test", 304)):
        answer = freecad.get("/objects", params={"document": document}, headers={"If-None-Match": tag})
        assert answer.status_code == status
    assert freecad.get("/objects", params={"document": "None"}).status_code == 404


def test_a_restored_application_has_the_same_list(client: httpx.Client, name: str, gateway: Gateway) -> None:
    create(client, name)
    tag = tag_of(client)
    pid = gateway.application_pid(name)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.health(name).get("result", {}).get("pid") not in (None, pid), what=f"another {name}")
    answer = client.get("/objects", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    create(client, name)
    assert client.get("/objects", headers={"If-None-Match": tag}).json()["result"]["total"] == 2
