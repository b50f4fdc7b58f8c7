"""Joined objects are one mesh with all that the parts had, or a warning names the object and what is lost."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.blender_solids import exported
from tests.gateway import Gateway, eventually

FACES = """
o = bpy.data.objects[{!r}]
sorted((round(sum((o.matrix_world @ p.center)[:]), 3), o.material_slots[p.material_index].material.name
        if o.material_slots and o.material_slots[p.material_index].material else None) for p in o.data.polygons)
"""
ATTRIBUTES = "[(a.name, a.data_type, a.domain) for a in bpy.data.objects[{!r}].data.attributes if not a.is_internal]"


def post(blender: httpx.Client, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = blender.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["result"]


def cube(blender: httpx.Client, name: str, x: float = 0, **more: Any) -> None:
    post(blender, "/primitives/cube", name=name, location=[x, 0, 0], **more)


def join(blender: httpx.Client, *objects: str, **more: Any) -> dict[str, Any]:
    return post(blender, "/objects/join", objects=list(objects), **more)


def warned(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["code"], each["message"]) for each in result["warnings"]]


def objects(blender: httpx.Client) -> Any:
    return blender.get("/objects").json()["result"]


@pytest.fixture
def pair(blender: httpx.Client) -> None:
    cube(blender, "A")
    cube(blender, "B", 5)


# --- what stays ----------------------------------------------------------------------------------------------------


def test_each_face_keeps_its_material(blender: httpx.Client, gateway: Gateway) -> None:
    for name in ("Red", "Green", "Blue"):
        post(blender, "/materials", name=name, on_conflict="replace")
    cube(blender, "A", material="Red")
    cube(blender, "B", 5, material="Green")
    cube(blender, "C", 9)
    post(blender, "/materials/apply", 200, object="B", material="Red", slot=1)
    evaluate(
        gateway,
        """
b = bpy.data.objects["B"]
b.data.polygons[3].material_index = 1
b.material_slots[0].link = "OBJECT"
b.material_slots[0].material = bpy.data.materials["Blue"]
None
""",
    )
    before = sorted(each for name in "ABC" for each in evaluate(gateway, FACES.format(name)))

    made = join(blender, "A", "B", "C")

    assert evaluate(gateway, FACES.format("A")) == before
    assert made["materials"] == ["Red", "Blue", None]
    assert made["warnings"] == []


@pytest.mark.parametrize(
    "place",
    [
        {"rotation": [20, 30, 40], "scale": [1, 2, 3]},
        {"scale": [-1, 1, 1]},
        {"scale": [-1, -2, -3], "rotation": [0, 45, 0]},
        {"visible": False},
    ],
)
@pytest.mark.parametrize("first", ["A", "B"])
def test_the_shape_stays_wherever_the_parts_are(
    blender: httpx.Client, gateway: Gateway, place: dict[str, Any], first: str
) -> None:
    post(blender, "/primitives/cone", name="A", location=[1, 2, 3], scale=[2, 1, 1])
    post(blender, "/primitives/cylinder", name="B", location=[9, 0, 0])
    assert blender.patch("/objects/B", json=place).status_code == 200
    before = exported(blender, "A", "B") if "visible" not in place else None
    other = "B" if first == "A" else "A"

    made = join(blender, first, other)

    is_seen_no_more = first == "B" and not place.get("visible", True)
    assert [code for code, _ in warned(made)] == ["left_out"] * is_seen_no_more
    assert made["visible"] is (first == "A" or place.get("visible", True))
    if before is not None:
        after = exported(blender, first)
        assert after.bounds.tolist() == [pytest.approx(row, abs=1e-4) for row in before.bounds.tolist()]
        assert after.volume == pytest.approx(before.volume, rel=1e-5)
        assert after.area == pytest.approx(before.area, rel=1e-5)
    assert evaluate(gateway, "len(bpy.data.meshes)") == 1


def test_what_a_parent_shears_is_joined_as_it_is_seen(blender: httpx.Client) -> None:
    cube(blender, "Above", scale=[1, 3, 1])
    cube(blender, "Sheared", 5)
    blender.patch("/objects/Sheared", json={"parent": "Above"})
    blender.patch("/objects/Sheared", json={"rotation": [0, 0, 45]})
    cube(blender, "A", 20)
    before = exported(blender, "Sheared", "A")

    join(blender, "A", "Sheared")

    after = exported(blender, "A")
    assert after.bounds.tolist() == [pytest.approx(row, abs=1e-4) for row in before.bounds.tolist()]
    assert after.volume == pytest.approx(before.volume, rel=1e-5)


def test_what_is_flat_is_joined_flat(blender: httpx.Client) -> None:
    cube(blender, "A")
    cube(blender, "Flat", 5, scale=[1, 0, 1])
    made = join(blender, "A", "Flat")
    assert (made["vertices"], made["dimensions"]) == (16, [7, 2, 2])


@pytest.mark.usefixtures("pair")
def test_normals_of_a_part_are_turned_with_it(blender: httpx.Client, gateway: Gateway) -> None:
    tilted = "b = bpy.data.objects['B']\nb.data.normals_split_custom_set([(0.6, 0, 0.8)] * 24)\nNone"
    evaluate(gateway, tilted)
    blender.patch("/objects/B", json={"rotation": [0, 0, 90]})
    assert warned(join(blender, "A", "B")) == []
    normals = "[[round(x, 2) for x in n.vector] for n in bpy.data.objects['A'].data.corner_normals]"
    assert evaluate(gateway, normals)[24:] == [[0, 0.6, 0.8]] * 24
    cube(blender, "B", 9)
    evaluate(gateway, tilted)
    blender.patch("/objects/B", json={"scale": [1, 1, 9]})
    assert warned(join(blender, "A", "B")) == []
    # Normals of a surface are stretched by the inverse: 0.6 and 0.8 / 9, to the length of 1.
    assert evaluate(gateway, normals)[48:] == [[0.99, 0, 0.15]] * 24


def test_what_shares_the_mesh_of_a_part_stays_as_it_is(blender: httpx.Client, gateway: Gateway) -> None:
    cube(blender, "A")
    for name, x in (("B", 5), ("Twin of B", 9)):
        post(blender, "/objects/A/duplicate", name=name, linked=True, location=[x, 0, 0])
    join(blender, "A", "B")
    assert [each["vertices"] for each in objects(blender)["objects"]] == [16, 8]
    assert evaluate(gateway, "bpy.data.objects['Twin of B'].data.users") == 1


@pytest.mark.usefixtures("pair")
def test_what_code_left_in_edit_mode_is_joined(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(
        gateway,
        """
b = bpy.data.objects["B"]
bpy.context.view_layer.objects.active = b
bpy.ops.object.mode_set(mode="EDIT")
bpy.ops.mesh.select_all(action="SELECT")
bpy.ops.mesh.delete(type="ONLY_FACE")
None
""",
    )
    made = join(blender, "A", "B")
    assert (made["vertices"], made["faces"]) == (16, 6)


# --- what is lost --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("pair")
def test_uv_maps_of_other_names_are_kept_and_warned_of(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, "bpy.data.objects['B'].data.uv_layers[0].name = 'Other'\nNone")
    made = join(blender, "A", "B")
    ((code, message),) = warned(made)
    assert code == "uv_maps_differ"
    assert "'B' (Other)" in message
    counts = "[len({tuple(round(x, 4) for x in u.vector) for u in l.uv}) for l in bpy.data.objects['A'].data.uv_layers]"
    assert evaluate(gateway, counts) == [15, 15]


@pytest.mark.usefixtures("pair")
def test_more_uv_maps_than_blender_keeps_are_left_out(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, "[bpy.data.objects['B'].data.uv_layers.new(name=f'L{n}') for n in range(7)]\nNone")
    evaluate(gateway, "bpy.data.objects['A'].data.uv_layers[0].name = 'Own'\nNone")
    told = warned(join(blender, "A", "B"))
    assert [code for code, _ in told] == ["left_out", "uv_maps_differ"]
    assert "'L6' of 'B'" in told[0][1]
    assert evaluate(gateway, "len(bpy.data.objects['A'].data.uv_layers)") == 8


@pytest.mark.usefixtures("pair")
def test_attributes_of_one_name_and_two_kinds_are_both_kept(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(
        gateway,
        """
for name, domain in (("A", "FACE"), ("B", "POINT")):
    made = bpy.data.objects[name].data.attributes.new("weight", "FLOAT", domain)
    made.data.foreach_set("value", [n + 1 for n in range(len(made.data))])
None
""",
    )
    ((code, message),) = warned(join(blender, "A", "B"))
    assert code == "renamed"
    assert "'weight' of 'B'" in message
    assert ["weight", "FLOAT", "FACE"] in evaluate(gateway, ATTRIBUTES.format("A"))
    value = "[a.value for a in bpy.data.objects['A'].data.attributes['weight.001'].data]"
    assert evaluate(gateway, value) == [0] * 8 + [n + 1 for n in range(8)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("b.keyframe_insert('location')", "its animation"),
        ("b.constraints.new('LIMIT_LOCATION').max_x = 4", "what moves it"),
        ("b['part'] = 7", "its custom properties"),
        (
            "b.parent = bpy.data.objects.new('P', None); bpy.context.scene.collection.objects.link(b.parent)",
            "parent 'P'",
        ),
        ("bpy.data.objects['A'].hide_viewport = True", "that it is visible"),
        ("b.modifiers.new('Off', 'ARRAY').show_viewport = False", "the modifier 'Off', which is switched off"),
    ],
)
@pytest.mark.usefixtures("pair")
def test_what_the_others_had_is_named(blender: httpx.Client, gateway: Gateway, code: str, expected: str) -> None:
    evaluate(gateway, f"b = bpy.data.objects['B']\n{code}\nNone")
    ((warning, message),) = warned(join(blender, "A", "B"))
    assert warning == "left_out"
    assert message.startswith("'A' does not get from 'B': ")
    assert expected in message


@pytest.mark.usefixtures("pair")
def test_who_refers_to_a_part_is_named(blender: httpx.Client) -> None:
    cube(blender, "Drilled", 1)
    post(blender, "/objects/Drilled/modifiers", type="boolean", object="B")
    ((code, message),) = warned(join(blender, "A", "B"))
    assert code == "reference_lost"
    assert "'Drilled'" in message


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("b.shape_key_add(name='Basis')", (409, "conflict")),
        ("bpy.data.objects['A'].scale.x = 0", (422, "validation_error")),
        (
            "c = bpy.data.objects.new('C', b.data.copy()); bpy.context.scene.collection.objects.link(c)\n"
            "b.scale.y = 3; c.parent = b; c.rotation_euler.z = 1; c.modifiers.new('M', 'ARRAY')",
            (422, "degenerate_result"),
        ),
    ],
)
@pytest.mark.usefixtures("pair")
def test_a_refused_join_changes_nothing(
    blender: httpx.Client, gateway: Gateway, code: str, expected: tuple[int, str]
) -> None:
    evaluate(gateway, f"b = bpy.data.objects['B']\n{code}\nNone")
    before, meshes = objects(blender), evaluate(gateway, "len(bpy.data.meshes)")
    answer = blender.post("/objects/join", json={"objects": ["A", "B"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == expected
    assert objects(blender) == before
    assert evaluate(gateway, "len(bpy.data.meshes)") == meshes


# --- history -------------------------------------------------------------------------------------------------------


def test_a_join_is_undone_and_is_there_after_a_kill(blender: httpx.Client, gateway: Gateway) -> None:
    for number, name in enumerate("ABCD"):
        cube(blender, name, 4 * number, scale=[1, -1, 1 + number])
    before = objects(blender)
    calls = [
        {"method": "objects.join", "params": {"objects": ["A", "B"], "name": "C", "on_conflict": "rename"}},
        {"method": "objects.join", "params": {"objects": ["D", "C.001"], "name": "C", "on_conflict": "replace"}},
    ]
    result = post(blender, "/batch", 200, calls=calls, atomic=True)
    assert [each["result"]["name"] for each in result["results"]] == ["C.001", "C"]
    joined = objects(blender)
    assert [each["vertices"] for each in joined["objects"]] == [24]

    pid = gateway.application_pid("blender")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.health("blender").get("result", {}).get("pid") not in (None, pid), seconds=60)
    eventually(lambda: blender.get("/objects").status_code == 200, seconds=60)
    assert objects(blender) == joined
    assert blender.post("/undo", json={}).status_code == 200
    assert objects(blender) == before
