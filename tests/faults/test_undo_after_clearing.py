"""An undo costs what Blender's scene holds now, not what it held before it was cleared: which snapshots undos load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.conftest import Session
from tests.gateway import eventually

MANY = 2000
"""So many objects, with so many values, that no machine loads or writes them fast: clearing them takes far less."""
MAKE = f"""
import bpy
for number in range({MANY}):
    mesh = bpy.data.meshes.new("Part")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    mesh["values"] = {{str(place): place for place in range(300)}}
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Part", mesh))
"""


@pytest.fixture
def adapter() -> str:
    # FreeCAD undoes by itself, and loads no snapshot for it.
    return "blender"


@pytest.fixture
def crowded(session: Session) -> Session:
    """A session whose last snapshot has many objects."""
    session.post("/batch", {"calls": [{"method": "session.execute", "params": {"code": MAKE}}]})
    assert total(session) == MANY
    return session


def total(session: Session) -> int:
    return int(session.client.get("/objects?limit=1").json()["result"]["total"])


def names(session: Session) -> set[str]:
    return {each["name"] for each in session.client.get("/objects").json()["result"]["objects"]}


def newest(session: Session) -> Path:
    return max(path for path in session.journal.iterdir() if path.name.startswith("gen-"))


def loaded(session: Session) -> tuple[int, str]:
    """Return the size of the snapshot from which the present state comes after an undo, and why it was written."""
    generation = newest(session)
    (snapshot,) = generation.glob("snapshot*")
    with (generation / "log").open("rb") as file:
        return snapshot.stat().st_size, json.loads(file.readline()[9:])["because"]


def change_and_undo(session: Session) -> tuple[int, str]:
    session.post("/primitives/cube", {"name": "Passing"})
    session.post("/undo", {})
    # The generation that the undo loaded is the current one, and stays the newest until a later one begins.
    return loaded(session)


def test_undos_soon_after_the_clearing_load_the_empty_scene(crowded: Session) -> None:
    large, _ = loaded(crowded)
    crowded.delete("/scene")
    for _ in range(2):
        change_and_undo(crowded)
    # The first one begins while a copy writes what was left, which goes on even if it takes longer than to wait for.
    eventually(lambda: loaded(crowded)[0] < large / 10, seconds=20, what="a small snapshot")
    size, why = change_and_undo(crowded)
    assert (size < large / 10, why) == (True, "a cleared document")
    crowded.post("/redo", {})
    crowded.post("/primitives/cube", {"name": "Other"})
    crowded.post("/undo", {})
    crowded.kill()
    assert names(crowded) == {"Passing"}
    crowded.post("/redo", {})
    assert names(crowded) == {"Passing", "Other"}
    for left in ({"Passing"}, set()):
        crowded.post("/undo", {})
        assert names(crowded) == left
    crowded.post("/undo", {})
    assert total(crowded) == MANY


@pytest.mark.parametrize("how", ["by a redo", "before a death"])
def test_undos_find_out_that_the_scene_was_cleared(crowded: Session, how: str) -> None:
    large, _ = loaded(crowded)
    crowded.delete("/scene")
    if how == "by a redo":
        crowded.post("/undo", {})
        assert total(crowded) == MANY
        crowded.post("/redo", {})
    else:
        crowded.kill()
    assert total(crowded) == 0
    for _ in range(2):
        change_and_undo(crowded)
    # They show how long the snapshot takes to load; a copy then writes what the scene is now.
    eventually(lambda: loaded(crowded)[0] < large / 10, seconds=20, what="a small snapshot")
    number = newest(crowded)
    crowded.post("/primitives/cube", {"name": "Stays"})
    sizes = [change_and_undo(crowded)[0] for _ in range(3)]
    assert max(sizes) < large / 10
    assert newest(crowded) == number
    crowded.kill()
    assert names(crowded) == {"Stays"}
    crowded.post("/redo", {})
    assert names(crowded) == {"Stays", "Passing"}


def test_undos_of_a_large_scene_leave_it_in_its_snapshot(crowded: Session) -> None:
    crowded.post("/primitives/cube", {"name": "Stays"})
    before = newest(crowded)
    for _ in range(5):
        change_and_undo(crowded)
    assert newest(crowded) == before
    assert total(crowded) == MANY + 1
