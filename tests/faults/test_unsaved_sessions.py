"""A state that cannot be saved: told with its remedy, and brought in order by each of the ways that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.conftest import Session, only
from tests.gateway import Gateway

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
UNSAVABLE = {
    "blender": """
import bpy
from cadgate_blender.app import snapshots
if not hasattr(snapshots, "kept"):
    snapshots.kept = snapshots.save
    def save(path, **more):
        if "Bad" in bpy.data.objects:
            raise RuntimeError("'Bad' cannot be saved")
        snapshots.kept(path, **more)
    snapshots.save = save
bpy.context.scene.collection.objects.link(bpy.data.objects.new("Bad", None))
""",
    # XML, and so a document's file, holds no control characters.
    "freecad": """
import FreeCAD
bad = FreeCAD.ActiveDocument.addObject("App::FeaturePython", "Bad")
bad.addProperty("App::PropertyString", "Text")
bad.Text = "a" + chr(1)
""",
}
REMOVE = {
    "blender": "bpy.data.objects.remove(bpy.data.objects['Bad'])",
    "freecad": "FreeCAD.ActiveDocument.removeObject('Bad')",
}


@pytest.fixture(scope="module", params=["blender", "freecad"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    adapter = str(request.param)
    gateway = Gateway(tmp_path_factory.mktemp("unsaved") / "state", plugins=only(adapter)).start()
    try:
        with gateway.client(f"/api/v1/{adapter}") as client:
            yield Session(gateway, adapter, client)
    finally:
        gateway.stop()


def run(session: Session, code: str) -> dict[str, Any]:
    body = {"calls": [{"method": "session.execute", "params": {"code": code}}]}
    answer: dict[str, Any] = session.post("/batch", body).json()["result"]["results"][0]
    return answer


def names(session: Session) -> set[str]:
    return {each["name"] for each in session.client.get("/objects").json()["result"]["objects"]}


def delete(session: Session) -> None:
    session.delete("/objects/Bad")


def delete_in_a_batch(session: Session) -> None:
    calls = [{"method": "objects.delete", "params": {"name": "Bad"}}]
    session.post("/batch", {"calls": calls, "atomic": True})


def undo(session: Session) -> None:
    assert session.post("/undo", {}).json()["result"]["undone"] == "session.execute"


def code(session: Session) -> None:
    assert not run(session, REMOVE[session.adapter])["result"]["warnings"]


def clear(session: Session) -> None:
    if session.adapter == "blender":
        session.delete("/scene")
    else:
        (document,) = session.client.get("/documents").json()["result"]["documents"]
        session.delete(f"/documents/{document['name']}")


@pytest.mark.parametrize("remedy", [delete, delete_in_a_batch, undo, code, clear])
def test_each_remedy_makes_the_session_take_changes_again(session: Session, remedy: Any) -> None:
    for name in names(session):
        session.delete(f"/objects/{name}")
    create = CREATE[session.adapter]
    session.post(create, {"name": "Good"})
    (warning, *_) = run(session, UNSAVABLE[session.adapter])["result"]["warnings"]
    assert warning["code"] == "not_saved"
    assert "/undo" in warning["message"]
    refused = session.client.post(create, json={"name": "Refused"})
    assert refused.status_code == 422
    assert "/undo" in refused.json()["error"]["message"]
    assert names(session) == {"Good", "Bad"}
    still = session.delete("/objects/Good").json()["result"]
    assert [each["code"] for each in still["warnings"]] == ["not_saved"]
    assert names(session) == {"Bad"}

    remedy(session)
    session.post(create, {"name": "After"})
    there = {"After", "Good"} if remedy is undo else {"After"}
    assert names(session) == there
    assert "problems" not in session.gateway.health(session.adapter)["result"]
    session.kill()
    assert names(session) == there
