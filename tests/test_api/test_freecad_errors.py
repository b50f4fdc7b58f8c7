"""Bad input on every slice of FreeCAD's routes: a clear error in the envelope, and a document that did not change."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import live

NOWHERE = {"artifact": "0" * 32}


@pytest.fixture
def part(freecad: httpx.Client) -> httpx.Client:
    """A box `Box`, a cylinder `Pin`, a sketch `Profile`, and a body `Body`."""
    for path, body in (
        ("/primitives/box", {"name": "Box"}),
        ("/primitives/cylinder", {"name": "Pin"}),
        ("/sketches", {"name": "Profile", "geometry": [{"type": "circle", "radius": 2}]}),
        ("/bodies", {"name": "Body"}),
    ):
        assert freecad.post(path, json=body).status_code == 201
    return freecad


def state(freecad: httpx.Client) -> Any:
    return freecad.get("/objects").json()["result"], freecad.get("/documents").json()["result"]


BAD: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/primitives/box", {"length": -1}, 422, "validation_error"),
    ("POST", "/primitives/box", {"name": "Box"}, 409, "name_taken"),
    ("POST", "/primitives/box", {"on_conflict": "panic"}, 422, "validation_error"),
    ("POST", "/primitives/box", [], 422, "validation_error"),
    ("POST", "/primitives/tetrahedron", {}, 404, "not_found"),
    ("GET", "/objects?limit=-1", None, 422, "validation_error"),
    ("GET", "/objects/Bxo", None, 404, "object_not_found"),
    ("PATCH", "/objects/Box", {"properties": {"Length": "1 s"}}, 422, "validation_error"),
    ("PATCH", "/objects/Bxo", {}, 404, "object_not_found"),
    ("PUT", "/objects/Box", {}, 405, "method_not_allowed"),
    ("DELETE", "/objects/Bxo", None, 404, "object_not_found"),
    ("GET", "/objects/Box/faces?type=", None, 422, "validation_error"),
    ("GET", "/objects/Box/edges?at=middle", None, 422, "validation_error"),
    ("GET", "/objects/Body/faces", None, 422, "degenerate_result"),
    ("GET", "/objects/Body/measures", None, 422, "degenerate_result"),
    ("GET", "/objects/Box/distance", None, 422, "validation_error"),
    ("POST", "/boolean/union", {"object1": "Box", "object2": "Nip"}, 404, "object_not_found"),
    ("POST", "/boolean/union", {"object1": "Box", "object2": "Body"}, 422, "validation_error"),
    ("POST", "/boolean/divide", {"object1": "Box", "object2": "Pin"}, 404, "not_found"),
    ("POST", "/features/fillet", {"object": "Box", "radius": 10, "edges": [1]}, 422, "degenerate_result"),
    ("POST", "/features/fillet", {"object": "Profile", "radius": 1}, 422, "validation_error"),
    ("POST", "/features/loft", {"objects": ["Profile"]}, 422, "validation_error"),
    ("POST", "/features/sweep", {"objects": ["Profile"], "path": "Body"}, 422, "validation_error"),
    ("POST", "/features/pad", {"sketch": "Box"}, 422, "validation_error"),
    ("POST", "/sketches", {"geometry": [{"type": "circle", "radius": "x"}]}, 422, "validation_error"),
    (
        "POST",
        "/sketches",
        {"on": "Pin", "face": "Face1", "geometry": [{"type": "point", "at": [0, 0]}]},
        422,
        "validation_error",
    ),
    ("GET", "/sketches/Box", None, 422, "validation_error"),
    ("PATCH", "/sketches/Profile", {"values": [{"index": 0, "value": 5}]}, 422, "validation_error"),
    ("POST", "/bodies", {"name": "Box"}, 409, "name_taken"),
    ("POST", "/documents", {"name": "a b"}, 422, "validation_error"),
    ("POST", "/documents/open", NOWHERE, 404, "artifact_not_found"),
    ("POST", "/documents/Test/save", {"filepath": "../x"}, 422, "path_not_allowed"),
    ("POST", "/documents/Test/recompute", {"force": "yes, all of it"}, 422, "validation_error"),
    ("POST", "/export", {"format": "docx"}, 422, "validation_error"),
    ("POST", "/export", {"objects": ["Body"]}, 422, "validation_error"),
    ("POST", "/import", NOWHERE, 404, "artifact_not_found"),
    (
        "POST",
        "/batch",
        {"calls": [{"method": "documents.create", "params": {}}], "atomic": True},
        422,
        "validation_error",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), BAD)
def test_bad_input_is_a_clear_error_and_changes_nothing(
    part: httpx.Client, method: str, path: str, body: Any, status: int, code: str
) -> None:
    before = state(part)
    response = part.request(method, path, json=body)
    assert response.status_code == status, response.text
    envelope = response.json()
    assert (envelope["status"], envelope["error"]["code"]) == ("error", code)
    assert len(envelope["error"]["message"]) > 10
    assert "Traceback" not in response.text
    assert state(part) == before


def test_undo_of_nothing_is_a_conflict(freecad: httpx.Client) -> None:
    # The fixture's new document has no history of its own; older steps went with their documents.
    for action in ("undo", "redo"):
        response = freecad.post(f"/{action}")
        assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


def test_a_batch_is_undone_as_a_whole(freecad: httpx.Client) -> None:
    freecad.post("/primitives/box", json={"name": "Before"})
    calls = [{"method": "primitives.box", "params": {"name": name}} for name in ("A", "B")]
    calls.insert(1, {"method": "primitives.cone", "params": {"radius1": 1, "radius2": 1}})
    results = freecad.post("/batch", json={"calls": calls}).json()["result"]["results"]
    assert [each["status"] for each in results] == ["success", "error", "success"]
    assert freecad.post("/undo").json()["result"]["undone"] == "session.batch"
    assert [each["name"] for each in state(freecad)[0]["objects"]] == ["Before"]
    assert freecad.post("/redo").status_code == 200
    assert [each["name"] for each in state(freecad)[0]["objects"]] == ["Before", "A", "B"]


def test_more_changes_than_freecad_remembers_cannot_be_undone_and_it_says_so(freecad: httpx.Client) -> None:
    calls = [{"method": "primitives.box", "params": {}} for _ in range(25)]
    assert freecad.post("/batch", json={"calls": calls}).status_code == 200
    response = freecad.post("/undo")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert "20" in response.json()["error"]["message"]
    assert state(freecad)[0]["total"] == 25


def run(gateway: Gateway, code: str) -> Any:
    """Execute code in FreeCAD; the value of its last expression."""

    async def execute() -> Any:
        async with live(gateway, "freecad") as client:
            *_, answer = await client.run(code)
            assert answer["status"] == "success", answer
            return answer["result"]["value"]

    return asyncio.run(execute())


def test_code_that_activates_a_document_decides_and_code_that_makes_one_does_not(
    gateway: Gateway, freecad: httpx.Client
) -> None:
    assert run(gateway, "App.newDocument('Made').Name") == "Made"
    assert run(gateway, "App.ActiveDocument.Name") == "Test"
    run(gateway, "App.setActiveDocument('Made')")
    assert run(gateway, "App.ActiveDocument.Name") == "Made"
    assert freecad.post("/primitives/box", json={}).json()["result"]["document"] == "Made"


def test_what_code_broke_is_told_refused_as_an_input_and_reported_by_a_recompute(
    gateway: Gateway, freecad: httpx.Client
) -> None:
    assert freecad.post("/primitives/sphere", json={"name": "Ball"}).status_code == 201
    run(gateway, "b = App.ActiveDocument.addObject('Part::Box', 'Broken'); b.Length = 0; b.recompute()")
    info = freecad.get("/objects/Broken").json()["result"]
    assert (info["valid"], "Invalid" in info["state"]) == (False, True)
    for path, body in (
        ("/boolean/union", {"object1": "Ball", "object2": "Broken"}),
        ("/features/mirror", {"object": "Broken", "plane": "xy"}),
        ("/export", {}),
        ("/export", {"objects": ["Ball", "Broken"]}),
    ):
        response = freecad.post(path, json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error"), path
    assert freecad.post("/export", json={"objects": ["Ball"]}).status_code == 200
    report = freecad.post("/documents/Test/recompute").json()["result"]
    assert report["failed"] == ["Broken"]
    assert [each["code"] for each in report["warnings"]] == ["recompute_failed"]
    mended = freecad.patch("/objects/Broken", json={"properties": {"Length": 5}})
    assert mended.json()["result"]["volume"] == pytest.approx(500)


def test_a_stale_object_is_told_as_such_and_not_used_until_it_is_recomputed(
    gateway: Gateway, freecad: httpx.Client
) -> None:
    freecad.post("/primitives/box", json={"name": "Box"})
    freecad.post("/primitives/box", json={"name": "Other", "location": [5, 0, 0]})
    freecad.post("/boolean/union", json={"object1": "Box", "object2": "Other", "name": "Both"})
    run(gateway, "App.ActiveDocument.getObject('Box').Width = 30")
    stale = freecad.get("/objects/Both").json()["result"]
    assert (stale["volume"], stale["state"]) == (pytest.approx(1500), ["Touched"])
    for path, body in (("/export", {}), ("/features/mirror", {"object": "Both", "plane": "xy"})):
        response = freecad.post(path, json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
        assert "recompute" in response.json()["error"]["message"]
    report = freecad.post("/documents/Test/recompute").json()["result"]
    assert "Both" in [each["name"] for each in report["objects"]]
    assert freecad.get("/objects/Both").json()["result"]["volume"] == pytest.approx(1500 + 2000)
