"""Links, groups and parts by routes: each shown, measured, combined and exported where it stands, by every door."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
import trimesh

from tests.freecad_calls import corners, get, padded, patch, post, refused, run, settled
from tests.gateway import Gateway, eventually

BOX = [0, 0, 0, 10, 10, 10]


def shifted(box: Sequence[float], x: float = 0, y: float = 0, z: float = 0) -> list[float]:
    return [box[0] + x, box[1] + y, box[2] + z, box[3] + x, box[4] + y, box[5] + z]


def link(freecad: httpx.Client, of: str, /, **body: Any) -> dict[str, Any]:
    return post(freecad, f"/objects/{of}/links", **body)


def regroup(freecad: httpx.Client, name: str, /, **body: Any) -> dict[str, Any]:
    response = freecad.patch(f"/groups/{name}", json=body)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def exported(freecad: httpx.Client, **body: Any) -> trimesh.Trimesh:
    result = post(freecad, "/export", format="stl", **body)
    url = f"{freecad.base_url.scheme}://{freecad.base_url.netloc.decode()}{result['artifact']['url']}"
    mesh: Any = trimesh.load(BytesIO(freecad.get(url).content), file_type="stl", force="mesh")
    return mesh


@pytest.fixture
def box(freecad: httpx.Client) -> httpx.Client:
    post(freecad, "/primitives/box", name="Box", location=[5, 0, 0])
    return freecad


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_link_shows_an_object_at_a_place_of_its_own_and_follows_it(box: httpx.Client) -> None:
    made = link(box, "Box", name="Twin", label="Zwilling Ø", location=[100, "1 in", 0], rotation=[0, 0, 90])
    assert (made["type"], made["links_to"], made["label"]) == ("App::Link", "Box", "Zwilling Ø")
    assert corners(made) == pytest.approx([90, 25.4, 0, 100, 35.4, 10])
    assert (made["location"], made["rotation"], made["volume"]) == ([100, 25.4, 0], [0, 0, 90], 1000)
    assert get(box, "/objects/Twin")["depends_on"] == ["Box"]
    patch(box, "Box", properties={"Height": 30}, location=[500, 0, 0])
    assert corners(get(box, "/objects/Twin")) == pytest.approx([90, 25.4, 0, 100, 35.4, 30])
    assert corners(patch(box, "Twin", location=[0, 0, 0], rotation=[0, 0, 0])) == [0, 0, 0, 10, 10, 30]
    assert get(box, "/objects/Twin/distance", to="Box")["distance"] == 490
    assert get(box, "/objects/Twin/measures")["counts"]["faces"] == 6
    assert settled(box)


def test_without_a_place_a_link_stands_where_the_object_stands_in_the_document(freecad: httpx.Client) -> None:
    padded(freecad, "Bd", "Sk", "Pd", location=[100, 0, 0], rotation=[0, 0, 90])
    expected = [90, 0, 0, 100, 10, 5]
    for name in ("Bd", "Pd"):
        assert corners(link(freecad, name)) == pytest.approx(expected), name
    assert corners(link(freecad, "Pd", location=[0, 0, 0])) == pytest.approx(shifted([-10, 0, 0, 0, 10, 5]))


def test_links_of_links_of_parts_of_bodies_and_of_meshes_stand_where_they_are_put(freecad: httpx.Client) -> None:
    padded(freecad, "Bd", "Sk", "Pd", location=[100, 0, 0])
    post(freecad, "/primitives/box", name="Box", location=[20, 0, 0])
    post(freecad, "/groups", name="Pt", kind="part", objects=["Box", "Bd"], location=[0, 0, 50])
    assert corners(link(freecad, "Pt", name="OfPart", location=[0, 300, 0])) == pytest.approx(
        [20, 300, 0, 110, 310, 10]
    )
    assert corners(link(freecad, "OfPart", name="Again", location=[0, 0, -7])) == pytest.approx([20, 0, -7, 110, 10, 3])
    assert corners(link(freecad, "Bd", name="OfBody", location=[0, 1, 0])) == pytest.approx([0, 1, 0, 10, 11, 5])
    regroup(freecad, "Pt", add=["OfBody"])
    assert corners(get(freecad, "/objects/OfBody")) == pytest.approx([0, 1, 50, 10, 11, 55])
    assert corners(get(freecad, "/objects/Again")) == pytest.approx([0, 0, -7, 110, 11, 3])
    patch(freecad, "Pd", properties={"Length": 12})
    assert corners(get(freecad, "/objects/Again")) == pytest.approx([0, 0, -7, 110, 11, 5])
    assert get(freecad, "/objects/OfPart")["volume"] == pytest.approx(1000 + 1200 + 1200)
    assert settled(freecad)


@pytest.mark.parametrize(
    ("route", "volume", "expected"),
    [
        ("union", 1875, [100, 0, 0, 115, 15, 15]),
        ("subtract", 875, [100, 0, 0, 110, 10, 10]),
        ("intersect", 125, [105, 5, 5, 110, 10, 10]),
    ],
)
def test_booleans_on_links_follow_the_links_and_what_they_show(
    box: httpx.Client, route: str, volume: float, expected: list[float]
) -> None:
    link(box, "Box", name="One", location=[100, 0, 0])
    link(box, "Box", name="Two", location=[105, 5, 5])
    made = post(box, f"/boolean/{route}", object1="One", object2="Two", name="Made")
    assert made["volume"] == pytest.approx(volume)
    assert corners(made) == pytest.approx(expected)
    patch(box, "One", location=[96, 0, 0])
    patch(box, "Two", location=[101, 5, 5])
    assert corners(get(box, "/objects/Made")) == pytest.approx(shifted(expected, x=-4))
    patch(box, "Box", properties={"Length": 20})
    first, second = 2000, 15 * 5 * 5
    by_route = {"union": 2 * first - second, "subtract": first - second, "intersect": second}
    assert get(box, "/objects/Made")["volume"] == pytest.approx(by_route[route])
    assert settled(box)


def test_links_are_exported_where_they_stand(box: httpx.Client) -> None:
    link(box, "Box", name="Twin", location=[0, 0, 100], rotation=[90, 0, 0])
    for objects, expected in ((["Twin"], [[0, -10, 100], [10, 0, 110]]), (None, [[0, -10, 0], [15, 10, 110]])):
        mesh = exported(box, **({} if objects is None else {"objects": objects}))
        assert mesh.bounds == pytest.approx(np.array(expected), abs=1e-6)
    result = post(box, "/export", format="step", objects=["Twin"])
    back = post(box, "/import", artifact=result["artifact"]["id"])["objects"][0]
    assert corners(back) == pytest.approx([0, -10, 100, 10, 0, 110])


def test_what_is_linked_is_deleted_only_with_its_links(box: httpx.Client) -> None:
    link(box, "Box", name="One")
    link(box, "One", name="Two")
    before = get(box, "/objects")
    message = refused(box.delete("/objects/Box"), "conflict", 409)
    assert "'Box'" in message
    assert "One" in message
    assert get(box, "/objects") == before
    assert box.delete("/objects/Two").status_code == 200
    result = box.delete("/objects/Box", params={"cascade": True}).json()["result"]
    assert (result["deleted"], result["cascaded"]) == ("Box", ["One"])
    assert get(box, "/objects")["total"] == 0


def test_what_cannot_be_linked_is_refused_with_what_to_do(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    post(freecad, "/groups", name="Empty")
    post(freecad, "/bodies", name="Bd")
    assert "empty" in refused(freecad.post("/objects/Empty/links", json={}))
    assert "empty" in refused(freecad.post("/objects/Bd/links", json={}))
    assert refused(freecad.post("/objects/Boks/links", json={}), "object_not_found", 404)
    origin = next(each["name"] for each in get(freecad, "/objects")["objects"] if each["type"] == "App::Plane")
    assert refused(freecad.post(f"/objects/{origin}/links", json={}))
    assert refused(freecad.post("/objects/Box/links", json={"name": "Box"}), "name_taken", 409)
    assert refused(freecad.post("/objects/Box/links", json={"name": "Box", "on_conflict": "replace"}), "conflict", 409)
    assert get(freecad, "/objects/Box")["used_by"] == []


def test_a_link_to_itself_or_in_a_cycle_is_refused_and_changes_nothing(box: httpx.Client) -> None:
    link(box, "Box", name="One")
    post(box, "/groups", name="Pt", kind="part", objects=["One"])
    link(box, "Pt", name="Two")
    before = get(box, "/objects")
    for target in ("One", "Two", "Pt"):
        response = box.patch("/objects/One", json={"properties": {"LinkedObject": target}})
        assert f"{target!r} depends on 'One' itself" in refused(response)
    assert "cycle" in refused(box.patch("/groups/Pt", json={"add": ["Two"]}))
    assert get(box, "/objects") == before
    post(box, "/primitives/box", name="Other", length=3)
    assert patch(box, "One", properties={"LinkedObject": "Other"})["volume"] == 300
    assert get(box, "/objects/Two")["volume"] == 300


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_part_moves_what_is_in_it(box: httpx.Client) -> None:
    post(box, "/primitives/cylinder", name="Pin", radius=2, height=10)
    made = post(
        box, "/groups", name="Pt", kind="part", objects=["Box", "Pin"], location=[0, 0, 50], rotation=[0, 0, 90]
    )
    assert (made["type"], made["members"], made["container"]) == ("App::Part", ["Box", "Pin"], None)
    assert corners(made) == pytest.approx([-10, -2, 50, 2, 15, 60])
    info = get(box, "/objects/Box")
    assert corners(info) == pytest.approx([-10, 5, 50, 0, 15, 60])
    assert (info["location"], info["container"]) == ([5, 0, 0], "Pt")
    assert info["global_location"] == pytest.approx([0, 5, 50])
    patch(box, "Pt", location=[0, 0, 0], rotation=[0, 0, 0])
    assert corners(get(box, "/objects/Box")) == shifted(BOX, x=5)
    assert exported(box).bounds == pytest.approx(np.array([[-2, -2, 0], [15, 10, 10]]), abs=0.05)
    assert settled(box)


def test_exports_of_parts_and_groups_hold_each_member_once_where_it_stands(box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Other", location=[0, 50, 0])
    post(box, "/groups", name="Pt", kind="part", objects=["Box"], location=[0, 0, 50])
    post(box, "/groups", name="Folder", objects=["Other"])
    whole = exported(box)
    assert whole.volume == pytest.approx(2000)
    assert whole.bounds.tolist() == [[0, 0, 0], [15, 60, 60]]
    assert exported(box, objects=["Folder"]).bounds.tolist() == [[0, 50, 0], [10, 60, 10]]
    assert exported(box, objects=["Pt"]).bounds.tolist() == [[5, 0, 50], [15, 10, 60]]
    patch(box, "Pt", visible=False)
    assert exported(box).volume == pytest.approx(1000)


def test_members_come_and_go(box: httpx.Client) -> None:
    for name in ("A", "B", "C"):
        post(box, "/primitives/box", name=name)
    post(box, "/groups", name="Pt", kind="part", objects=["A"], location=[0, 0, 100])
    assert regroup(box, "Pt", add=["B", "C"], remove=["A"])["members"] == ["B", "C"]
    assert corners(get(box, "/objects/A")) == BOX
    assert corners(get(box, "/objects/B")) == shifted(BOX, z=100)
    assert regroup(box, "Pt", objects=["A", "C"])["members"] == ["C", "A"]
    post(box, "/groups", name="Inner", objects=["B"])
    assert corners(get(box, "/objects/B")) == BOX
    assert "name its members" in refused(box.patch("/groups/Pt", json={"add": ["Inner"]}))
    assert get(box, "/objects/Pt")["volume"] == 2000
    post(box, "/groups", name="Second", kind="part", objects=["B"], location=[500, 0, 0])
    assert get(box, "/objects/Inner")["members"] == []
    assert corners(get(box, "/objects/B")) == shifted(BOX, x=500)
    regroup(box, "Pt", add=["Second"])
    assert corners(get(box, "/objects/B")) == shifted(BOX, x=500, z=100)
    regroup(box, "Second", remove=["B"])
    assert corners(get(box, "/objects/B")) == shifted(BOX, z=100)
    assert get(box, "/objects/B")["container"] == "Pt"
    assert regroup(box, "Second", objects=[])["members"] == []
    assert settled(box)


def test_containers_have_the_volumes_of_their_members_after_undo_redo_and_a_refused_batch(box: httpx.Client) -> None:
    for name in ("A", "B", "C"):
        post(box, "/primitives/box", name=name)
    post(box, "/groups", name="Inner", kind="part", objects=["A", "B"], location=[0, 0, 100])
    post(box, "/groups", name="Outer", kind="part", objects=["C"])
    regroup(box, "Outer", add=["Inner"])
    link(box, "Outer", name="Shown", location=[500, 0, 0])
    post(box, "/groups", name="Folder", objects=["Shown"])

    def volumes() -> list[float]:
        return [get(box, f"/objects/{name}")["volume"] for name in ("Inner", "Outer", "Shown", "Folder")]

    assert volumes() == [2000, 3000, 3000, 3000]
    assert box.delete("/objects/A").status_code == 200
    assert volumes() == [1000, 2000, 2000, 2000]
    assert box.post("/undo").status_code == 200
    assert volumes() == [2000, 3000, 3000, 3000]
    assert box.post("/redo").status_code == 200
    assert volumes() == [1000, 2000, 2000, 2000]
    post(box, "/primitives/box", name="D")
    calls = [
        {"method": "groups.update", "params": {"name": "Inner", "add": ["D"]}},
        {"method": "objects.get", "params": {"name": "Inner"}},
        {"method": "objects.get", "params": {"name": "Nowhere"}},
    ]
    assert box.post("/batch", json={"calls": calls, "atomic": True}).status_code == 404
    assert volumes() == [1000, 2000, 2000, 2000]
    for change, there in (({"visible": False}, None), ({"properties": {"Length": 20}}, 2000)):
        assert box.patch("/objects/B", json=change).status_code == 200
        assert volumes() == [there, *[1000 + (there or 0)] * 3]
        assert box.post("/undo").status_code == 200
        assert volumes() == [1000, 2000, 2000, 2000]
    patch(box, "B", location=[0, 0, -7])
    assert corners(get(box, "/objects/Shown")) == shifted([0, 0, 0, 10, 10, 103], x=500)
    assert box.post("/undo").status_code == 200
    assert corners(get(box, "/objects/Shown")) == shifted([0, 0, 0, 10, 10, 110], x=500)
    assert settled(box)


def test_what_is_made_of_one_another_comes_along_and_is_named(box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Tool", location=[10, 5, 5])
    cut = post(box, "/boolean/subtract", object1="Box", object2="Tool", name="Cut")
    made = post(box, "/groups", name="Pt", kind="part", objects=["Tool"], location=[0, 0, 100])
    assert sorted(made["members"]) == ["Box", "Cut", "Tool"]
    [warning] = made["warnings"]
    assert warning["code"] == "came_along"
    assert "'Box', 'Cut'" in warning["message"]
    assert corners(get(box, "/objects/Cut")) == pytest.approx(shifted(corners(cut), z=100))
    gone = regroup(box, "Pt", remove=["Cut"])
    assert (gone["members"], [each["code"] for each in gone["warnings"]]) == ([], ["came_along"])
    assert corners(get(box, "/objects/Cut")) == pytest.approx(corners(cut))
    assert settled(box)


def test_booleans_outside_follow_what_comes_into_a_part_and_leaves_it(box: httpx.Client) -> None:
    post(box, "/groups", name="Pt", kind="part", objects=["Box"], location=[0, 0, 100])
    post(box, "/primitives/box", name="Plate", length=100, width=100, height=1, location=[0, 0, 99.5])
    union = post(box, "/boolean/union", object1="Box", object2="Plate", name="Union")
    assert union["volume"] == pytest.approx(10000 + 1000 - 50)
    patch(box, "Pt", location=[0, 0, 0])
    assert get(box, "/objects/Union")["volume"] == pytest.approx(11000)
    patch(box, "Pt", location=[0, 0, 100])
    regroup(box, "Pt", remove=["Box"])
    assert corners(get(box, "/objects/Box")) == shifted(BOX, x=5)
    assert get(box, "/objects/Union")["volume"] == pytest.approx(11000)
    assert settled(box)


def test_a_group_that_would_hold_itself_or_what_holds_it_is_refused(box: httpx.Client) -> None:
    post(box, "/groups", name="Inner", kind="part", objects=["Box"])
    post(box, "/groups", name="Outer", kind="part", objects=["Inner"])
    post(box, "/groups", name="Folder", objects=["Outer"])
    before = get(box, "/objects")
    assert "itself" in refused(box.patch("/groups/Inner", json={"add": ["Inner"]}))
    assert "cycle" in refused(box.patch("/groups/Inner", json={"add": ["Outer"]}))
    assert "plain group" in refused(box.patch("/groups/Inner", json={"add": ["Folder"]}))
    post(box, "/groups", name="Second", objects=["Folder"])
    assert "cycle" in refused(box.patch("/groups/Folder", json={"add": ["Second"]}))
    padded(box, "Bd", "Sk", "Pd")
    assert "'Bd'" in refused(box.post("/groups", json={"objects": ["Pd"]}))
    assert "twice" in refused(box.post("/groups", json={"objects": ["Bd", "Bd"]}))
    assert "part" in refused(box.post("/groups", json={"location": [1, 0, 0]}))
    assert refused(box.post("/groups", json={"objects": ["Nobody"]}), "object_not_found", 404)
    assert "neither" in refused(box.patch("/groups/Box", json={"add": ["Bd"]}))
    assert "not in" in refused(box.patch("/groups/Inner", json={"remove": ["Bd"]}))
    assert get(box, "/objects")["objects"][: before["total"]] == before["objects"]


def test_a_plain_group_is_deleted_alone_and_a_part_with_what_is_in_it(box: httpx.Client) -> None:
    post(box, "/groups", name="Folder", objects=["Box"])
    assert box.delete("/objects/Folder").json()["result"]["cascaded"] == []
    assert corners(get(box, "/objects/Box")) == shifted(BOX, x=5)
    post(box, "/groups", name="Pt", kind="part", objects=["Box"])
    link(box, "Box", name="Twin")
    assert "Twin" in refused(box.delete("/objects/Pt"), "conflict", 409)
    assert "Box" in box.delete("/objects/Pt", params={"cascade": True}).json()["result"]["cascaded"]
    assert get(box, "/objects")["total"] == 0


FOLDER = """
part = App.ActiveDocument.addObject("App::Part", "Pt")
part.Placement.Base.z = 100
folder = App.ActiveDocument.addObject("App::DocumentObjectGroup", "Folder")
folder.addObject(App.ActiveDocument.Box)
part.addObject(App.ActiveDocument.Other)
part.addObject(folder)
App.ActiveDocument.recompute()
"""
"""A folder in a part, as its window and files of others have it: FreeCAD lists the box in both."""


def test_what_is_in_a_folder_in_a_part_is_measured_and_weighed_once(gateway: Gateway, box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Other", location=[50, 0, 0])
    run(gateway, FOLDER)
    link(box, "Pt", name="Twin", location=[0, 0, 0])
    patch(box, "Box", material={"density": 1e6})
    patch(box, "Other", material={"density": 1e6})
    for name, z in (("Pt", 100), ("Twin", 0)):
        info = get(box, f"/objects/{name}")
        assert (info["volume"], info["mass"]) == (pytest.approx(2000), pytest.approx(2))
        assert corners(info) == pytest.approx([5, 0, z, 60, 10, z + 10])
        assert get(box, f"/objects/{name}/measures")["counts"]["solids"] == 2
        assert exported(box, objects=[name]).volume == pytest.approx(2000)


# --- every door ------------------------------------------------------------------------------------------------------


def test_links_and_groups_are_undone_kept_and_done_in_atomic_batches(gateway: Gateway, box: httpx.Client) -> None:
    calls = [
        {"method": "links.create", "params": {"object": "Box", "name": "Twin", "location": [50, 0, 0]}},
        {"method": "groups.create", "params": {"name": "Pt", "kind": "part", "objects": ["Twin"]}},
        {"method": "objects.update", "params": {"name": "Pt", "location": [0, 0, 100]}},
        {"method": "groups.update", "params": {"name": "Pt", "add": ["Box"]}},
    ]
    results = post(box, "/batch", calls=calls, atomic=True)["results"]
    assert results[3]["result"]["members"] == ["Twin", "Box"]
    failing = [*calls[3:], {"method": "groups.update", "params": {"name": "Pt", "add": ["Pt"]}}]
    before = get(box, "/objects")
    response = box.post("/batch", json={"calls": failing, "atomic": True})
    assert response.json()["error"]["details"]["index"] == 1
    assert get(box, "/objects") == before
    for number in range(12):
        regroup(box, "Pt", remove=["Box"])
        regroup(box, "Pt", add=["Box"])
        if number == 0:
            assert box.post("/undo").status_code == 200
            assert get(box, "/objects/Pt")["members"] == ["Twin"]
            assert box.post("/redo").status_code == 200
    before = get(box, "/objects")
    assert corners(get(box, "/objects/Box")) == shifted(BOX, x=5, z=100)
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="another FreeCAD"
    )
    assert get(box, "/objects") == before
