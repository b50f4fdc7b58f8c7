"""What executed code leaves on (edit, sculpt, paint, pose mode) neither stops nor empties what a route does."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from tests.blender_code import evaluate
from tests.blender_solids import exported
from tests.gateway import Gateway, eventually

MESH_MODES = ("EDIT", "SCULPT", "VERTEX_PAINT", "WEIGHT_PAINT", "TEXTURE_PAINT")

ENTER = """
import bmesh
obj = bpy.data.objects["Box"]
layer = bpy.context.view_layer
layer.objects.active = obj
obj.select_set(True)
bpy.ops.object.mode_set(mode={mode!r})
if {mode!r} == "EDIT":
    shape = bmesh.from_edit_mesh(obj.data)
    bmesh.ops.scale(shape, vec=(2, 1, 1), verts=shape.verts)
    bmesh.update_edit_mesh(obj.data)
{then}
obj.mode
"""

HIDES = {
    "in sight": "",
    "hidden": "obj.hide_set(True)",
    "off in viewports": "obj.hide_viewport = True",
    "not active": "layer.objects.active = None",
    "in no scene": "bpy.context.scene.collection.objects.unlink(obj)",
    "in another scene": "bpy.data.scenes.new('Other').collection.objects.link(obj)\n"
    "bpy.context.scene.collection.objects.unlink(obj)",
    "in an excluded collection": "c = bpy.data.collections.new('C')\nbpy.context.scene.collection.children.link(c)\n"
    "c.objects.link(obj)\nbpy.context.scene.collection.objects.unlink(obj)\nlayer.objects.active = None\n"
    "layer.layer_collection.children['C'].exclude = True",
}

OTHERS = {
    "armature": ("bpy.data.armatures.new('A')", "POSE"),
    "edited armature": ("bpy.data.armatures.new('A')", "EDIT"),
    "curve": ("bpy.data.curves.new('A', 'CURVE')", "EDIT"),
    "surface": ("bpy.data.curves.new('A', 'SURFACE')", "EDIT"),
    "text": ("bpy.data.curves.new('A', 'FONT')", "EDIT"),
    "lattice": ("bpy.data.lattices.new('A')", "EDIT"),
    "metaball": ("bpy.data.metaballs.new('A')", "EDIT"),
}


def add(blender: httpx.Client, primitive: str, /, **params: object) -> None:
    assert blender.post(f"/primitives/{primitive}", json=params).status_code == 201


def enter(gateway: Gateway, mode: str, then: str = "") -> None:
    assert evaluate(gateway, ENTER.format(mode=mode, then=then)) == mode


@pytest.mark.parametrize("mode", MESH_MODES)
def test_a_boolean_cuts_what_code_left_in_a_mode(blender: httpx.Client, gateway: Gateway, mode: str) -> None:
    add(blender, "cube", name="Box")
    add(blender, "cube", name="Tool", size=1)
    enter(gateway, mode)
    width = 4 if mode == "EDIT" else 2

    answer = blender.post("/objects/Box/boolean", json={"object": "Tool", "delete_other": True})

    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["warnings"] == []
    assert exported(blender, "Box").volume == pytest.approx(width * 4 - 1, rel=1e-5)


@pytest.mark.parametrize("mode", MESH_MODES)
def test_a_modifier_is_applied_to_what_code_left_in_a_mode(blender: httpx.Client, gateway: Gateway, mode: str) -> None:
    add(blender, "cube", name="Box")
    modifier = {"type": "array", "count": 3, "constant_offset": [0, 0, 5]}
    assert blender.post("/objects/Box/modifiers", json=modifier).status_code == 201
    enter(gateway, mode)

    answer = blender.post("/objects/Box/modifiers/Array/apply")

    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["vertices"] == 24
    assert exported(blender, "Box").volume == pytest.approx(48 if mode == "EDIT" else 24, rel=1e-5)


@pytest.mark.parametrize("where", HIDES)
def test_a_mode_ends_wherever_the_object_is(blender: httpx.Client, gateway: Gateway, where: str) -> None:
    add(blender, "cube", name="Box")
    enter(gateway, "EDIT", HIDES[where])

    assert blender.get("/objects/Box").json()["result"]["dimensions"] == [4, 2, 2]

    state = "o = bpy.data.objects['Box']; [o.mode, o.hide_viewport, len(bpy.data.scenes), len(o.users_collection)]"
    assert evaluate(gateway, state) == [
        "OBJECT",
        where == "off in viewports",
        2 if where == "in another scene" else 1,
        0 if where == "in no scene" else 1,
    ]
    evaluate(gateway, "[bpy.data.scenes.remove(s) for s in bpy.data.scenes if s.name == 'Other']; 1")


@pytest.mark.parametrize("kind", OTHERS)
def test_objects_of_every_kind_leave_their_mode(blender: httpx.Client, gateway: Gateway, kind: str) -> None:
    data, mode = OTHERS[kind]
    add(blender, "cube", name="Box")
    code = (
        f"o = bpy.data.objects.new('Thing', {data}); bpy.context.scene.collection.objects.link(o)\n"
        f"bpy.context.view_layer.objects.active = o\nbpy.ops.object.mode_set(mode={mode!r})\no.mode"
    )
    assert evaluate(gateway, code) == mode

    assert exported(blender, "Box").volume == pytest.approx(8)
    assert evaluate(gateway, "[o.mode for o in bpy.data.objects]") == ["OBJECT", "OBJECT"]


def test_several_objects_in_edit_mode_are_all_written_back(blender: httpx.Client, gateway: Gateway) -> None:
    for name in ("Box", "Other"):
        add(blender, "cube", name=name)
    code = """
import bmesh
for o in bpy.data.objects: o.select_set(True)
bpy.context.view_layer.objects.active = o
bpy.ops.object.mode_set(mode="EDIT")
for o in bpy.data.objects:
    shape = bmesh.from_edit_mesh(o.data)
    bmesh.ops.scale(shape, vec=(1, 3, 1), verts=shape.verts)
    bmesh.update_edit_mesh(o.data)
[o.mode for o in bpy.data.objects]
"""
    assert evaluate(gateway, code) == ["EDIT", "EDIT"]

    found = blender.get("/objects").json()["result"]["objects"]

    assert [one["dimensions"] for one in found] == [[2, 6, 2], [2, 6, 2]]


def test_code_finds_the_mode_in_which_code_before_it_left_the_object(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    enter(gateway, "EDIT")

    assert (
        evaluate(gateway, "bpy.ops.mesh.select_all(action='SELECT'); bpy.ops.mesh.subdivide(); bpy.context.mode")
        == "EDIT_MESH"
    )
    assert blender.get("/objects/Box").json()["result"]["vertices"] == 26


def test_what_was_edited_and_cut_comes_back_after_a_death(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    add(blender, "cube", name="Tool", size=1)
    enter(gateway, "EDIT")
    assert blender.post("/objects/Box/boolean", json={"object": "Tool"}).status_code == 200
    before, pid = blender.get("/objects/Box").json()["result"], gateway.application_pid("blender")

    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.application_pid("blender") != pid, what="another Blender")

    assert blender.get("/objects/Box").json()["result"] == before
    assert not gateway.health("blender")["result"].get("damages")
    assert exported(blender, "Box").volume == pytest.approx(15, rel=1e-5)
