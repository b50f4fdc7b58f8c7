"""What objects are made of and weigh: kept, inherited, added up, and where the centre of several is."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from tests.freecad_calls import get, padded, patch, post, refused
from tests.gateway import Gateway, eventually

STEEL = {"name": "Steel", "density": 7850}
OAK = {"name": "Oak", "density": "0.7 g/cm^3"}


@pytest.fixture
def pair(freecad: httpx.Client) -> httpx.Client:
    """A cube of steel of 100 mm at the origin, 7.85 kg, and one of oak at x 1000, 0.7 kg."""
    for name, material, x in (("Heavy", STEEL, 0), ("Light", OAK, 1000)):
        size = {"length": 100, "width": 100, "height": 100}
        post(freecad, "/primitives/box", name=name, material=material, location=[x, 0, 0], **size)
    return freecad


def test_an_object_weighs_its_volume_times_its_density(pair: httpx.Client) -> None:
    heavy, light = (get(pair, f"/objects/{name}") for name in ("Heavy", "Light"))
    assert (heavy["material"], heavy["mass"]) == ({"name": "Steel", "density": 7850}, 7.85)
    assert (light["material"], light["mass"]) == ({"name": "Oak", "density": 700}, 0.7)
    assert get(pair, "/objects/Heavy/measures")["mass"] == 7.85
    assert patch(pair, "Heavy", properties={"Length": 200})["mass"] == 15.7
    changed = patch(pair, "Heavy", material={"density": 1000})
    assert (changed["material"], changed["mass"]) == ({"name": None, "density": 1000}, 2)
    assert changed["state"] == ["Up-to-date"]
    named = patch(pair, "Heavy", material={"name": "Unobtainium"})
    assert (named["material"], named["mass"]) == ({"name": "Unobtainium", "density": None}, None)
    assert changed["revision"] != named["revision"]
    gone = patch(pair, "Heavy", material=None)
    assert (gone["material"], gone["mass"]) == (None, None)
    assert "CadgateDensity" not in gone["properties"]


@pytest.mark.parametrize("density", [0, -1, "7850", "7.85 kg", "1e9 kg/m^3", 1e7, True, "heavy", [1]])
def test_what_is_no_density_is_refused_and_changes_nothing(pair: httpx.Client, density: object) -> None:
    before = get(pair, "/objects")
    assert "density" in refused(pair.patch("/objects/Heavy", json={"material": {"density": density}}))
    assert "density" in refused(pair.post("/primitives/box", json={"material": {"density": density}}))
    assert get(pair, "/objects") == before


def test_a_material_needs_a_name_or_a_density(pair: httpx.Client) -> None:
    assert "density" in refused(pair.patch("/objects/Heavy", json={"material": {}}))
    assert refused(pair.patch("/objects/Heavy", json={"material": {"name": "A", "colour": "red"}}))


def test_a_group_weighs_what_is_in_it_and_its_centre_goes_by_masses(pair: httpx.Client) -> None:
    made = post(pair, "/groups", name="Pt", kind="part", objects=["Heavy", "Light"], location=[0, 0, 500])
    assert made["mass"] == pytest.approx(8.55)
    x = (7.85 * 50 + 0.7 * 1050) / 8.55
    assert made["center_of_mass"] == pytest.approx([x, 50, 550])
    assert get(pair, "/objects/Pt/measures")["center_of_mass"] == pytest.approx([x, 50, 550])
    twin = post(pair, "/objects/Pt/links", name="Twin", location=[0, 0, 0], rotation=[0, 0, 90])
    assert twin["mass"] == pytest.approx(8.55)
    assert twin["center_of_mass"] == pytest.approx([-50, x, 50])
    everything = post(pair, "/groups", name="All", objects=["Pt", "Twin"])
    assert everything["mass"] == pytest.approx(17.1)
    assert everything["center_of_mass"] == pytest.approx([(x - 50) / 2, (x + 50) / 2, 300])
    patch(pair, "Light", material=None)
    assert get(pair, "/objects/Pt")["mass"] is None
    assert get(pair, "/objects/Pt")["center_of_mass"] == pytest.approx([550, 50, 550])
    assert patch(pair, "Pt", material=OAK)["mass"] == pytest.approx(8.55)
    assert get(pair, "/objects/Light")["material"]["name"] == "Oak"
    assert get(pair, "/objects/All")["mass"] == pytest.approx(17.1)


def test_links_weigh_what_they_show_unless_they_say_otherwise(pair: httpx.Client) -> None:
    link = post(pair, "/objects/Heavy/links", name="Twin")
    assert (link["material"]["name"], link["mass"]) == ("Steel", 7.85)
    other = post(pair, "/objects/Heavy/links", name="Model", material=OAK)
    assert (other["material"]["name"], other["mass"]) == ("Oak", 0.7)
    assert patch(pair, "Heavy", material={"density": 1000})["mass"] == 1
    assert get(pair, "/objects/Twin")["mass"] == 1


def test_bodies_features_booleans_and_copies_have_materials(freecad: httpx.Client) -> None:
    padded(freecad, "Bd", "Sk", "Pd")
    patch(freecad, "Bd", material=STEEL)
    for name in ("Bd", "Pd"):
        assert get(freecad, f"/objects/{name}")["mass"] == pytest.approx(500e-9 * 7850)
    hole = [{"type": "circle", "center": [5, 5], "radius": 2}]
    post(freecad, "/sketches", name="Hole", body="Bd", geometry=hole)
    pocket = post(freecad, "/features/pocket", sketch="Hole", through_all=True, reversed=True)
    assert pocket["mass"] == pytest.approx(pocket["volume"] * 7850e-9)
    assert get(freecad, "/objects/Bd")["mass"] == pocket["mass"]
    post(freecad, "/bodies", name="Other")
    post(freecad, "/sketches", name="S2", body="Other", geometry=[{"type": "rectangle", "width": 10, "height": 10}])
    post(freecad, "/features/pad", name="P2", sketch="S2", length=10, material=OAK)
    assert get(freecad, "/objects/Other")["mass"] == pytest.approx(0.0007)
    post(freecad, "/primitives/box", name="Tool", length=5)
    cut = post(freecad, "/boolean/subtract", object1="Other", object2="Tool", material=STEEL)
    assert cut["mass"] == pytest.approx(500e-9 * 7850)
    copy = post(freecad, f"/objects/{cut['name']}/duplicate", name="Copy")
    assert (copy["material"], copy["mass"]) == (cut["material"], cut["mass"])


def test_materials_are_undone_saved_opened_and_survive_a_kill(gateway: Gateway, pair: httpx.Client) -> None:
    patch(pair, "Heavy", material=OAK)
    assert pair.post("/undo").status_code == 200
    assert get(pair, "/objects/Heavy")["material"]["name"] == "Steel"
    assert pair.post("/redo").status_code == 200
    assert get(pair, "/objects/Heavy")["mass"] == 0.7
    patch(pair, "Light", material=None)
    assert pair.post("/undo").status_code == 200
    assert get(pair, "/objects/Light")["mass"] == 0.7
    calls = [
        {"method": "objects.update", "params": {"name": "Light", "material": STEEL}},
        {"method": "primitives.box", "params": {"name": "Third", "material": OAK}},
    ]
    results = post(pair, "/batch", calls=calls, atomic=True)["results"]
    assert [each["result"]["mass"] for each in results] == [7.85, 0.0007]
    told = [get(pair, f"/objects/{name}") for name in ("Heavy", "Light", "Third")]
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="another FreeCAD"
    )
    assert [get(pair, f"/objects/{name}") for name in ("Heavy", "Light", "Third")] == told
    saved = post(pair, "/export", format="fcstd")
    response = pair.post("/documents/open", params={"name": "Again"}, json={"artifact": saved["artifact"]["id"]})
    opened = response.json()["result"]
    for info in told:
        again = get(pair, f"/objects/{info['name']}", document=opened["name"])
        assert (again["material"], again["mass"]) == (info["material"], info["mass"])
