"""Code that leaves behaviour behind, which changes what later calls do: what was answered after it survives a death."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Session, only
from tests.faults.whole_state import execute
from tests.gateway import Gateway

GADGET = """
import FreeCAD, Part
class Gadget:
    def __init__(self, obj):
        obj.addProperty("App::PropertyLength", "Size")
        obj.addProperty("App::PropertyLength", "Grown")
        obj.Size = 2
        obj.Proxy = self
    def execute(self, obj):
        obj.Grown = obj.Grown.Value * 2 + obj.Size.Value
        obj.Shape = Part.makeBox(obj.Grown.Value, 1, 1)
    def dumps(self): return None
    def loads(self, state): return None
gadget = FreeCAD.ActiveDocument.addObject("Part::FeaturePython", {name!r})
Gadget(gadget)
FreeCAD.ActiveDocument.recompute()
"""
OBSERVER = """
import FreeCAD
class Mover:
    def slotCreatedObject(self, obj):
        obj.Label = obj.Label + " seen"
    def slotRecomputedObject(self, obj):
        if obj.TypeId == "Part::Box" and obj.Length.Value < 90:
            obj.Length = obj.Length.Value + 80
FreeCAD.addDocumentObserver(Mover())
"""
FREECAD = {
    "observer": OBSERVER,
    "patched function": """
from cadgate.appserver.registry import METHODS
before = METHODS["primitives.box"]
METHODS["primitives.box"] = lambda length, **more: before(length=3 * length, **more)
""",
    "preference": "FreeCAD.ParamGet('User parameter:BaseApp/Preferences/Units').SetInt('UserSchema', 3)",
}
HANDLER = """
import bpy
@bpy.app.handlers.persistent
def moves(scene, graph=None):
    for obj in scene.objects:
        if obj.name.startswith("Moved") and obj.location.z == 0:
            obj.location.z = 5
            obj["seen"] = 1
bpy.app.handlers.{name}.append(moves)
"""
BLENDER = {
    "depsgraph handler": HANDLER.format(name="depsgraph_update_post"),
    "save handler": HANDLER.format(name="save_pre"),
    "driver": """
import bpy
lead = bpy.data.objects.new("Lead", None)
bpy.context.scene.collection.objects.link(lead)
curve = bpy.data.objects["Before"].driver_add("location", 2)
variable = curve.driver.variables.new()
variable.type, variable.targets[0].id = "TRANSFORMS", lead
variable.targets[0].transform_type = "LOC_X"
curve.driver.expression = "var + frame"
""",
    "driver namespace": "bpy.app.driver_namespace['double'] = abs",
    "message bus": """
import bpy
owner = object()
def told(): bpy.data.objects["Before"].location.y = 9
bpy.msgbus.subscribe_rna(key=(bpy.types.Object, "location"), owner=owner, args=(), notify=told)
""",
    "timer": "import bpy\ndef tick(): return 0.01\nbpy.app.timers.register(tick)",
    "class": """
import bpy
class Grows(bpy.types.PropertyGroup):
    size: bpy.props.FloatProperty(update=lambda self, context: None)
bpy.utils.register_class(Grows)
bpy.types.Object.grows = bpy.props.PointerProperty(type=Grows)
""",
    "patched adapter": """
from cadgate.appserver.registry import METHODS
before = METHODS["primitives.cube"]
METHODS["primitives.cube"] = lambda size, **more: before(size=3 * size, **more)
""",
    "patched mathutils": "import bpy_extras.object_utils as room\nroom.world_to_camera_view = max",
    "edit mode": """
import bpy
bpy.context.view_layer.objects.active = bpy.data.objects["Before"]
bpy.ops.object.mode_set(mode="EDIT")
""",
}
CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
UNSCRIPTED = {
    "blender": """
import bpy, math
from mathutils import Vector
def place(obj, height):
    obj.location = Vector((math.sqrt(4), 0, height))
for obj in sorted(bpy.data.objects, key=lambda each: each.name):
    if isinstance(obj.data, bpy.types.Mesh):
        place(obj, 1)
mesh = bpy.data.meshes.new("Plain")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
bpy.context.scene.collection.objects.link(bpy.data.objects.new("Plain", mesh))
""",
    "freecad": """
import FreeCAD as App, Part
from FreeCAD import Vector
def block(size):
    obj = App.ActiveDocument.addObject("Part::Feature", "Plain")
    obj.Shape = Part.makeBox(size, size, size, Vector(1, 2, 3))
    return obj
block(4).Placement.Base.x = 3
App.ActiveDocument.recompute()
""",
}


@contextlib.contextmanager
def serving(adapter: str, folder: Path) -> Generator[Session]:
    gateway = Gateway(folder / "state", plugins=only(adapter)).start()
    try:
        with gateway.client(f"/api/v1/{adapter}") as client:
            yield Session(gateway, adapter, client)
    finally:
        gateway.stop()


@pytest.fixture(scope="module", params=["blender", "freecad"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with serving(request.param, tmp_path_factory.mktemp("scripted")) as session:
        yield session


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with serving("blender", tmp_path_factory.mktemp("scripted")) as session:
        yield session


@pytest.fixture(scope="module")
def freecad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with serving("freecad", tmp_path_factory.mktemp("scripted")) as session:
        yield session


def emptied(session: Session) -> Session:
    """A fresh application with nothing in it."""
    session.client.post("/restart")
    session.back(0)
    if session.adapter == "blender":
        session.delete("/scene")
    else:
        for each in session.client.get("/documents").json()["result"]["documents"]:
            session.delete(f"/documents/{each['name']}")
    return session


def described(session: Session) -> dict[str, Any]:
    """Every object as the gateway answers it, without what is derived from it."""
    names = [each["name"] for each in session.client.get("/objects").json()["result"]["objects"]]
    return {name: told(session.client.get(f"/objects/{name}").json()["result"]) for name in names}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in ("revision", "warnings")}


def keeps(session: Session) -> str | None:
    kept: str | None = session.gateway.health(session.adapter)["result"].get("keeps")
    return kept


def damages(session: Session) -> list[Any]:
    found: list[Any] = session.gateway.health(session.adapter)["result"].get("damages", [])
    return found


def test_changes_around_a_scripted_object_survive_with_the_values_that_were_answered(freecad: Session) -> None:
    session = emptied(freecad)
    session.post("/primitives/box", {"name": "Good", "length": 10})
    executed = execute(session.client, GADGET.format(name="Gear"))
    assert keeps(session) == "snapshots", executed
    gear = session.patch("/objects/Gear", {"properties": {"Size": 5}}).json()["result"]
    session.post("/primitives/cylinder", {"name": "Later"})
    session.patch("/objects/Good", {"properties": {"Length": 20}})
    for _ in range(2):
        session.kill()
        now = described(session)
        assert set(now) == {"Good", "Gear", "Later"}
        assert now["Good"]["properties"]["Length"]["value"] == 20
        assert now["Gear"]["bounding_box"] == gear["bounding_box"]
        assert damages(session) == []
        session.post("/primitives/sphere", {"name": "More"})
        session.delete("/objects/More")
    assert keeps(session) is None, "its class is gone, and with it what made replays differ"


def test_a_change_of_a_scripted_object_without_its_class_is_warned_of(freecad: Session) -> None:
    session = emptied(freecad)
    session.post("/primitives/box", {"name": "Good"})
    execute(session.client, GADGET.format(name="Gear"))
    session.patch("/objects/Gear", {"properties": {"Size": 5}})
    session.kill()
    warnings = session.patch("/objects/Gear", {"properties": {"Size": 8}}).json()["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["script_missing"]
    assert "'Gear'" in warnings[0]["message"]
    assert not session.patch("/objects/Good", {"properties": {"Length": 8}}).json()["result"].get("warnings")
    session.kill()
    warnings = session.patch("/objects/Gear", {"properties": {"Size": 9}}).json()["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["script_missing"]


@pytest.mark.parametrize("kind", FREECAD)
def test_what_was_answered_after_code_that_stays_survives_in_freecad(freecad: Session, kind: str) -> None:
    survives(emptied(freecad), FREECAD[kind])


@pytest.mark.parametrize("kind", BLENDER)
def test_what_was_answered_after_code_that_stays_survives_in_blender(blender: Session, kind: str) -> None:
    survives(emptied(blender), BLENDER[kind])


def survives(session: Session, code: str) -> None:
    create = CREATE[session.adapter]
    session.post(create, {"name": "Before"})
    execute(session.client, code)
    # A mode lasts until the next call at most.
    assert keeps(session) == "snapshots" or "mode_set" in code
    answers = {name: session.post(create, {"name": name}).json()["result"] for name in ("Moved_1", "Moved_2")}
    for atomic in (True, False):
        made = [f"Moved_{atomic}_{number}" for number in range(2)]
        calls = [{"method": f"primitives.{create[12:]}", "params": {"name": name}} for name in made]
        for each in session.post("/batch", {"calls": calls, "atomic": atomic}).json()["result"]["results"]:
            answers[each["result"]["name"]] = each["result"]
    session.post(create, {"name": "Gone"})
    session.post("/undo", {})
    change = {"location": [1, 2, 0]}
    answers["Moved_2"] = session.patch("/objects/Moved_2", change).json()["result"]
    before = described(session)
    for name, answer in answers.items():
        said = {key: value for key, value in told(answer).items() if value is not None}
        assert {key: before[name][key] for key in said} == said
    session.kill()
    assert damages(session) == []
    assert described(session) == before
    assert {"Before", *answers} <= set(before)
    assert "Gone" not in before


def test_answers_say_what_handlers_made_of_a_change(blender: Session) -> None:
    session = emptied(blender)
    execute(session.client, HANDLER.format(name="depsgraph_update_post"))
    assert session.post("/primitives/cube", {"name": "Moved"}).json()["result"]["location"][2] == 5
    calls = [{"method": "primitives.cube", "params": {"name": "Moved_too"}}]
    (part,) = session.post("/batch", {"calls": calls, "atomic": True}).json()["result"]["results"]
    assert part["result"]["location"][2] == 5
    renames = HANDLER.replace("obj.location.z = 5", 'obj.name = "Renamed"').replace("obj.location.z == 0", "True")
    execute(session.client, renames.format(name="depsgraph_update_post"))
    (warning,) = session.post("/primitives/cube", {"name": "Moved_again"}).json()["result"]["warnings"]
    assert warning["code"] == "changed_by_code"
    session.kill()
    assert any(name.startswith("Renamed") for name in described(session))


def test_an_object_of_freecads_own_classes_is_a_scripted_one_while_it_is_there(freecad: Session) -> None:
    session = emptied(freecad)
    session.post("/primitives/box", {"name": "Box"})
    execute(session.client, "import Draft\nDraft.make_wire([App.Vector(0, 0, 0), App.Vector(1, 0, 0)])")
    assert keeps(session) == "snapshots"
    session.kill()
    assert keeps(session) == "snapshots", "its class is there again"
    session.delete("/objects/Line")
    assert keeps(session) is None


def test_undo_goes_over_code_that_stays_and_what_lies_before_it_after_a_restart(shared: Session) -> None:
    session = emptied(shared)
    create = CREATE[session.adapter]
    session.post(create, {"name": "A"})
    session.post(create, {"name": "B"})
    execute(session.client, {"freecad": OBSERVER, "blender": BLENDER["depsgraph handler"]}[session.adapter])
    session.post(create, {"name": "Moved"})
    session.post("/undo", {})
    assert set(described(session)) == {"A", "B"}
    if session.adapter == "blender":
        session.post("/undo", {})
        refused = session.client.post("/undo", json={})
        assert refused.status_code == 409
        assert "/restart" in refused.json()["error"]["message"]
        assert set(described(session)) == {"A", "B"}
        session.post("/restart", {})
        session.back(0)
        session.post("/undo", {})
        assert set(described(session)) == {"A"}
    session.kill()
    assert set(described(session)) == ({"A"} if session.adapter == "blender" else {"A", "B"})


def test_ordinary_code_leaves_the_session_as_fast_as_it_was(shared: Session) -> None:
    session = emptied(shared)
    session.post(CREATE[session.adapter], {"name": "A"})
    execute(session.client, UNSCRIPTED[session.adapter])
    assert keeps(session) is None
    session.post(CREATE[session.adapter], {"name": "B"})
    before = described(session)
    session.kill()
    assert described(session) == before
