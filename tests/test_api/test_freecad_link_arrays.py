"""Arrays of links: kept up to date, weighed, exported once, assembled, and copied with elements of their own."""

from __future__ import annotations

import httpx
import pytest

from tests.freecad_calls import corners, get, patch, post, refused, settled

RED, BLUE = "#d02010", "#2060c0"


@pytest.fixture
def row(freecad: httpx.Client) -> httpx.Client:
    """A box of 10 with a density and a coloured top, and an array of two links to it, 20 apart, from y = 100."""
    top = {"type": "plane", "at": "top"}
    steel = {"name": "Steel", "density": 8000}
    post(freecad, "/primitives/box", name="Box", color=RED, face_colors=[{"faces": top, "color": BLUE}], material=steel)
    post(freecad, "/objects/Box/links", name="Row", location=[0, 100, 0])
    made = patch(freecad, "Row", properties={"ElementCount": 2})
    assert (made["state"], made["volume"]) == (["Up-to-date"], 2000)
    patch(freecad, "Row_i1", location=[20, 0, 0])
    return freecad


def test_an_array_of_links_is_up_to_date_and_weighs_what_its_elements_weigh(row: httpx.Client) -> None:
    made = get(row, "/objects/Row")
    assert (made["state"], made["volume"], made["mass"]) == (["Up-to-date"], 2000, 0.016)
    assert corners(made) == [0, 100, 0, 30, 110, 10]
    assert made["center_of_mass"] == pytest.approx([15, 105, 5])
    assert get(row, "/objects/Row_i1")["mass"] == 0.008
    assert [each["name"] for each in get(row, "/objects")["objects"]] == ["Box", "Row", "Row_i0", "Row_i1"]
    assert settled(row)
    fewer = patch(row, "Row", properties={"ElementCount": 1})
    assert (fewer["state"], fewer["volume"], fewer["mass"]) == (["Up-to-date"], 1000, 0.008)
    more = patch(row, "Row", properties={"ElementCount": 3, "ShowElement": False})
    assert (more["state"], more["volume"], more["mass"]) == (["Up-to-date"], 3000, 0.024)
    assert {each["name"] for each in get(row, "/objects")["objects"]} == {"Box", "Row"}
    direct = post(row, "/objects", type="App::Link", name="Direct", properties={"LinkedObject": "Box"})
    assert direct["volume"] == 1000
    put = post(row, "/objects", type="App::Link", name="Three", properties={"LinkedObject": "Box", "ElementCount": 3})
    assert (put["state"], put["volume"], put["mass"]) == (["Up-to-date"], 3000, 0.024)


def test_an_array_of_links_is_exported_once_and_can_be_assembled(row: httpx.Client) -> None:
    assert post(row, "/export", format="stl")["objects"] == ["Box", "Row"]
    assert post(row, "/export", format="stl")["facets"] == 3 * 12
    assert post(row, "/export", format="step")["objects"] == ["Box", "Row"]
    assembly = post(row, "/assemblies", name="Asm", parts=[{"object": "Row", "name": "R", "location": [0, 0, 50]}])
    assert (assembly["volume"], assembly["mass"]) == (2000, 0.016)
    assert corners(assembly) == [0, 0, 50, 30, 10, 60]
    both = post(row, "/boolean/union", objects=["Row", "Box"], name="Both")
    assert both["volume"] == 3000


def test_an_array_of_links_to_a_part_weighs_all_of_it(row: httpx.Client) -> None:
    post(row, "/primitives/box", name="Other", location=[0, 0, 10], material={"density": 1000})
    post(row, "/groups", name="Part", kind="part", objects=["Other"])
    patch(row, "Row", properties={"LinkedObject": "Part"})
    made = get(row, "/objects/Row")
    assert (made["volume"], made["mass"]) == (2000, 0.002)
    assert made["center_of_mass"] == pytest.approx([15, 105, 15])
    row.patch("/groups/Part", json={"add": ["Box"]}).raise_for_status()
    made = get(row, "/objects/Row")
    assert (made["volume"], made["mass"]) == (4000, 0.018)
    assert made["center_of_mass"] == pytest.approx([15, 105, (5 * 8 + 15) / 9])


def test_a_copy_of_an_array_of_links_has_elements_of_its_own(row: httpx.Client) -> None:
    patch(row, "Row_i0", color="#00ff00")
    copy = post(row, "/objects/Row/duplicate", name="Copy", location=[0, 500, 0])
    assert (copy["volume"], copy["mass"], corners(copy)) == (2000, 0.016, [0, 500, 0, 30, 510, 10])
    assert settled(row)
    patch(row, "Row_i1", location=[50, 0, 0])
    assert corners(get(row, "/objects/Copy")) == [0, 500, 0, 30, 510, 10]
    named = {each["name"]: each for each in get(row, "/objects")["objects"]}
    assert [named[name]["container"] for name in ("Row_i0", "Row_i1", "Copy_i0", "Copy_i1")] == [
        *("Row", "Row"),
        *("Copy", "Copy"),
    ]
    assert (named["Copy_i0"]["color"], named["Copy_i1"]["color"]) == ("#00ff00", RED)
    assert row.delete("/objects/Row").json()["result"]["cascaded"] == ["Row_i1", "Row_i0"]
    assert [each["name"] for each in get(row, "/objects")["objects"]] == ["Box", "Copy", "Copy_i0", "Copy_i1"]
    assert row.post("/undo").status_code == 200
    restored = get(row, "/objects/Row")
    assert (restored["mass"], corners(restored)) == (0.016, [0, 100, 0, 60, 110, 10])
    assert row.post("/redo").status_code == 200
    assert [each["name"] for each in get(row, "/objects")["objects"]] == ["Box", "Copy", "Copy_i0", "Copy_i1"]
    assert row.post("/undo").status_code == 200
    assert "make a link" in refused(row.post("/objects/Row_i0/duplicate", json={}))
    refused(row.delete("/objects/Row_i0"), "conflict", 409)
    assert row.delete("/objects/Row_i0", params={"cascade": "true"}).status_code == 200
    assert [each["name"] for each in get(row, "/objects")["objects"]] == ["Box", "Copy", "Copy_i0", "Copy_i1"]
