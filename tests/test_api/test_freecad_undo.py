"""Undo and redo in FreeCAD beside requests that fail, and beside what concerns documents as a whole."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused, run
from tests.gateway import Gateway, eventually

REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no length": ("PATCH", "/objects/A", {"properties": {"Length": 0}}),
    "a negative length": ("PATCH", "/objects/A", {"location": [9, 9, 9], "properties": {"Length": -1}}),
    "an empty intersection": ("POST", "/boolean/intersect", {"object1": "A", "object2": "Far"}),
    "a box too small": ("POST", "/primitives/box", {"name": "Tiny", "length": 1e-8}),
    "an atomic batch that has deleted something": (
        "POST",
        "/batch",
        {
            "atomic": True,
            "calls": [
                {"method": "objects.delete", "params": {"name": "Far"}},
                {"method": "objects.get", "params": {"name": "Nobody"}},
            ],
        },
    ),
    "an atomic batch": (
        "POST",
        "/batch",
        {
            "atomic": True,
            "calls": [
                {"method": "objects.update", "params": {"name": "A", "location": [9, 9, 9]}},
                {"method": "objects.get", "params": {"name": "Nobody"}},
            ],
        },
    ),
}


@pytest.fixture
def pair(freecad: httpx.Client) -> httpx.Client:
    """A document with a box A at the origin and a box Far, which A does not touch."""
    post(freecad, "/primitives/box", name="Far", location=[100, 0, 0])
    post(freecad, "/primitives/box", name="A")
    return freecad


def place(freecad: httpx.Client) -> Any:
    return get(freecad, "/objects/A")["location"]


def move(freecad: httpx.Client, action: str, query: str = "") -> dict[str, Any]:
    answer = freecad.post(f"/{action}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def refuse(freecad: httpx.Client, why: str) -> None:
    verb, path, body = REFUSED[why]
    before = get(freecad, "/objects")
    answer = freecad.request(verb, path, json=body)
    assert answer.status_code in (404, 422), answer.text
    assert get(freecad, "/objects") == before


def die(gateway: Gateway) -> None:
    """Kill FreeCAD, and wait for the next one."""
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="a FreeCAD")


@pytest.mark.parametrize("query", ["", "?document=Test"])
@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_request_leaves_what_can_be_undone_and_redone(pair: httpx.Client, why: str, query: str) -> None:
    for x in (1, 2):
        assert pair.patch("/objects/A", json={"location": [x, 0, 0]}).is_success
    move(pair, "undo")
    move(pair, "undo")
    refuse(pair, why)
    for x in (1, 2):
        assert move(pair, "redo", query)["redone"] == "objects.update"
        assert place(pair) == [x, 0, 0]
    refuse(pair, why)
    for x in (1, 0):
        assert move(pair, "undo", query)["undone"] == "objects.update"
        assert place(pair) == [x, 0, 0]
    refuse(pair, why)
    assert move(pair, "undo", query)["undone"] == "primitives.box"
    assert [each["name"] for each in get(pair, "/objects")["objects"]] == ["Far"]
    assert move(pair, "redo", query)["redone"] == "primitives.box"
    assert place(pair) == [0, 0, 0]


def test_a_refused_request_in_one_document_leaves_what_can_be_redone_in_another(pair: httpx.Client) -> None:
    post(pair, "/documents", name="Other")
    post(pair, "/primitives/box?document=Other", name="B")
    assert pair.patch("/objects/A", json={"location": [1, 0, 0]}).is_success
    move(pair, "undo", "?document=Other")
    move(pair, "undo", "?document=Test")
    refuse(pair, "no length")
    assert move(pair, "redo", "?document=Other")["redone"] == "primitives.box"
    assert move(pair, "redo", "?document=Test")["redone"] == "objects.update"
    assert place(pair) == [1, 0, 0]
    assert [each["name"] for each in get(pair, "/objects", document="Other")["objects"]] == ["B"]


def test_a_dry_run_of_undo_and_redo_answers_what_the_request_itself_would(freecad: httpx.Client) -> None:
    for action in ("undo", "redo"):
        really, dry = freecad.post(f"/{action}"), freecad.post(f"/{action}?dry_run=true")
        assert (really.status_code, dry.status_code) == (409, 409), dry.text
        assert dry.json()["error"]["message"] == really.json()["error"]["message"]
    post(freecad, "/primitives/box", name="A")
    assert freecad.post("/undo?dry_run=true").json()["result"]["dry_run"] is True
    assert freecad.post("/redo?dry_run=true").status_code == 409
    assert place(freecad) == [0, 0, 0]
    move(freecad, "undo")
    assert freecad.post("/redo?dry_run=true").json()["result"]["dry_run"] is True
    assert freecad.post("/undo?dry_run=true").status_code == 409
    assert get(freecad, "/objects")["total"] == 0
    move(freecad, "redo")


def test_what_can_be_redone_after_a_refused_request_survives_a_death(gateway: Gateway, pair: httpx.Client) -> None:
    for x in (1, 2):
        assert pair.patch("/objects/A", json={"location": [x, 0, 0]}).is_success
    move(pair, "undo")
    move(pair, "undo")
    refuse(pair, "no length")
    move(pair, "redo")
    die(gateway)
    assert place(pair) == [1, 0, 0]
    move(pair, "redo")
    assert place(pair) == [2, 0, 0]
    move(pair, "undo")
    move(pair, "undo")
    assert place(pair) == [0, 0, 0]


def make(freecad: httpx.Client, name: str) -> None:
    assert freecad.post("/primitives/box", params={"document": "Test"}, json={"name": name}).is_success


def act_on_documents(freecad: httpx.Client, what: str) -> None:
    """Do something to whole documents; those named Test and Second are there."""
    if what == "open":
        artifact = post(freecad, "/documents/Second/save")["artifact"]["id"]
        post(freecad, "/documents/open", artifact=artifact)
    elif what == "delete":
        assert freecad.delete("/documents/Second").is_success
    elif what == "activate":
        post(freecad, "/documents/Second/activate")
    else:
        post(freecad, "/documents", name="Third")


@pytest.mark.parametrize("what", ["create", "open", "delete", "activate"])
def test_undo_after_something_done_to_documents_undoes_nothing_else_and_says_what_can_be(
    freecad: httpx.Client, what: str
) -> None:
    post(freecad, "/documents", name="Second")
    make(freecad, "A")
    act_on_documents(freecad, what)
    before = get(freecad, "/documents")
    for query in ("", "?dry_run=true"):
        answer = freecad.post(f"/undo{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict"), answer.text
        assert f"documents.{what}" in answer.json()["error"]["message"]
        assert "/undo?document=Test" in answer.json()["error"]["message"]
    assert get(freecad, "/documents") == before
    assert move(freecad, "undo", "?document=Test")["undone"] == "primitives.box"
    assert get(freecad, "/objects", document="Test")["total"] == 0
    make(freecad, "B")
    assert move(freecad, "undo")["undone"] == "primitives.box"
    assert move(freecad, "redo")["redone"] == "primitives.box"
    assert get(freecad, "/objects/B", document="Test")["name"] == "B"


def test_what_only_snapshots_keep_is_redone_and_undone_after_a_death_but_not_what_was_before(
    gateway: Gateway, freecad: httpx.Client
) -> None:
    run(gateway, "import sys")
    post(freecad, "/primitives/box", name="A")
    for x in (1, 2):
        assert freecad.patch("/objects/A", json={"location": [x, 0, 0]}).is_success
    for action in ("undo", "redo", "undo", "undo"):
        move(freecad, action)
    for _ in range(2):
        die(gateway)
        assert place(freecad) == [0, 0, 0]
        for x in (1, 2):
            assert move(freecad, "redo")["redone"] == "objects.update"
            assert place(freecad) == [x, 0, 0]
        refused(freecad.post("/redo"), "conflict", 409)
        die(gateway)
        assert place(freecad) == [2, 0, 0]
        for x in (1, 0):
            assert move(freecad, "undo")["undone"] == "objects.update"
            assert place(freecad) == [x, 0, 0]
    assert "keeps" in refused(freecad.post("/undo"), "conflict", 409)
    assert place(freecad) == [0, 0, 0]
