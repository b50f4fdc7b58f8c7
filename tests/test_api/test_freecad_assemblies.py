"""Assemblies: mates hold and follow, freedom is counted, masses add up, collisions are found."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, refused
from tests.step_reader import step_tree

TOP, BOTTOM = {"type": "plane", "at": "top"}, {"type": "plane", "at": "bottom"}


@pytest.fixture
def stand(freecad: httpx.Client) -> httpx.Client:
    """A bored plate, and two pins lying about."""
    post(freecad, "/primitives/box", name="Raw", length=60, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="Bore", radius=5, height=10, location=[20, 20, 0])
    steel = {"name": "Steel", "density": 7850}
    post(freecad, "/boolean/subtract", object1="Raw", object2="Bore", name="Plate", material=steel)
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30, material=steel, location=[0, 90, 0])
    parts = [
        {"object": "Plate", "name": "Base"},
        {"object": "Pin", "name": "First", "location": [100, 0, 30], "rotation": [40, 20, 0]},
        {"object": "Pin", "name": "Second", "location": [30, 10, 5]},
    ]
    made = post(freecad, "/assemblies", name="Stand", parts=parts)
    assert made["degrees_of_freedom"] == 12
    return freecad


def mate(freecad: httpx.Client, kind: str, a: Any, b: Any, **more: Any) -> dict[str, Any]:
    sides = {name: {"part": part, "of": of} for name, (part, of) in (("a", a), ("b", b))}
    return post(freecad, "/assemblies/Stand/mates", type=kind, **sides, **more)


def place(info: dict[str, Any], name: str) -> list[float]:
    return next(each for each in info["parts"] if each["name"] == name)["location"]


def test_mates_move_the_parts_and_count_what_is_free(stand: httpx.Client) -> None:
    bore, wall = {"type": "cylinder", "radius": 5}, {"type": "cylinder"}
    held = mate(stand, "concentric", ("Base", bore), ("First", wall))
    assert held["degrees_of_freedom"] == 8
    held = mate(stand, "coincident", ("Base", TOP), ("First", ["Face2"]))
    assert held["degrees_of_freedom"] == 7
    assert place(held, "First") == pytest.approx([20, 20, 10], abs=1e-5)
    box = get(stand, "/objects/First")["bounding_box"]
    assert (box["min"][2], box["max"][2]) == pytest.approx((10, 40), abs=1e-5)
    changed = patch(stand, "Raw", properties={"Height": 14})
    assert changed["valid"]
    assert place(get(stand, "/assemblies/Stand"), "First") == pytest.approx([20, 20, 14], abs=1e-5)
    assert stand.post("/undo").status_code == 200
    assert place(get(stand, "/assemblies/Stand"), "First") == pytest.approx([20, 20, 10], abs=1e-5)


def test_distance_angle_and_parallel(stand: httpx.Client) -> None:
    mate(stand, "parallel", ("Base", TOP), ("Second", ["Face2"]))
    held = mate(stand, "distance", ("Base", TOP), ("Second", ["Face2"]), value=7)
    assert get(stand, "/objects/Second")["bounding_box"]["min"][2] == pytest.approx(17, abs=1e-5)
    assert held["degrees_of_freedom"] == 9
    held = mate(stand, "angle", ("Base", TOP), ("First", ["Face2"]), value=60)
    assert held["degrees_of_freedom"] == 8


def test_mates_that_contradict_each_other_or_lose_a_face_are_refused_by_name(stand: httpx.Client) -> None:
    mate(stand, "distance", ("Base", TOP), ("Second", ["Face2"]), value=7)
    before = get(stand, "/assemblies/Stand")
    sides = {"a": {"part": "Base", "of": TOP}, "b": {"part": "Second", "of": ["Face2"]}}
    response = stand.post("/assemblies/Stand/mates", json={"type": "distance", **sides, "value": 9})
    assert "Second" in refused(response, "degenerate_result")
    assert get(stand, "/assemblies/Stand") == before
    mate(stand, "concentric", ("Base", {"type": "cylinder"}), ("First", {"type": "cylinder"}))
    before = get(stand, "/assemblies/Stand")
    message = refused(stand.patch("/objects/Bore", json={"location": [200, 20, 0]}), "degenerate_result")
    assert "concentric" in message
    assert get(stand, "/assemblies/Stand") == before


def test_assemblies_are_listed(stand: httpx.Client) -> None:
    mate(stand, "coincident", ("Base", TOP), ("Second", ["Face3"]))
    listed = stand.get("/assemblies").json()["result"]
    revision = get(stand, "/assemblies/Stand")["revision"]
    expected = {"name": "Stand", "label": "Stand", "revision": revision, "parts": 3, "mates": 1}
    assert listed == {"assemblies": [expected], "total": 1}


def test_the_bill_of_materials_counts_and_weighs(stand: httpx.Client) -> None:
    bom = get(stand, "/assemblies/Stand/bom")
    plate, pin = bom["items"]
    assert [(each["object"], each["quantity"], each["material"]) for each in bom["items"]] == [
        ("Plate", 1, "Steel"),
        ("Pin", 2, "Steel"),
    ]
    assert plate["mass"] == pytest.approx((60 * 40 * 10 - pi * 250) * 7850e-9, rel=1e-6)
    assert pin["total_mass"] == pytest.approx(2 * pi * 25 * 30 * 7850e-9, rel=1e-6)
    answer = stand.get("/assemblies/Stand/bom", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "object,label,quantity,material,mass,total_mass"
    assert answer.text.splitlines()[2].startswith("Pin,Pin,2,Steel,")


def test_interference_is_found_with_its_volume_and_clearance_with_its_distance(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    parts = [{"object": "Box", "name": f"P{n}", "location": [x, 0, 0]} for n, x in enumerate((0, 8, 20.5))]
    post(freecad, "/assemblies", name="Row", parts=parts)
    assert get(freecad, "/assemblies/Row/interference")["pairs"] == [
        {"a": "P0", "b": "P1", "volume": pytest.approx(200), "distance": 0}
    ]
    near = get(freecad, "/assemblies/Row/interference", clearance=3)["pairs"]
    assert [(each["a"], each["b"], each["volume"]) for each in near] == [
        ("P0", "P1", pytest.approx(200)),
        ("P1", "P2", 0),
    ]
    assert near[1]["distance"] == pytest.approx(2.5)


def test_interference_is_that_of_the_parts_in_their_places_also_while_they_are_moved_apart(
    freecad: httpx.Client,
) -> None:
    post(freecad, "/primitives/box", name="Box", length=20, width=20, height=20)
    parts = [{"object": "Box", "name": "A"}, {"object": "Box", "name": "B", "location": [15, 0, 0]}]
    post(freecad, "/assemblies", name="Asm", parts=parts)
    patch(freecad, "Asm", location=[7, 8, 9], rotation=[10, 20, 30])
    apart = {"object": "Box", "name": "C", "location": [60, 0, 0], "rotation": [0, 0, 90]}
    post(freecad, "/assemblies/Asm/parts", **apart)
    [pair] = get(freecad, "/assemblies/Asm/interference")["pairs"]
    assert (pair["a"], pair["b"], pair["volume"]) == ("A", "B", pytest.approx(5 * 20 * 20))
    near = get(freecad, "/assemblies/Asm/interference", clearance=6)["pairs"]
    # C reaches from x = 40, B to 35.
    assert [(each["a"], each["b"], each["distance"]) for each in near][1:] == [("B", "C", pytest.approx(5))]
    post(freecad, "/assemblies/Asm/explode", factor=3)
    [found] = get(freecad, "/assemblies/Asm/interference")["pairs"]
    assert found == {**pair, "volume": pytest.approx(pair["volume"])}
    again = get(freecad, "/assemblies/Asm/interference", clearance=6)["pairs"]
    assert [(each["a"], each["b"], each["distance"]) for each in again][1:] == [("B", "C", pytest.approx(5))]


@pytest.mark.parametrize(("apart", "shared"), [(0.001, 0.007), (0.008, 0), (0.0079, 0.0001)])
def test_interference_of_tiny_parts_is_found(freecad: httpx.Client, apart: float, shared: float) -> None:
    post(freecad, "/primitives/box", name="Chip", length=0.008, width=0.008, height=0.008)
    parts = [{"object": "Chip", "name": "C1"}, {"object": "Chip", "name": "C2", "location": [apart, 0, 0]}]
    post(freecad, "/assemblies", name="Chips", parts=parts)
    found = [(each["a"], each["b"], each["volume"]) for each in get(freecad, "/assemblies/Chips/interference")["pairs"]]
    assert found == ([("C1", "C2", pytest.approx(shared * 0.008**2, rel=1e-4))] if shared else [])


def test_parts_have_colours_and_materials_of_their_own_from_the_start(stand: httpx.Client) -> None:
    gold = {"name": "Gold", "density": 19300}
    more = post(stand, "/assemblies/Stand/parts", object="Pin", name="Third", color="#2060c0", material=gold)
    assert more["parts"][-1]["name"] == "Third"
    shown = get(stand, "/objects/Third")
    mass = pi * 25 * 30 * 19300e-9
    assert (shown["color"], shown["material"], shown["mass"]) == ("#2060c0", gold, pytest.approx(mass, rel=1e-6))
    assert get(stand, "/objects/Pin")["color"] is None
    parts = [{"object": "Pin", "color": "#20a040", "material": gold}, {"object": "Pin"}]
    made = post(stand, "/assemblies", name="Other", parts=parts)
    first, second = (get(stand, f"/objects/{each['name']}") for each in made["parts"])
    assert (first["color"], second["color"]) == ("#20a040", None)
    assert (first["material"], second["material"]["name"]) == (gold, "Steel")
    before = get(stand, "/objects")
    refused(stand.post("/assemblies/Stand/parts", json={"object": "Pin", "material": {"density": 0}}))
    refused(stand.post("/assemblies/Stand/parts", json={"object": "Pin", "material": {"density": "1e9 kg/m^3"}}))
    refused(stand.post("/assemblies/Stand/parts", json={"object": "Pin", "color": "reddish"}))
    assert get(stand, "/objects") == before


def test_a_part_that_is_not_there_is_not_found(stand: httpx.Client) -> None:
    before = get(stand, "/assemblies/Stand")
    for name in ("zz", "Pin"):
        message = refused(stand.delete(f"/assemblies/Stand/parts/{name}"), "object_not_found", 404)
        assert name in message
        assert "First" in message
    assert get(stand, "/assemblies/Stand") == before


def test_an_assembly_is_exploded_and_put_back_and_keeps_its_tree_in_step(stand: httpx.Client, tmp_path: Any) -> None:
    before = get(stand, "/assemblies/Stand")
    apart = post(stand, "/assemblies/Stand/explode", factor=2)
    assert (apart["exploded"], apart["parts"] == before["parts"]) == (2, False)
    back = post(stand, "/assemblies/Stand/explode", factor=0)
    assert back["parts"] == before["parts"]
    made = post(stand, "/export", format="step", objects=["Stand"])
    path = tmp_path / "stand.step"
    path.write_bytes(stand.get(f"../artifacts/{made['artifact']['id']}").content)
    [root] = step_tree(path)
    assert (root["name"], sorted(each["name"] for each in root["children"])) == ("Stand", ["Base", "First", "Second"])


WRONG: list[dict[str, Any]] = [
    {"type": "distance", "a": {"part": "Base", "of": TOP}, "b": {"part": "First", "of": ["Face3"]}},
    {"type": "parallel", "a": {"part": "Base", "of": TOP}, "b": {"part": "Base", "of": BOTTOM}},
    {"type": "parallel", "a": {"part": "Base", "of": TOP}, "b": {"part": "Third", "of": BOTTOM}},
    {"type": "parallel", "a": {"part": "Base", "of": {"type": "plane"}}, "b": {"part": "First", "of": ["Face3"]}},
    {"type": "weld", "a": {"part": "Base", "of": TOP}, "b": {"part": "First", "of": ["Face3"]}},
]


@pytest.mark.parametrize("body", WRONG)
def test_what_is_no_mate_is_refused(stand: httpx.Client, body: Any) -> None:
    refused(stand.post("/assemblies/Stand/mates", json=body))
    refused(stand.get("/assemblies/Plate"))
    refused(stand.get("/assemblies/Nothing"), "object_not_found", 404)
