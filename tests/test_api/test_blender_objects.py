"""Blender's objects over HTTP: listed, described, changed, parented, duplicated, deleted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway


def add(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def get(blender: httpx.Client, name: str, /) -> dict[str, Any]:
    answer = blender.get(f"/objects/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def patch(blender: httpx.Client, name: str, /, **changes: Any) -> dict[str, Any]:
    answer = blender.patch(f"/objects/{name}", json=changes)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def world(gateway: Gateway, name: str) -> list[float]:
    """Where Blender says that an object stands."""
    return evaluate(
        gateway,
        f"bpy.context.view_layer.update()\n[round(x, 4) for x in bpy.data.objects[{name!r}].matrix_world.translation]",
    )


# --- lists -------------------------------------------------------------------------------------------------------


@pytest.fixture
def five(blender: httpx.Client) -> httpx.Client:
    for name in ("Wheel.left", "Wheel.right", "body"):
        add(blender, "cube", name=name)
    blender.post("/light", json={"name": "Key"})
    blender.post("/camera", json={"name": "Eye"})
    return blender


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Eye", "Key", "Wheel.left", "Wheel.right", "body"]),
        ({"type": "MESH"}, ["Wheel.left", "Wheel.right", "body"]),
        ({"type": "light"}, ["Key"]),
        ({"type": "CURVE"}, []),
        ({"name": "Wheel*"}, ["Wheel.left", "Wheel.right"]),
        ({"name": "?ey"}, ["Key"]),
        ({"name": "Body"}, []),
        ({"type": "MESH", "name": "*e*"}, ["Wheel.left", "Wheel.right"]),
    ],
)
def test_objects_are_listed_by_type_and_pattern(five: httpx.Client, query: dict[str, str], names: list[str]) -> None:
    result = five.get("/objects", params=query).json()["result"]
    assert sorted(each["name"] for each in result["objects"]) == names
    assert result["total"] == len(names)


def test_a_list_holds_what_each_object_says_of_itself(five: httpx.Client) -> None:
    for each in five.get("/objects").json()["result"]["objects"]:
        assert {**each, "warnings": []} == get(five, each["name"])


def test_a_list_comes_in_pages_with_chosen_fields(five: httpx.Client) -> None:
    first = five.get("/objects", params={"limit": 2, "fields": "name,type"}).json()["result"]
    second = five.get("/objects", params={"limit": 2, "offset": 2, "fields": "name, location"}).json()["result"]
    assert first["total"] == second["total"] == 5
    assert [set(each) for each in first["objects"]] == [{"name", "type"}] * 2
    assert [set(each) for each in second["objects"]] == [{"name", "location"}] * 2
    brief = five.get("/objects", params={"fields": "name,parent,scale,location,type"}).json()["result"]["objects"]
    whole = five.get("/objects").json()["result"]["objects"]
    assert brief == [
        {field: each[field] for field in ("name", "parent", "scale", "location", "type")} for each in whole
    ]
    assert not {each["name"] for each in first["objects"]} & {each["name"] for each in second["objects"]}
    beyond = five.get("/objects", params={"offset": 9}).json()["result"]
    assert beyond == {"objects": [], "total": 5}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "10001"},
        {"offset": "-1"},
        {"limit": "x"},
        {"fields": "a b"},
        {"fields": "colour"},
        {"x": "1"},
    ],
)
def test_a_page_that_cannot_be_is_refused(five: httpx.Client, query: dict[str, str]) -> None:
    assert code(five.get("/objects", params=query)) == (422, "validation_error")


# --- one object --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
def test_an_object_that_is_not_there_is_404_with_the_nearest_name(blender: httpx.Client, verb: str) -> None:
    add(blender, "cube", name="Wheel")
    answer = blender.request(verb, "/objects/Wheal", json={"visible": True} if verb == "PATCH" else None)
    assert code(answer) == (404, "object_not_found")
    assert answer.json()["error"]["details"]["did_you_mean"] == ["Wheel"]


def test_only_what_is_sent_changes(blender: httpx.Client) -> None:
    before = add(blender, "cube", name="Box", location=[1, 2, 3], rotation=[10, 20, 30], scale=[1, 2, 3])
    after = patch(blender, "Box", location=[4, 5.5, -6])
    changed = {field for field in before if before[field] != after[field]}
    assert changed == {"location", "global_location", "revision"}
    assert after["location"] == [4.0, 5.5, -6.0]
    after = patch(blender, "Box", rotation=[0, 0, 33.3], scale=[2, 2, 2])
    assert (after["rotation"], after["scale"], after["dimensions"]) == ([0.0, 0.0, 33.3], [2.0] * 3, [4.0] * 3)
    assert patch(blender, "Box") == after == get(blender, "Box")


def test_an_object_with_another_rotation_mode_reads_and_takes_degrees(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    evaluate(
        gateway,
        "import math\nbox = bpy.data.objects['Box']\nbox.rotation_mode = 'QUATERNION'\n"
        "box.rotation_quaternion = (math.cos(math.pi / 4), 0, 0, math.sin(math.pi / 4))",
    )
    assert get(blender, "Box")["rotation"] == pytest.approx([0, 0, 90], abs=1e-4)
    assert patch(blender, "Box", rotation=[0, 45, 0])["rotation"] == [0.0, 45.0, 0.0]


def test_a_renamed_object_is_there_under_its_new_name_only(blender: httpx.Client) -> None:
    before = add(blender, "cube", name="Old")
    after = patch(blender, "Old", name="New / ü")
    assert after["name"] == "New / ü"
    assert blender.get("/objects/Old").status_code == 404
    assert blender.get("/objects/New%20%2F%20%C3%BC").json()["result"] == after
    assert after["vertices"] == before["vertices"]
    add(blender, "cube", name="Old")
    assert code(blender.patch("/objects/Old", json={"name": "New / ü", "location": [9, 9, 9]})) == (409, "name_taken")
    assert get(blender, "Old")["location"] == [0.0, 0.0, 0.0]
    assert patch(blender, "Old", name="Old")["name"] == "Old"


def test_a_hidden_object_is_not_visible_for_blender_either(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    assert patch(blender, "Box", visible=False)["visible"] is False
    seen = evaluate(gateway, "box = bpy.data.objects['Box']\n[box.visible_get(), box.hide_render]")
    assert seen == [False, True]
    assert patch(blender, "Box", visible=True)["visible"] is True
    evaluate(gateway, "bpy.data.objects['Box'].hide_set(True)")
    assert get(blender, "Box")["visible"] is False
    assert patch(blender, "Box", visible=True)["visible"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"location": None},
        {"location": [1, 2]},
        {"rotation": ["0", 0, 0]},
        {"scale": 2},
        {"visible": 1},
        {"visible": None},
        {"name": ""},
        {"name": None},
        {"name": "x" * 256},
        {"colour": "#ff0000"},
        {"parent": 3},
        {"location": [9, 9, 9], "parent": "Box"},
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(blender: httpx.Client, changes: dict[str, Any]) -> None:
    before = add(blender, "cube", name="Box")
    assert code(blender.patch("/objects/Box", json=changes)) == (422, "validation_error")
    assert get(blender, "Box") == before


def test_the_revision_changes_with_everything_that_can_be_seen(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    blender.post("/materials", json={"name": "Red"})
    seen = {get(blender, "Box")["revision"]}
    steps = [
        lambda: patch(blender, "Box", location=[1, 0, 0]),
        lambda: patch(blender, "Box", visible=False),
        lambda: blender.post("/materials/apply", json={"object": "Box", "material": "Red"}),
        lambda: blender.post("/objects/Box/modifiers", json={"type": "bevel"}),
        lambda: blender.patch("/objects/Box/modifiers/Bevel", json={"segments": 2}),
        lambda: evaluate(gateway, "bpy.data.objects['Box'].data.vertices[0].co.x = -5"),
        lambda: evaluate(gateway, "bpy.data.objects['Box'].data.flip_normals()"),
    ]
    for number, step in enumerate(steps, start=2):
        step()
        seen.add(get(blender, "Box")["revision"])
        assert len(seen) == number


def test_a_change_that_lost_the_race_is_412(blender: httpx.Client) -> None:
    old = add(blender, "cube", name="Box")["revision"]
    new = patch(blender, "Box", location=[1, 0, 0])["revision"]
    lost = {"If-Match": old}
    for answer in (
        blender.patch("/objects/Box", json={"location": [2, 0, 0]}, headers=lost),
        blender.delete("/objects/Box", headers=lost),
        blender.post("/objects/Box/modifiers", json={"type": "bevel"}, headers=lost),
    ):
        assert code(answer) == (412, "revision_mismatch")
    assert get(blender, "Box")["revision"] == new
    assert blender.delete("/objects/Box", headers={"If-Match": new}).status_code == 200


# --- parents -----------------------------------------------------------------------------------------------------


def test_a_parented_object_stays_where_it_is_and_moves_with_its_parent(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Car", location=[10, 0, 0], rotation=[0, 0, 90], scale=[2, 2, 2])
    add(blender, "cube", name="Wheel", location=[1, 2, 3])
    info = patch(blender, "Wheel", parent="Car")
    assert (info["parent"], info["location"]) == ("Car", [1.0, 2.0, 3.0])
    assert info["dimensions"] == [2.0, 2.0, 2.0]
    assert world(gateway, "Wheel") == [1.0, 2.0, 3.0]
    patch(blender, "Car", location=[10, 5, 0])
    assert world(gateway, "Wheel") == [1.0, 7.0, 3.0]
    assert patch(blender, "Wheel", parent=None)["location"] == pytest.approx([1, 7, 3], abs=1e-5)
    assert world(gateway, "Wheel") == [1.0, 7.0, 3.0]


def test_the_children_of_a_deleted_object_stay_where_they_are(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "empty", name="Pivot", location=[5, 0, 0])
    add(blender, "cube", name="Arm", location=[6, 1, 0])
    patch(blender, "Arm", parent="Pivot")
    patch(blender, "Pivot", rotation=[0, 0, 90])
    before = world(gateway, "Arm")
    assert before == [4.0, 1.0, 0.0]
    assert blender.delete("/objects/Pivot").status_code == 200
    assert world(gateway, "Arm") == before
    assert get(blender, "Arm")["parent"] is None


def test_nothing_becomes_its_own_parent(blender: httpx.Client) -> None:
    for name in ("A", "B", "C"):
        add(blender, "cube", name=name)
    patch(blender, "B", parent="A")
    patch(blender, "C", parent="B")
    assert code(blender.patch("/objects/A", json={"parent": "C"})) == (422, "validation_error")
    assert code(blender.patch("/objects/A", json={"parent": "A"})) == (422, "validation_error")
    assert code(blender.patch("/objects/A", json={"parent": "D"})) == (404, "object_not_found")
    assert get(blender, "A")["parent"] is None


# --- duplicates --------------------------------------------------------------------------------------------------


def test_a_copy_has_everything_but_its_own_mesh(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/materials", json={"name": "Red"})
    blender.post("/collections", json={"name": "Parts"})
    original = add(blender, "cube", name="Box", location=[1, 2, 3], material="Red", collection="Parts")
    blender.post("/objects/Box/modifiers", json={"type": "bevel", "width": 0.2})
    answer = blender.post("/objects/Box/duplicate", json={"name": "Copy", "location": [7, 8, 9]})
    assert answer.status_code == 201
    copy = answer.json()["result"]
    assert (copy["name"], copy["location"]) == ("Copy", [7.0, 8.0, 9.0])
    for field in ("rotation", "scale", "materials", "collections", "vertices", "faces"):
        assert copy[field] == original[field]
    assert copy["modifiers"] == ["Bevel"]
    assert evaluate(gateway, "bpy.data.objects['Box'].data != bpy.data.objects['Copy'].data") is True
    assert get(blender, "Copy") == copy


def test_a_linked_copy_shares_the_mesh_until_one_is_deleted(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Box")
    copy = blender.post("/objects/Box/duplicate", json={"linked": True}).json()["result"]
    assert copy["name"] == "Box.001"
    assert evaluate(gateway, "bpy.data.objects['Box'].data == bpy.data.objects['Box.001'].data") is True
    blender.delete("/objects/Box")
    assert get(blender, "Box.001")["vertices"] == 8


def test_a_copy_respects_names(blender: httpx.Client) -> None:
    add(blender, "cube", name="Box")
    add(blender, "plane", name="Taken")
    assert code(blender.post("/objects/Box/duplicate", json={"name": "Taken"})) == (409, "name_taken")
    assert code(blender.post("/objects/Box/duplicate", json={"name": "Box", "on_conflict": "replace"})) == (
        422,
        "validation_error",
    )
    assert code(blender.post("/objects/Bax/duplicate", json={})) == (404, "object_not_found")
    assert blender.get("/objects").json()["result"]["total"] == 2
    replaced = blender.post("/objects/Box/duplicate", json={"name": "Taken", "on_conflict": "replace"}).json()["result"]
    assert (replaced["name"], replaced["vertices"]) == ("Taken", 8)
    assert blender.get("/objects").json()["result"]["total"] == 2


# --- collections -------------------------------------------------------------------------------------------------


def test_objects_move_between_collections(blender: httpx.Client) -> None:
    add(blender, "cube", name="Box")
    assert blender.post("/collections", json={"name": "Parts"}).status_code == 201
    child = blender.post("/collections", json={"name": "Small", "parent": "Parts"}).json()["result"]
    assert child["parent"] == "Parts"
    moved = blender.post("/collections/Small/objects", json={"objects": ["Box"]}).json()["result"]
    assert moved["objects"] == ["Box"]
    assert get(blender, "Box")["collections"] == ["Small"]
    blender.post("/collections/Parts/objects", json={"objects": ["Box"], "keep": True})
    assert sorted(get(blender, "Box")["collections"]) == ["Parts", "Small"]
    assert blender.delete("/collections/Parts").json()["result"] == {"deleted": "Parts"}
    assert get(blender, "Box")["collections"] == ["Small"]
    assert blender.get("/collections/Small").json()["result"]["parent"] == "Scene Collection"
    blender.delete("/collections/Small")
    assert get(blender, "Box")["collections"] == ["Scene Collection"]
    names = [each["name"] for each in blender.get("/collections").json()["result"]["collections"]]
    assert names == ["Scene Collection"]


def test_collections_that_cannot_be_are_refused(blender: httpx.Client) -> None:
    blender.post("/collections", json={"name": "Parts"})
    assert code(blender.post("/collections", json={"name": "Parts"})) == (409, "name_taken")
    assert code(blender.post("/collections", json={"name": "A", "parent": "No"})) == (404, "collection_not_found")
    assert code(blender.delete("/collections/Scene%20Collection")) == (422, "validation_error")
    assert code(blender.post("/collections/Parts/objects", json={"objects": ["No"]})) == (404, "object_not_found")
    assert code(blender.post("/collections/Parts/objects", json={"objects": []})) == (422, "validation_error")
    assert code(blender.get("/collections/No")) == (404, "collection_not_found")
    assert len(blender.get("/collections").json()["result"]["collections"]) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/primitives/cube", {}),
        ("/light", {"kind": "point"}),
        ("/camera", {}),
        ("/meshes", {"vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]}),
        ("/objects/Other/duplicate", {}),
    ],
)
def test_replacing_an_object_needs_its_revision_where_one_is_sent(
    blender: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    blender.post("/primitives/cube", json={"name": "Other"})
    old = blender.post("/primitives/empty", json={"name": "Kept"}).json()["result"]
    wanted = {**body, "name": "Kept", "on_conflict": "replace"}

    refused = blender.post(path, json=wanted, headers={"If-Match": '"another"'})

    assert refused.status_code == 412, refused.text
    assert refused.json()["error"]["code"] == "revision_mismatch"
    assert blender.get("/objects/Kept").json()["result"] == old
    done = blender.post(path, json=wanted, headers={"If-Match": f'"{old["revision"]}"'})
    assert done.status_code == 201, done.text
    assert blender.get("/objects/Kept").json()["result"]["type"] != "EMPTY"


@pytest.mark.parametrize("kind", ["objects", "materials"])
def test_a_rename_does_with_a_taken_name_what_on_conflict_says(blender: httpx.Client, kind: str) -> None:
    creation = {"objects": "/primitives/cube", "materials": "/materials"}[kind]
    for name in ("Mine", "Taken"):
        assert blender.post(creation, json={"name": name}).status_code == 201
    taken = blender.get(f"/{kind}/Taken").json()["result"]

    refused = blender.patch(f"/{kind}/Mine", json={"name": "Taken"})
    renamed = blender.patch(f"/{kind}/Mine", json={"name": "Taken", "on_conflict": "rename"})

    assert refused.json()["error"]["code"] == "name_taken", refused.text
    assert renamed.status_code == 200, renamed.text
    assert renamed.json()["result"]["name"] == "Taken.001"
    assert blender.get(f"/{kind}/Taken").json()["result"] == taken
    assert blender.get(f"/{kind}/Mine").status_code == 404
    replaced = blender.patch(f"/{kind}/Taken.001", json={"name": "Taken", "on_conflict": "replace"})
    assert replaced.json()["result"]["name"] == "Taken", replaced.text
    assert blender.get(f"/{kind}/Taken.001").status_code == 404


def test_what_an_object_is_stands_in_errors_with_its_article(blender: httpx.Client) -> None:
    blender.post("/primitives/empty", json={"name": "Nothing"})
    blender.post("/primitives/cube", json={"name": "Box"})

    told = [
        blender.patch(f"/camera/{name}", json={"lens": 20}).json()["error"]["message"] for name in ("Nothing", "Box")
    ]

    assert told == ["'Nothing' is an EMPTY, not a CAMERA", "'Box' is a MESH, not a CAMERA"]
