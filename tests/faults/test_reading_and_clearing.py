"""What must cost nothing later: code that only reads is no step of undo, and what was cleared is not made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.conftest import Session
from tests.gateway import eventually

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
READS = {
    "blender": [
        "[each.name for each in bpy.data.objects]",
        "import bpy\nnames = []\nfor each in bpy.data.objects:\n    names.append(each.name)\nnames",
        "bpy.context.scene.name, len(bpy.data.meshes), bpy.data.objects.get('A').location[:]",
        "bpy.data.objects['missing'].location.x = 3",
        "1 / 0",
        "raise ValueError('no')",
        "not python",
    ],
    "freecad": [
        "[each.Name for each in FreeCAD.ActiveDocument.Objects]",
        "FreeCAD.ActiveDocument.getObject('A').Shape.Volume",
        "FreeCAD.ActiveDocument.getObject('missing').Length = 3",
        "raise ValueError('no')",
    ],
}


def names(session: Session) -> set[str]:
    return {each["name"] for each in session.client.get("/objects").json()["result"]["objects"]}


def test_code_that_only_reads_or_fails_is_no_step_and_keeps_what_can_be_done_again(session: Session) -> None:
    create = CREATE[session.adapter]
    session.post(create, {"name": "A"})
    session.post(create, {"name": "B"})
    session.post("/undo", {})
    for code in READS[session.adapter]:
        session.post("/batch", {"calls": [{"method": "session.execute", "params": {"code": code}}]})
    session.post("/redo", {})
    assert names(session) == {"A", "B"}
    for code in READS[session.adapter]:
        session.post("/batch", {"calls": [{"method": "session.execute", "params": {"code": code}}]})
    session.post("/undo", {})
    session.post("/undo", {})
    assert names(session) == set()


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_what_was_cleared_is_not_made_again_after_a_death(session: Session) -> None:
    calls = [{"method": "primitives.torus", "params": {}} for _ in range(1000)]
    # So much work that doing it again takes longer than a snapshot, on a fast machine too.
    session.post("/batch", {"calls": calls, "atomic": True})
    if session.adapter == "blender":
        session.delete("/scene")
    else:
        (document,) = session.client.get("/documents").json()["result"]["documents"]
        session.delete(f"/documents/{document['name']}")

    def generations() -> list[Path]:
        return sorted(path for path in session.journal.iterdir() if path.name.startswith("gen-"))

    def newest() -> Path:
        return generations()[-1]

    eventually(
        lambda: any(because(path) == "a cleared document" for path in generations()), seconds=60, what="a generation"
    )
    session.kill()
    assert len((newest() / "log").read_bytes().splitlines()) == 1, "nothing is left to be done again"
    assert names(session) == set()


def because(generation: Path) -> str:
    with (generation / "log").open("rb") as file:
        told: str = json.loads(file.readline()[9:])["because"]
    return told
