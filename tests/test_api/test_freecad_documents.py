"""FreeCAD's documents over HTTP: which one requests work in, saving, opening, recomputing, and surviving a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import zipfile
from io import BytesIO
from math import pi
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually
from tests.live import live


def documents(freecad: httpx.Client) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in freecad.get("/documents").json()["result"]["documents"]}


def close_all(freecad: httpx.Client) -> None:
    for name in documents(freecad):
        assert freecad.delete(f"/documents/{name}").status_code == 200


def names(freecad: httpx.Client, document: str | None = None) -> list[str]:
    query = {} if document is None else {"document": document}
    objects = freecad.get("/objects", params={"fields": "name", **query}).json()["result"]["objects"]
    return [each["name"] for each in objects]


def measured(seen: tuple[dict[str, Any], dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What was seen of documents and objects, with volumes to ten digits.

    FreeCAD 1.0 measures an intersection otherwise in the eleventh when its operands were saved and opened again, and
    the revision is one of all that an object has.
    """
    opened, objects = seen
    rounded = [{**each, "volume": float(f"{each['volume']:.9e}")} for each in objects["result"]["objects"]]
    return opened, [{**each, "revision": ""} if each["name"] == "Common" else each for each in rounded]


def test_the_first_document_made_is_the_active_one_until_another_is_activated(freecad: httpx.Client) -> None:
    made = freecad.post("/documents", json={"name": "Second", "label": "Zweites Ø"})
    assert made.status_code == 201
    assert made.json()["result"] == {"name": "Second", "label": "Zweites Ø", "objects": 0, "active": False}
    freecad.post("/primitives/box", json={"name": "InFirst"})
    activated = freecad.post("/documents/Second/activate")
    assert activated.json()["result"]["active"] is True
    freecad.post("/primitives/box", json={"name": "InSecond"})
    assert {name: (each["objects"], each["active"]) for name, each in documents(freecad).items()} == {
        "Test": (1, False),
        "Second": (1, True),
    }
    assert names(freecad) == ["InSecond"]


def test_a_session_without_a_document_makes_one_on_first_use(freecad: httpx.Client) -> None:
    close_all(freecad)
    assert documents(freecad) == {}
    box = freecad.post("/primitives/box", json={}).json()["result"]
    assert documents(freecad) == {
        box["document"]: {"name": box["document"], "label": box["document"], "objects": 1, "active": True}
    }


def test_every_route_takes_the_document_in_the_query(freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Other"})
    query = {"document": "Other"}
    for name in ("A", "B"):
        assert (
            freecad.post("/primitives/box", json={"name": name}, params=query).json()["result"]["document"] == "Other"
        )
    assert freecad.patch("/objects/B", json={"location": [5, 0, 0]}, params=query).status_code == 200
    union = freecad.post("/boolean/union", json={"object1": "A", "object2": "B"}, params=query)
    assert union.json()["result"]["volume"] == pytest.approx(1500)
    assert freecad.get("/objects/A", params=query).status_code == 200
    assert freecad.get("/objects/A").status_code == 404
    exported = freecad.post("/export", json={"format": "brep"}, params=query)
    assert exported.json()["result"]["objects"] == ["Fusion"]
    assert freecad.delete("/objects/Fusion", params=query).status_code == 200
    assert (names(freecad), names(freecad, "Other")) == ([], ["A", "B"])


def test_an_unknown_document_is_404_and_the_nearest_names_are_told(freecad: httpx.Client) -> None:
    requests = [
        ("GET", "/objects?document=Tset", None),
        ("POST", "/primitives/box?document=Tset", {}),
        ("POST", "/export?document=Tset", {}),
        ("GET", "/documents/Tset", None),
        ("DELETE", "/documents/Tset", None),
        ("POST", "/documents/Tset/activate", None),
        ("POST", "/documents/Tset/save", {}),
        ("POST", "/documents/Tset/recompute", {}),
    ]
    for method, path, body in requests:
        response = freecad.request(method, path, json=body)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (404, "document_not_found"), path
        assert error["details"]["did_you_mean"] == ["Test"]
    assert list(documents(freecad)) == ["Test"]


def test_batch_items_carry_their_document_and_the_query_is_the_default(freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Other"})
    calls: list[dict[str, Any]] = [
        {"method": "primitives.box", "params": {}},
        {"method": "primitives.box", "params": {"document": "Test"}},
    ]
    results = freecad.post("/batch?document=Other", json={"calls": calls}).json()["result"]["results"]
    assert [each["result"]["document"] for each in results] == ["Other", "Test"]


def test_document_names_follow_the_same_rules_as_object_names(freecad: httpx.Client) -> None:
    taken = freecad.post("/documents", json={"name": "Test"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")
    assert (
        freecad.post("/documents", json={"name": "Test", "on_conflict": "rename"}).json()["result"]["name"] == "Test1"
    )
    for name in ("2nd", "a b", "Ü"):
        assert freecad.post("/documents", json={"name": name}).status_code == 422
    chosen = freecad.post("/documents", json={}).json()["result"]
    assert chosen["name"] == chosen["label"] == "Unnamed"
    assert freecad.get("/documents/Unnamed").json()["result"] == chosen


def test_closing_the_active_document_makes_the_oldest_other_one_active(freecad: httpx.Client) -> None:
    for name in ("Zeta", "Alpha"):
        freecad.post("/documents", json={"name": name})
    assert freecad.delete("/documents/Test").json()["result"] == {"deleted": "Test"}
    assert [name for name, each in documents(freecad).items() if each["active"]] == ["Zeta"]


def test_a_saved_document_is_a_whole_fcstd_file_and_opens_with_its_objects_and_history_of_features(
    freecad: httpx.Client, http: httpx.Client
) -> None:
    freecad.post("/primitives/box", json={"name": "Box", "label": "Größe <1>"})
    freecad.post("/primitives/cylinder", json={"name": "Hole", "radius": 2})
    freecad.post("/boolean/subtract", json={"object1": "Box", "object2": "Hole", "name": "Cut"})
    saved = freecad.post("/documents/Test/save", json={"filepath": "parts/drilled"}).json()["result"]
    assert (saved["document"], saved["artifact"]["name"]) == ("Test", "parts/drilled.FCStd")
    data = http.get(saved["artifact"]["url"]).content
    assert zipfile.ZipFile(BytesIO(data)).testzip() is None

    opened = freecad.post("/documents/open", json={"artifact": saved["artifact"]["id"]})
    assert opened.status_code == 201, opened.text
    assert opened.json()["result"] == {"name": "drilled", "label": "drilled", "objects": 3, "active": False}
    query = {"document": "drilled"}
    assert freecad.get("/objects/Box", params=query).json()["result"]["label"] == "Größe <1>"
    assert freecad.patch("/objects/Hole", json={"properties": {"Radius": 1}}, params=query).status_code == 200
    volume = freecad.get("/objects/Cut", params=query).json()["result"]["volume"]
    assert volume == pytest.approx(1000 - 10 * pi / 4)

    uploaded = freecad.post("/documents/open?name=Copy&label=Kopie", files={"file": ("x.FCStd", data)})
    assert uploaded.json()["result"] == {"name": "Copy", "label": "Kopie", "objects": 3, "active": False}


def test_saving_under_the_suffix_of_another_format_is_refused(freecad: httpx.Client) -> None:
    response = freecad.post("/documents/Test/save", json={"filepath": "part.step"})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")


@pytest.mark.parametrize("kind", ["half", "text", "flipped"])
def test_a_damaged_file_is_not_opened(freecad: httpx.Client, http: httpx.Client, kind: str) -> None:
    freecad.post("/primitives/box", json={})
    artifact = freecad.post("/documents/Test/save").json()["result"]["artifact"]
    data = http.get(artifact["url"]).content
    middle = len(data) // 2
    damaged = {
        "half": data[:middle],
        "text": b"hello",
        "flipped": data[:200] + bytes([data[200] ^ 0xFF]) + data[201:],
    }[kind]
    response = freecad.post("/documents/open", files={"file": ("bad.FCStd", damaged)})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "unsupported_format"), response.text
    assert list(documents(freecad)) == ["Test"]


def test_a_recompute_reports_each_object_and_never_calls_a_failed_one_valid(freecad: httpx.Client) -> None:
    freecad.post("/primitives/box", json={"name": "Box"})
    report = freecad.post("/documents/Test/recompute").json()["result"]
    assert (report["objects"], report["failed"], report["warnings"]) == ([], [], [])
    forced = freecad.post("/documents/Test/recompute", json={"force": True}).json()["result"]
    assert forced["objects"] == [{"name": "Box", "valid": True, "state": ["Up-to-date"], "reason": None}]


def box(freecad: httpx.Client, name: str, document: str) -> None:
    assert freecad.post("/primitives/box", params={"document": document}, json={"name": name}).status_code == 201


def test_undo_and_redo_of_one_document_leave_the_others_alone(freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Other"})
    box(freecad, "A", "Test")
    box(freecad, "B", "Other")
    assert freecad.post("/undo?document=Test").json()["result"]["undone"] == "primitives.box"
    assert (names(freecad, "Test"), names(freecad, "Other")) == ([], ["B"])
    response = freecad.post("/undo?document=Test")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    box(freecad, "C", "Other")
    assert freecad.post("/redo?document=Other").status_code == 409
    assert freecad.post("/redo?document=Test").status_code == 200
    assert (names(freecad, "Test"), names(freecad, "Other")) == (["A"], ["B", "C"])
    assert freecad.post("/undo").status_code == 200  # of all documents what was done last, which was the redo
    assert freecad.post("/undo").status_code == 200
    assert (names(freecad, "Test"), names(freecad, "Other")) == ([], ["B"])


@pytest.mark.parametrize("action", ["undo", "redo"])
def test_undo_in_a_document_that_is_not_open_is_404_and_nothing_is_undone(freecad: httpx.Client, action: str) -> None:
    box(freecad, "A", "Test")
    response = freecad.post(f"/{action}?document=Tset")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "document_not_found")
    assert names(freecad, "Test") == ["A"]


def test_a_request_in_two_documents_is_undone_by_one_of_them_unless_the_other_went_on(freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Other"})
    parts = [{"method": "primitives.box", "params": {"name": "A", "document": each}} for each in ("Test", "Other")]
    assert freecad.post("/batch", json={"calls": parts}).status_code == 200
    box(freecad, "B", "Other")
    response = freecad.post("/undo?document=Test")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert "'Other'" in response.json()["error"]["message"]
    assert (names(freecad, "Test"), names(freecad, "Other")) == (["A"], ["A", "B"])
    assert freecad.post("/undo?document=Other").status_code == 200
    assert freecad.post("/undo?document=Test").status_code == 200
    assert (names(freecad, "Test"), names(freecad, "Other")) == ([], [])


def test_a_document_that_takes_the_name_of_a_closed_one_has_no_part_in_its_history(freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Again"})
    box(freecad, "A", "Test")
    box(freecad, "B", "Again")
    box(freecad, "C", "Again")
    assert freecad.delete("/documents/Again").status_code == 200
    freecad.post("/documents", json={"name": "Again"})
    box(freecad, "D", "Again")
    for document, left in (("Again", ([], ["A"])), ("Test", ([], []))):
        assert freecad.post(f"/undo?document={document}").status_code == 200
        assert (names(freecad, "Again"), names(freecad, "Test")) == left
    response = freecad.post("/undo")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert "nothing to undo" in response.json()["error"]["message"]


def test_twenty_requests_can_be_undone_and_then_there_is_nothing(freecad: httpx.Client) -> None:
    for number in range(22):
        box(freecad, f"B{number}", "Test")
    for _ in range(20):
        assert freecad.post("/undo").status_code == 200
    assert names(freecad, "Test") == ["B0", "B1"]
    response = freecad.post("/undo")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert "nothing to undo" in response.json()["error"]["message"]


def test_undo_over_the_websocket_takes_the_document_too(gateway: Gateway, freecad: httpx.Client) -> None:
    freecad.post("/documents", json={"name": "Other"})
    box(freecad, "A", "Test")
    box(freecad, "B", "Other")

    async def undo(document: str) -> Any:
        async with live(gateway, "freecad") as client:
            return await client.ask(type="call", id="undo", method="session.undo", params={"document": document})

    assert asyncio.run(undo("Test"))["status"] == "success"
    assert (names(freecad, "Test"), names(freecad, "Other")) == ([], ["B"])
    assert asyncio.run(undo("Tset"))["error"]["code"] == "document_not_found"


def test_a_killed_freecad_comes_back_with_every_document_label_and_the_active_one(own_freecad: Gateway) -> None:
    own_freecad.start()
    with own_freecad.client("/api/v1/freecad") as freecad:
        freecad.post("/documents", json={"name": "One", "label": "Erstes"})
        freecad.post("/documents", json={"name": "Two", "label": "Zweites"})
        freecad.post("/documents/Two/activate")
        freecad.post("/primitives/box", json={"name": "Box"})
        freecad.post("/primitives/sphere", json={"name": "Ball", "location": [3, 3, 3], "rotation": [10, 20, 30]})
        freecad.post("/boolean/subtract", json={"object1": "Box", "object2": "Ball"})
        # Undo leaves a snapshot, so that the second half of the story is restored from a file and not by calling again.
        freecad.post("/undo")
        freecad.post("/boolean/intersect", json={"object1": "Box", "object2": "Ball"})
        freecad.patch("/objects/Box", json={"properties": {"Length": 8}})
        before = (documents(freecad), freecad.get("/objects").json())

        pid = own_freecad.application_pid("freecad")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid), seconds=5, what="the end of FreeCAD")

        def restored() -> Any:
            answers = [freecad.get("/objects"), freecad.get("/documents")]
            if any(answer.status_code != 200 for answer in answers):
                return None
            objects, opened = (answer.json() for answer in answers)
            return {each["name"]: each for each in opened["result"]["documents"]}, objects

        assert measured(eventually(restored, what="the restored document")) == measured(before)
        assert freecad.post("/primitives/box", json={}).json()["result"]["name"] == "Box001"
