"""Objects in moved containers: all that is told, measured and made of them is in the coordinates of the document."""

from __future__ import annotations

from math import hypot

import httpx
import pytest

from tests.freecad_calls import corners, get, padded, patch, post, refused, run
from tests.gateway import Gateway


@pytest.fixture
def away(freecad: httpx.Client) -> httpx.Client:
    """A pad in a body at x 100, and a box of 10 x 10 x 10 at the origin."""
    padded(freecad, "Bd", "Sk", "Pd", location=[100, 0, 0])
    post(freecad, "/primitives/box", name="Box")
    return freecad


NESTED = """
import math
outer = App.ActiveDocument.addObject("App::Part", "Outer")
outer.Placement = App.Placement(App.Vector(0, 0, 50), App.Rotation(App.Vector(0, 0, 1), 90))
inner = App.ActiveDocument.addObject("App::Part", "Inner")
outer.addObject(inner)
inner.Placement.Base = App.Vector(0, 20, 0)
inner.addObject(App.ActiveDocument.Bd)
App.ActiveDocument.recompute()
"""
"""The body at x 100 in a part at y 20 in a part at z 50 that is turned by 90 degrees: x' = -y - 20, y' = x + 100."""


def test_a_feature_of_a_moved_body_is_measured_where_it_stands(away: httpx.Client) -> None:
    info = get(away, "/objects/Pd")
    assert corners(info) == [100, 0, 0, 110, 10, 5]
    assert info["center_of_mass"] == [105, 5, 2.5]
    assert (info["location"], info["container"]) == ([0, 0, 0], "Bd")
    assert (info["global_location"], info["global_rotation"]) == ([100, 0, 0], [0, 0, 0])
    assert corners(get(away, "/objects/Pd/measures")) == [100, 0, 0, 110, 10, 5]
    assert corners(get(away, "/objects/Sk")) == [100, 0, 0, 110, 10, 0]
    apart = get(away, "/objects/Pd/distance", to="Box")
    assert (apart["distance"], apart["interferes"], apart["common_volume"]) == (90, False, 0)


def test_a_body_in_parts_that_are_turned_is_measured_where_it_stands(gateway: Gateway, away: httpx.Client) -> None:
    run(gateway, NESTED)
    for name in ("Bd", "Pd"):
        info = get(away, f"/objects/{name}")
        assert corners(info) == pytest.approx([-30, 100, 50, -20, 110, 55])
        assert info["global_location"] == pytest.approx([-20, 100, 50])
        assert info["global_rotation"] == pytest.approx([0, 0, 90])
    assert get(away, "/objects/Bd")["location"] == [100, 0, 0]
    assert get(away, "/objects/Bd")["container"] == "Inner"
    assert get(away, "/objects/Pd/distance", to="Bd")["common_volume"] == pytest.approx(500)


def test_faces_and_edges_are_chosen_where_they_stand(gateway: Gateway, away: httpx.Client) -> None:
    faces = get(away, "/objects/Pd/faces")["faces"]
    assert min(face["bounding_box"]["min"][0] for face in faces) == 100
    inside = {"min": [99, -1, 4.9], "max": [111, 11, 5.1]}
    fillet = post(away, "/features/fillet", object="Pd", radius=1, edges={"inside": inside})
    assert corners(fillet) == pytest.approx([100, 0, 0, 110, 10, 5], abs=1e-6)
    run(gateway, NESTED)
    [top] = get(away, "/objects/Pd/faces", facing="0,0,1")["faces"]
    assert top["center"] == pytest.approx([-25, 105, 55])
    [right] = get(away, "/objects/Pd/faces", at="right")["faces"]
    assert right["center"][0] == pytest.approx(-20)


def test_booleans_of_an_object_in_a_moved_container_follow_it_and_everything_around_it(
    gateway: Gateway, away: httpx.Client
) -> None:
    union = post(away, "/boolean/union", object1="Pd", object2="Box", name="Union")
    assert union["volume"] == pytest.approx(1500)
    assert corners(union) == pytest.approx([0, 0, 0, 110, 10, 10])
    patch(away, "Bd", location=[10, 0, 0])
    assert corners(get(away, "/objects/Union")) == pytest.approx([0, 0, 0, 20, 10, 10])
    patch(away, "Pd", properties={"Length": 20})
    assert get(away, "/objects/Union")["volume"] == pytest.approx(3000)
    patch(away, "Bd", location=[5, 0, 0])
    assert get(away, "/objects/Union")["volume"] == pytest.approx(1000 + 2000 - 500)
    run(gateway, NESTED)
    assert get(away, "/objects/Union")["state"] == ["Touched"]
    post(away, "/documents/Test/recompute")
    assert corners(get(away, "/objects/Union")) == pytest.approx([-30, 0, 0, 10, 15, 70])
    patch(away, "Outer", location=[0, 0, 0], rotation=[0, 0, 0])
    assert corners(get(away, "/objects/Union")) == pytest.approx([0, 0, 0, 15, 30, 20])
    info = get(away, "/objects/Union")
    assert (info["valid"], info["state"]) == (True, ["Up-to-date"])


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/boolean/union", {"objects": ["Pd", "Box", "Far"]}, [0, 0, 0, 110, 10, 10]),
        ("/boolean/subtract", {"object1": "Near", "object2": "Pd"}, [95, 0, 0, 105, 10, 10]),
        ("/boolean/subtract", {"objects": ["Near", "Pd", "Box"]}, [95, 0, 0, 105, 10, 10]),
        ("/boolean/intersect", {"object1": "Near", "object2": "Pd"}, [100, 0, 0, 105, 10, 5]),
        ("/features/fillet", {"object": "Pd", "radius": 1, "edges": {"at": "top"}}, [100, 0, 0, 110, 10, 5]),
        ("/features/chamfer", {"object": "Pd", "size": 1, "edges": {"at": "top"}}, [100, 0, 0, 110, 10, 5]),
        ("/features/extrude", {"object": "Sk", "length": 3}, [100, 0, 0, 110, 10, 3]),
        ("/features/revolve", {"object": "Sk", "axis": [0, 1, 0], "base": [100, 0, 0]}, [90, 0, -10, 110, 10, 10]),
        ("/features/mirror", {"object": "Pd", "plane": "yz"}, [-110, 0, 0, -100, 10, 5]),
        (
            "/features/thickness",
            {"object": "Pd", "thickness": 1, "inward": True, "faces": {"at": "top"}},
            [100, 0, 0, 110, 10, 5],
        ),
        ("/features/offset", {"object": "Pd", "distance": 1}, [99, -1, -1, 111, 11, 6]),
        ("/features/section", {"object": "Pd", "base": [0, 0, 2]}, [100, 0, 2, 110, 10, 2]),
        ("/features/linear_pattern", {"object": "Pd", "spacing": 20, "count": 2}, [100, 0, 0, 130, 10, 5]),
        ("/features/polar_pattern", {"object": "Pd", "count": 2, "angle": 360}, [-110, -10, 0, 110, 10, 5]),
    ],
)
def test_what_is_made_from_an_object_in_a_moved_body_stands_where_the_object_does(
    away: httpx.Client, path: str, body: dict[str, object], expected: list[float]
) -> None:
    post(away, "/primitives/box", name="Near", location=[95, 0, 0])
    post(away, "/primitives/box", name="Far", location=[60, 0, 0], height=5)
    info = post(away, path, name="Made", **body)
    assert corners(info) == pytest.approx(expected, abs=1e-5)
    patch(away, "Bd", location=[101, 0, 0])
    after = get(away, "/objects/Made")
    assert after["state"] == ["Up-to-date"]
    assert (corners(after), after["volume"]) != (corners(info), info["volume"])


LINKS = """
document = App.ActiveDocument
part = document.addObject("App::Part", "Part")
part.Placement = App.Placement(App.Vector(0, 0, 50), App.Rotation(App.Vector(0, 0, 1), 90))
part.addObject(document.Box)
document.Box.Placement.Base = App.Vector(20, 0, 0)
for name, linked, location in (
    ("Of", document.Box, (0, 200, 0)), ("OfPart", part, (0, 300, 0)), ("Row", document.Box, (0, 400, 0)),
    ("Inside", document.Box, (0, 30, 0)),
):
    link = document.addObject("App::Link", name)
    link.LinkedObject = linked
    link.Placement.Base = App.Vector(*location)
part.addObject(document.Inside)
document.Row.ElementCount = 3
for number, each in enumerate(document.Row.ElementList):
    each.Placement.Base = App.Vector(20 * number, 0, 0)
group = document.addObject("App::LinkGroup", "Together")
loose = document.addObject("Part::Box", "Loose")
group.setLink([loose])
group.Placement.Base = App.Vector(0, 0, 500)
document.recompute()
"""
LINKED = {
    "Box": [-10, 20, 50, 0, 30, 60],
    "Part": [-40, 0, 50, 0, 30, 60],
    "Of": [0, 200, 0, 10, 210, 10],
    "OfPart": [0, 300, 0, 30, 340, 10],
    "Row": [0, 400, 0, 50, 410, 10],
    "Row_i1": [20, 400, 0, 30, 410, 10],
    "Inside": [-40, 0, 50, -30, 10, 60],
    "Together": [0, 0, 500, 10, 10, 510],
    "Loose": [0, 0, 500, 10, 10, 510],
}


@pytest.fixture
def linked(gateway: Gateway, freecad: httpx.Client) -> httpx.Client:
    """A box in a part that is moved and turned, links to both, a row of links, a link in the part, a group of links."""
    post(freecad, "/primitives/box", name="Box")
    post(freecad, "/primitives/box", name="Tool", length=2, width=2, height=2)
    run(gateway, LINKS)
    return freecad


def test_links_and_what_they_hold_are_measured_where_they_stand_and_follow_what_they_show(linked: httpx.Client) -> None:
    for name, expected in LINKED.items():
        assert corners(get(linked, f"/objects/{name}")) == pytest.approx(expected), name
    before = get(linked, "/objects/OfPart")
    patch(linked, "Box", properties={"Height": 30})
    assert corners(get(linked, "/objects/Row"))[5] == pytest.approx(30)
    assert corners(get(linked, "/objects/Inside"))[5] == pytest.approx(80)
    assert get(linked, "/objects/OfPart")["revision"] != before["revision"]
    patch(linked, "Part", location=[0, 0, 0])
    assert corners(get(linked, "/objects/Inside"))[2] == pytest.approx(0)
    assert get(linked, "/objects/Box/distance", to="Inside")["distance"] == pytest.approx(hypot(20, 10))


@pytest.mark.parametrize("name", LINKED)
def test_links_and_what_they_hold_are_combined_where_they_stand(linked: httpx.Client, name: str) -> None:
    box = LINKED[name]
    [top] = get(linked, f"/objects/{name}/faces", at="top")["faces"][:1]
    x, y, z = top["center"]
    patch(linked, "Tool", location=[x - 1, y - 1, z - 1])
    volume = get(linked, f"/objects/{name}")["volume"]
    union = post(linked, "/boolean/union", object1=name, object2="Tool", name="Union")
    assert union["volume"] == pytest.approx(volume + 4)
    assert corners(union) == pytest.approx([*box[:5], box[5] + 1])
    assert [
        each for each in get(linked, "/objects", fields="state")["objects"] if each["state"] != ["Up-to-date"]
    ] == []


def test_a_sketch_on_a_face_in_a_moved_body_lies_there_and_follows(away: httpx.Client) -> None:
    square = {"type": "rectangle", "corner": [1, 1], "width": 2, "height": 2}
    sketch = post(away, "/sketches", name="On", on="Pd", face="Face6", geometry=[square])
    assert (corners(sketch), sketch["container"]) == ([101, 1, 5, 103, 3, 5], "Bd")
    post(away, "/features/extrude", name="Post", object="On", length=4)
    patch(away, "Bd", location=[100, 0, 20])
    assert corners(get(away, "/objects/On")) == [101, 1, 25, 103, 3, 25]
    assert corners(get(away, "/objects/Post"))[5] == 29
    own = post(away, "/sketches", name="Own", body="Bd", on="Pd", face="Face6", geometry=[square])
    assert corners(own) == [101, 1, 25, 103, 3, 25]
    padded(away, "Other", "S2", "P2", location=[0, 0, -7])
    post(away, "/sketches", name="Across", body="Other", on="Pd", face="Face6", geometry=[square])
    assert corners(get(away, "/objects/Across"))[2] == 25


def test_a_stand_in_is_hidden_and_goes_with_what_was_made_from_it(away: httpx.Client) -> None:
    post(away, "/boolean/union", object1="Pd", object2="Box", name="Union")
    post(away, "/features/offset", name="Grown", object="Pd", distance=1)
    [stand_in] = [each for each in get(away, "/objects")["objects"] if each["type"] == "PartDesign::SubShapeBinder"]
    assert (stand_in["visible"], corners(stand_in)) == (False, [100, 0, 0, 110, 10, 5])
    assert stand_in["name"] in get(away, "/objects/Pd")["used_by"]
    response = away.delete("/objects/Pd")
    assert (response.status_code, response.json()["error"]["details"]["dependents"]) == (409, ["Grown", "Union"])
    assert away.delete("/objects/Union").status_code == 200
    assert get(away, f"/objects/{stand_in['name']}")["used_by"] == ["Grown"]
    assert away.delete("/objects/Grown").json()["result"]["cascaded"] == [stand_in["name"]]
    assert [each["name"] for each in get(away, "/objects", type="PartDesign::SubShapeBinder")["objects"]] == []
    assert get(away, "/objects/Pd")["visible"] is True
    assert away.post("/undo").status_code == 200
    patch(away, "Bd", location=[10, 0, 0])
    assert corners(get(away, "/objects/Grown"))[0] == pytest.approx(9)


def test_exported_files_hold_objects_of_containers_where_they_stand(linked: httpx.Client) -> None:
    for name in ("Box", "Inside", "Row_i1"):
        for format in ("brep", "stl"):
            artifact = post(linked, "/export", format=format, objects=[name])["artifact"]
            [back] = post(linked, "/import", artifact=artifact["id"])["objects"]
            assert corners(back) == pytest.approx(LINKED[name], abs=1e-5), (name, format)


def test_a_body_is_hidden_with_the_feature_that_it_shows_and_exported_no_second_time(away: httpx.Client) -> None:
    post(away, "/features/offset", name="Grown", object="Pd", distance=1)
    assert get(away, "/objects/Bd")["visible"] is False
    exported = post(away, "/export", format="step")
    assert exported["objects"] == ["Box", "Grown"]
    square = {"type": "rectangle", "corner": [0, 0], "width": 2, "height": 2}
    post(away, "/sketches", name="More", body="Bd", geometry=[square])
    post(away, "/features/pad", name="More2", sketch="More", length=9)
    assert post(away, "/export", format="step")["objects"] == ["Bd", "Box", "Grown"]
    assert [away.post("/undo").status_code for _ in range(2)] == [200, 200]
    assert get(away, "/objects/Bd")["visible"] is False
    assert away.delete("/objects/Grown").status_code == 200
    assert get(away, "/objects/Bd")["visible"] is True
    assert post(away, "/export", format="step")["objects"] == ["Bd", "Box"]


def test_an_input_that_is_set_as_a_property_counts_where_it_stands(away: httpx.Client) -> None:
    post(away, "/primitives/box", name="Other", location=[0, 0, 5])
    post(away, "/boolean/union", object1="Box", object2="Other", name="Union")
    info = patch(away, "Union", properties={"Tool": "Pd"})
    assert (info["volume"], corners(info)) == (pytest.approx(1500), pytest.approx([0, 0, 0, 110, 10, 10]))
    patch(away, "Bd", location=[200, 0, 0])
    assert corners(get(away, "/objects/Union"))[3] == pytest.approx(210)


def test_replacing_a_feature_keeps_the_stand_in_that_the_new_one_uses_and_no_other(away: httpx.Client) -> None:
    post(away, "/features/offset", name="Made", object="Pd", distance=1)
    post(away, "/features/offset", name="Made", object="Pd", distance=2, on_conflict="replace")
    post(away, "/features/mirror", name="Made", object="Pd", plane="xy", on_conflict="replace")
    assert len(get(away, "/objects", type="PartDesign::SubShapeBinder")["objects"]) == 1
    post(away, "/features/mirror", name="Made", object="Box", plane="xy", on_conflict="replace")
    assert get(away, "/objects", type="PartDesign::SubShapeBinder")["objects"] == []


def test_undo_and_redo_take_measures_of_what_is_in_a_container_with_them(away: httpx.Client) -> None:
    post(away, "/boolean/union", object1="Pd", object2="Box", name="Union")
    patch(away, "Bd", location=[5, 0, 0])
    for action, corner, volume in (("undo", 100, 1500), ("redo", 5, 1250)):
        assert away.post(f"/{action}").status_code == 200
        assert corners(get(away, "/objects/Pd"))[0] == corner
        assert corners(get(away, "/objects/Sk"))[0] == corner
        assert get(away, "/objects/Union")["volume"] == pytest.approx(volume)
        assert get(away, "/objects/Union")["state"] == ["Up-to-date"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Box", [-3, 21, 60, -1, 23, 60]),
        ("Of", [1, 201, 10, 3, 203, 10]),
        ("Inside", [-33, 1, 60, -31, 3, 60]),
        ("Together", [1, 1, 510, 3, 3, 510]),
    ],
)
def test_a_sketch_on_a_link_or_in_a_part_is_drawn_from_the_origin_of_what_it_lies_on(
    linked: httpx.Client, name: str, expected: list[float]
) -> None:
    [top] = get(linked, f"/objects/{name}/faces", at="top")["faces"]
    square = {"type": "rectangle", "corner": [1, 1], "width": 2, "height": 2}
    sketch = post(linked, "/sketches", name="On", on=name, face=top["name"], geometry=[square])
    assert corners(sketch) == pytest.approx(expected)
    patch(linked, name, location=[0, 0, 0])
    assert corners(get(linked, "/objects/On")) != pytest.approx(expected)
    post(linked, "/features/extrude", name="Post", object="On", length=1)
    assert corners(get(linked, "/objects/Post"))[:2] == pytest.approx(corners(get(linked, "/objects/On"))[:2])


def test_a_sketch_on_what_only_links_place_is_refused_with_the_link(linked: httpx.Client) -> None:
    square = {"type": "rectangle", "corner": [1, 1], "width": 2, "height": 2}
    for name, link in (("Row_i1", "Row"), ("Loose", "Together")):
        message = refused(linked.post("/sketches", json={"on": name, "face": "Face6", "geometry": [square]}))
        assert repr(link) in message
