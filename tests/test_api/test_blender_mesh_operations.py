"""Shading, joining, separating, applying transforms, origins: how a mesh is kept changes, what it shows does not."""

from __future__ import annotations

import os
import signal
from math import cos, pi
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.blender_solids import exported
from tests.gateway import Gateway, eventually
from tests.pictures import png

SMOOTH = "[p.use_smooth for p in bpy.data.objects[{!r}].data.polygons]"
SHARP = "sum(e.use_edge_sharp for e in bpy.data.objects[{!r}].data.edges)"


def add(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def post(blender: httpx.Client, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = blender.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["result"]


def get(blender: httpx.Client, name: str) -> dict[str, Any]:
    return blender.get(f"/objects/{name}").json()["result"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def warned(result: dict[str, Any]) -> list[str]:
    return [each["code"] for each in result["warnings"]]


# --- shading -----------------------------------------------------------------------------------------------------


def test_a_mesh_is_shaded_smooth_flat_and_by_angle(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cylinder", name="Rod", vertices=16)

    post(blender, "/objects/Rod/shade", mode="smooth")
    assert set(evaluate(gateway, SMOOTH.format("Rod"))) == {True}
    assert evaluate(gateway, SHARP.format("Rod")) == 0

    post(blender, "/objects/Rod/shade", mode="auto", angle=30)
    assert set(evaluate(gateway, SMOOTH.format("Rod"))) == {True}
    assert evaluate(gateway, SHARP.format("Rod")) == 32

    post(blender, "/objects/Rod/shade", mode="auto", angle=10)
    assert evaluate(gateway, SHARP.format("Rod")) == 48

    post(blender, "/objects/Rod/shade", mode="flat")
    assert set(evaluate(gateway, SMOOTH.format("Rod"))) == {False}


def test_shading_is_undone_and_refused_for_what_has_no_faces(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    post(blender, "/objects/Box/shade")
    assert post(blender, "/undo")["undone"] == "objects.shade"
    assert set(evaluate(gateway, SMOOTH.format("Box"))) == {False}
    add(blender, "empty", name="E")
    assert code(blender.post("/objects/E/shade", json={})) == (422, "validation_error")
    assert code(blender.post("/objects/Nope/shade", json={})) == (404, "object_not_found")
    assert code(blender.post("/objects/Box/shade", json={"mode": "round"})) == (422, "validation_error")


# --- joining and separating ----------------------------------------------------------------------------------------


def test_joined_objects_keep_place_volume_and_materials(blender: httpx.Client) -> None:
    for name in ("Red", "Blue"):
        post(blender, "/materials", 201, name=name, color=[1, 0, 0])
    add(blender, "cube", name="A", location=[5, 0, 0], rotation=[0, 0, 30], scale=[1, 2, 1], material="Red")
    add(blender, "cube", name="B", location=[0, 9, 0], scale=[-1, 1, 1], material="Blue")
    add(blender, "cylinder", name="C", location=[0, 0, 9], rotation=[0, 90, 0], material="Red")
    post(blender, "/objects/C/modifiers", 201, type="array", count=2, relative_offset=[0, 0, 2])
    add(blender, "empty", name="Child")
    blender.patch("/objects/Child", json={"parent": "B", "location": [1, 1, 1]})
    before = exported(blender, "A", "B", "C")
    child = evaluate_world(blender, "Child")

    made = post(blender, "/objects/join", 201, objects=["A", "B", "C"], name="All")

    assert made["name"] == "All"
    assert made["materials"] == ["Red", "Blue"]
    assert (made["vertices"], made["modifiers"]) == (8 + 8 + 128, [])
    assert {each["name"] for each in blender.get("/objects").json()["result"]["objects"]} == {"All", "Child"}
    after = exported(blender, "All")
    assert after.volume == pytest.approx(before.volume, rel=1e-5)
    assert after.bounds.tolist() == [pytest.approx(row, abs=1e-4) for row in before.bounds.tolist()]
    assert evaluate_world(blender, "Child") == pytest.approx(child)


def evaluate_world(blender: httpx.Client, name: str) -> list[float]:
    """Without a parent, which makes its own location that of the world."""
    assert blender.patch(f"/objects/{name}", json={}).status_code == 200
    found = get(blender, name)
    if found["parent"] is None:
        return found["location"]
    kept = found["parent"], found["location"]
    place = blender.patch(f"/objects/{name}", json={"parent": None}).json()["result"]["location"]
    blender.patch(f"/objects/{name}", json={"parent": kept[0]})
    return place


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"objects": ["A"]}, (422, "validation_error")),
        ({"objects": ["A", "A"]}, (422, "validation_error")),
        ({"objects": ["A", "Nope"]}, (404, "object_not_found")),
        ({"objects": ["A", "E"]}, (422, "validation_error")),
        ({"objects": ["A", "B"], "name": "E"}, (409, "name_taken")),
    ],
)
def test_what_cannot_be_joined_stays(blender: httpx.Client, body: dict[str, Any], expected: tuple[int, str]) -> None:
    for name in ("A", "B"):
        add(blender, "cube", name=name)
    add(blender, "empty", name="E")
    before = blender.get("/objects").json()["result"]

    assert code(blender.post("/objects/join", json=body)) == expected
    assert blender.get("/objects").json()["result"] == before


def test_what_was_joined_is_separated_again(blender: httpx.Client) -> None:
    for number in range(3):
        add(blender, "cube", name=f"P{number}", location=[3 * number, 0, 0], scale=[1, 1, 1 + number])
    post(blender, "/objects/join", 201, objects=["P0", "P1", "P2"])
    before = exported(blender, "P0")

    found = post(blender, "/objects/P0/separate", by="loose")["objects"]

    assert len(found) == 3
    assert [each["vertices"] for each in found] == [8, 8, 8]
    names = [each["name"] for each in found]
    assert sorted(round(exported(blender, name).volume, 3) for name in names) == [8, 16, 24]
    after = exported(blender, *names)
    assert after.bounds.tolist() == [pytest.approx(row, abs=1e-5) for row in before.bounds.tolist()]
    assert warned(post(blender, f"/objects/{names[0]}/separate")) == ["no_effect"]


def test_the_faces_of_each_material_become_an_object(blender: httpx.Client) -> None:
    for name in ("Red", "Blue"):
        post(blender, "/materials", 201, name=name, color=[1, 0, 0])
    add(blender, "cube", name="A", material="Red")
    add(blender, "cube", name="B", location=[5, 0, 0], material="Blue")
    post(blender, "/collections", 201, name="Kept")
    post(blender, "/objects/join", 201, objects=["A", "B"])
    post(blender, "/collections/Kept/objects", objects=["A"])

    found = post(blender, "/objects/A/separate", by="material")["objects"]

    assert {tuple(each["materials"]) for each in found} == {("Red",), ("Blue",)}
    assert [each["collections"] for each in found] == [["Kept"], ["Kept"]]
    assert [round(exported(blender, each["name"]).volume, 4) for each in found] == [8, 8]


def test_a_closed_mesh_is_parted_by_its_materials_into_open_ones(blender: httpx.Client, gateway: Gateway) -> None:
    for name in ("Red", "Blue"):
        post(blender, "/materials", 201, name=name, color=[1, 0, 0])
    add(blender, "cube", name="A", location=[7, 0, 0], material="Red")
    dressed = "mesh = bpy.data.objects['A'].data\nmesh.materials.append(bpy.data.materials['Blue'])\n"
    evaluate(gateway, dressed + "for face in list(mesh.polygons)[:2]: face.material_index = 1\nNone")

    rest, parted = post(blender, "/objects/A/separate", by="material")["objects"]

    assert [(each["materials"], each["faces"]) for each in (rest, parted)] == [(["Red"], 4), (["Blue"], 2)]
    assert [exported(blender, each["name"]).area for each in (rest, parted)] == pytest.approx([16, 8])


# --- transforms and origins ----------------------------------------------------------------------------------------

PLACED: dict[str, Any] = {"location": [3, 2, 1], "rotation": [20, 30, 40], "scale": [1, -2, 3]}
NONE = {"location": [0, 0, 0], "rotation": [0, 0, 0], "scale": [1, 1, 1]}


@pytest.mark.parametrize("flags", [1, 2, 4, 6, 7])
def test_applied_transforms_leave_the_shape_where_it_is(blender: httpx.Client, flags: int) -> None:
    chosen = {part: bool(flags >> bit & 1) for bit, part in enumerate(NONE)}
    add(blender, "cone", name="A", vertices=7, **PLACED)
    add(blender, "cube", name="Child")
    blender.patch("/objects/Child", json={"parent": "A"})
    before, child = exported(blender, "A"), exported(blender, "Child")

    made = post(blender, "/objects/A/apply", **chosen)

    for part, value in NONE.items():
        assert made[part] == (value if chosen[part] else pytest.approx(PLACED[part], abs=1e-4)), part
    after = exported(blender, "A")
    assert after.bounds.tolist() == [pytest.approx(row, abs=1e-4) for row in before.bounds.tolist()]
    assert after.volume == pytest.approx(before.volume, rel=1e-5)
    assert after.volume > 0
    moved = exported(blender, "Child")
    assert moved.bounds.tolist() == [pytest.approx(row, abs=1e-4) for row in child.bounds.tolist()]


def test_a_shared_mesh_is_copied_before_a_transform_is_applied(blender: httpx.Client) -> None:
    add(blender, "cube", name="A", scale=[2, 2, 2])
    post(blender, "/objects/A/duplicate", 201, name="B", linked=True, location=[9, 0, 0])

    made = post(blender, "/objects/A/apply")

    assert warned(made) == ["single_user"]
    assert made["dimensions"] == [4, 4, 4]
    assert get(blender, "B")["dimensions"] == [4, 4, 4]
    assert get(blender, "B")["scale"] == [2, 2, 2]


def test_a_transform_that_is_animated_is_not_applied(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="A", scale=[2, 2, 2])
    evaluate(gateway, "bpy.data.objects['A'].keyframe_insert('location'); 1")

    assert code(blender.post("/objects/A/apply", json={})) == (409, "conflict")
    assert post(blender, "/objects/A/apply", location=False)["scale"] == [1, 1, 1]
    assert code(blender.post("/objects/A/origin", json={})) == (409, "conflict")


def test_flat_objects_are_applied_only_with_their_scale(blender: httpx.Client) -> None:
    add(blender, "cube", name="A", scale=[1, 1, 0], rotation=[0, 0, 45])
    assert code(blender.post("/objects/A/apply", json={"scale": False})) == (422, "validation_error")
    assert post(blender, "/objects/A/apply")["dimensions"] == pytest.approx([2 * 2**0.5, 2 * 2**0.5, 0], rel=1e-5)


@pytest.mark.parametrize(
    ("to", "expected"), [("geometry", [5, 5, 5.4]), ("bounds", [5, 5, 6]), ([1, 2, 3], [1, 2, 3]), (None, [5, 5, 5.4])]
)
def test_an_origin_moves_and_the_mesh_does_not(blender: httpx.Client, to: Any, expected: list[float]) -> None:
    pyramid = {
        "vertices": [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1]],
        "faces": [[3, 2, 1, 0], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
    }
    post(blender, "/meshes", 201, name="A", location=[5, 5, 5], rotation=[0, 0, 90], scale=[1, 1, 2], **pyramid)
    add(blender, "cube", name="Child", location=[1, 0, 0])
    blender.patch("/objects/Child", json={"parent": "A"})
    before, child = exported(blender, "A"), exported(blender, "Child")

    made = post(blender, "/objects/A/origin", **({} if to is None else {"to": to}))

    assert made["location"] == pytest.approx(expected, abs=1e-5)
    assert exported(blender, "A").bounds.tolist() == [pytest.approx(row, abs=1e-5) for row in before.bounds.tolist()]
    assert exported(blender, "Child").bounds.tolist() == [pytest.approx(r, abs=1e-5) for r in child.bounds.tolist()]


def test_every_operation_is_undone_and_tried_dry(blender: httpx.Client) -> None:
    add(blender, "cube", name="A", scale=[2, 1, 1], location=[1, 0, 0])
    add(blender, "cube", name="B", location=[5, 0, 0])
    for path, body in (
        ("/objects/A/apply", {}),
        ("/objects/A/origin", {"to": [0, 0, 0]}),
        ("/objects/A/shade", {}),
        ("/objects/join", {"objects": ["A", "B"]}),
    ):
        before = blender.get("/objects").json()["result"]
        tried = blender.post(path, json=body, params={"dry_run": True})
        assert tried.json()["result"] == {"dry_run": True}
        assert blender.get("/objects").json()["result"] == before
        assert blender.post(path, json=body).status_code in (200, 201)
        assert blender.post("/undo").status_code == 200
        assert blender.get("/objects").json()["result"] == before


def test_a_rod_of_many_sides_is_as_thick_as_the_formula_says(blender: httpx.Client) -> None:
    add(blender, "cylinder", name="A", vertices=6, scale=[2, 2, 0.5])
    made = post(blender, "/objects/A/apply")
    assert sorted(made["dimensions"]) == pytest.approx([1, 4 * cos(pi / 6), 4], rel=1e-5)


# --- custom properties ---------------------------------------------------------------------------------------------


def test_custom_properties_are_told_changed_and_removed(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="A")
    assert get(blender, "A")["properties"] == {}
    values = {
        "part": "Größe 10",
        "count": 3,
        "large": 2**31,
        "mass": 0.25,
        "steel": True,
        "sizes": [1, 2, 3],
        "at": [0.5, 1],
        "é": ["a"],
    }

    made = blender.patch("/objects/A", json={"properties": values}).json()["result"]

    assert made["properties"] == values
    assert evaluate(gateway, "o = bpy.data.objects['A']; [o['part'], o['count'], list(o['at'])]") == [
        "Größe 10",
        3,
        [0.5, 1],
    ]
    changed = blender.patch("/objects/A", json={"properties": {"count": None, "mass": 1}}).json()["result"]
    assert changed["properties"] == {**{k: v for k, v in values.items() if k != "count"}, "mass": 1}
    assert changed["revision"] != made["revision"]
    assert post(blender, "/undo")["undone"] == "objects.update"
    assert get(blender, "A")["properties"] == values


def test_properties_that_code_set_are_told(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="A")
    code_ = "o = bpy.data.objects['A']; o['nested'] = {'a': 1, 'b': [1.5, 2]}; o['bad'] = float('nan'); o['at'] = o; 1"
    evaluate(gateway, code_)
    assert get(blender, "A")["properties"] == {"nested": {"a": 1, "b": [1.5, 2]}, "bad": None, "at": "A"}


@pytest.mark.parametrize("properties", [{"x": {"a": 1}}, {"x": [1, "a"]}, {"": 1}, {"k" * 64: 1}, {"cycles": 1}])
def test_what_blender_cannot_keep_is_refused(blender: httpx.Client, properties: dict[str, Any]) -> None:
    add(blender, "cube", name="A")
    answer = blender.patch("/objects/A", json={"properties": properties})
    assert code(answer) == (422, "validation_error")
    assert get(blender, "A")["properties"] == {}


# --- meshes with more than points ----------------------------------------------------------------------------------

SQUARE: dict[str, Any] = {
    "name": "Q",
    "vertices": [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]],
    "faces": [[0, 1, 2], [2, 3, 0]],
}


# --- after a death -------------------------------------------------------------------------------------------------


def test_all_of_it_comes_back_after_a_death(blender: httpx.Client, gateway: Gateway) -> None:
    post(blender, "/materials", 201, name="M")
    blender.post("/materials/M/texture", files={"file": ("a.png", png((255, 0, 0)))})
    blender.patch("/materials/M", json={"color": [0.5, 0.5, 0.5]})
    for number in range(4):
        add(
            blender,
            "cube",
            name=f"P{number}",
            location=[number * 1.5, 0, 0],
            rotation=[0, 0, 10 * number],
            material="M",
        )
    post(blender, "/objects/P0/boolean", object="P1", operation="union", delete_other=True)
    post(blender, "/objects/join", 201, objects=["P2", "P0"], name="Both")
    post(blender, "/objects/Both/apply")
    post(blender, "/objects/Both/origin", to="bounds")
    post(blender, "/objects/Both/shade", mode="auto", angle=40)
    post(blender, "/objects/Both/separate")
    blender.patch("/objects/P3", json={"properties": {"a": [1, 2.5], "b": "x"}})
    post(blender, "/meshes", 201, **SQUARE, uvs=[[0, 0]] * 4, normals=[[0, 0, 1]] * 4, colors=[[1, 0, 0]] * 4)
    assert blender.delete("/materials/M/texture").status_code == 200
    before = blender.get("/objects").json()["result"], blender.get("/materials").json()["result"]
    sharp, pid = evaluate(gateway, SHARP.format("Both")), gateway.application_pid("blender")

    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.application_pid("blender") != pid, what="another Blender")

    assert (blender.get("/objects").json()["result"], blender.get("/materials").json()["result"]) == before
    assert not gateway.health("blender")["result"].get("damages")
    assert evaluate(gateway, SHARP.format("Both")) == sharp
