"""Bills of materials: each part once for each time it is there, of its own material, and as heavy as the assembly."""

from __future__ import annotations

import io
from importlib import import_module
from math import pi
from typing import Any, cast

import httpx
import pytest

from tests.freecad_calls import get, patch, post

ezdxf = cast("Any", import_module("ezdxf"))
STEEL, GOLD, OAK = ({"name": name, "density": kg} for name, kg in (("Steel", 7850), ("Gold", 19300), ("Oak", 700)))
CUBE = 1000e-9
"""m³ of a box as it is made without sizes."""


def counted(freecad: httpx.Client, assembly: str) -> list[tuple[Any, ...]]:
    """The lines of a bill, which must weigh what the assembly weighs."""
    bom = get(freecad, f"/assemblies/{assembly}/bom")
    mass = get(freecad, f"/objects/{assembly}")["mass"]
    assert bom["total_mass"] == (None if mass is None else pytest.approx(mass, rel=1e-9))
    return [(each["object"], each["quantity"], each["material"], each["mass"]) for each in bom["items"]]


def kg(mass: float) -> Any:
    return pytest.approx(mass, rel=1e-6)


@pytest.fixture
def box(freecad: httpx.Client) -> httpx.Client:
    post(freecad, "/primitives/box", name="Box", material=STEEL)
    return freecad


def test_what_a_part_is_made_from_is_no_part_of_it(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Whole", material=STEEL)
    post(freecad, "/primitives/cylinder", name="Hole", radius=2, height=10, location=[5, 5, 0], material=STEEL)
    post(freecad, "/boolean/subtract", object1="Whole", object2="Hole", name="Cut", material=STEEL)
    post(freecad, "/sketches", name="Lines", geometry=[{"type": "rectangle", "width": 10, "height": 10}])
    part = post(freecad, "/groups", name="Part", kind="part", objects=["Cut", "Lines"])
    assert {"Whole", "Hole", "Cut"} < {*part["members"]}
    made = post(freecad, "/assemblies", name="Asm", parts=[{"object": "Part"}])
    mass = (1000 - 40 * pi) * 7850e-9
    assert made["mass"] == kg(mass)
    assert counted(freecad, "Asm") == [("Cut", 1, "Steel", kg(mass))]


def test_what_is_hidden_is_not_counted_until_it_is_shown(box: httpx.Client) -> None:
    made = post(box, "/assemblies", name="Asm", parts=[{"object": "Box"}, {"object": "Box", "location": [20, 0, 0]}])
    patch(box, made["parts"][1]["name"], visible=False)
    assert counted(box, "Asm") == [("Box", 1, "Steel", kg(CUBE * 7850))]
    patch(box, made["parts"][1]["name"], visible=True)
    assert counted(box, "Asm") == [("Box", 2, "Steel", kg(CUBE * 7850))]


def test_a_link_of_its_own_material_weighs_and_counts_as_that(box: httpx.Client) -> None:
    parts = [{"object": "Box", "name": "P1"}, {"object": "Box", "name": "P2", "location": [100, 0, 0]}]
    post(box, "/assemblies", name="Asm", parts=parts)
    assert patch(box, "P1", material=GOLD)["mass"] == kg(CUBE * 19300)
    made = get(box, "/assemblies/Asm")
    assert made["mass"] == kg(CUBE * (19300 + 7850))
    x = (5 * 19300 + 105 * 7850) / (19300 + 7850)
    assert made["center_of_mass"] == pytest.approx([x, 5, 5], rel=1e-9)
    assert counted(box, "Asm") == [("Box", 1, "Gold", kg(CUBE * 19300)), ("Box", 1, "Steel", kg(CUBE * 7850))]
    patch(box, "P1", material=None)
    assert counted(box, "Asm") == [("Box", 2, "Steel", kg(CUBE * 7850))]


def test_a_link_to_a_part_gives_its_material_to_what_has_none(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Bare")
    post(freecad, "/primitives/box", name="Oaken", material=OAK, location=[20, 0, 0])
    post(freecad, "/groups", name="Part", kind="part", objects=["Bare", "Oaken"], material=STEEL)
    post(freecad, "/objects/Part/links", name="Other", material=GOLD)
    parts = [{"object": "Part", "name": "P1"}, {"object": "Other", "name": "P2", "location": [0, 50, 0]}]
    made = post(freecad, "/assemblies", name="Asm", parts=parts)
    assert made["mass"] == kg(CUBE * (7850 + 19300 + 2 * 700))
    assert counted(freecad, "Asm") == [
        ("Bare", 1, "Steel", kg(CUBE * 7850)),
        ("Oaken", 2, "Oak", kg(CUBE * 700)),
        ("Bare", 1, "Gold", kg(CUBE * 19300)),
    ]


def test_links_to_links_count_as_the_object_that_they_show(box: httpx.Client) -> None:
    post(box, "/objects/Box/links", name="Again", location=[0, 50, 0])
    parts = [{"object": "Box"}, {"object": "Again"}, {"object": "Box", "name": "Third", "location": [0, 0, 90]}]
    post(box, "/assemblies", name="Asm", parts=parts)
    assert counted(box, "Asm") == [("Box", 3, "Steel", kg(CUBE * 7850))]
    post(box, "/assemblies", name="Top", parts=[{"object": "Asm"}, {"object": "Asm", "location": [500, 0, 0]}])
    assert counted(box, "Top") == [("Box", 6, "Steel", kg(CUBE * 7850))]
    patch(box, "Again", material=OAK)
    assert counted(box, "Top") == [("Box", 4, "Steel", kg(CUBE * 7850)), ("Box", 2, "Oak", kg(CUBE * 700))]


def test_parts_without_a_material_are_of_that_of_the_assembly(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Bare")
    made = post(freecad, "/assemblies", name="Asm", parts=[{"object": "Bare"}], material=STEEL)
    assert made["mass"] == kg(CUBE * 7850)
    assert counted(freecad, "Asm") == [("Bare", 1, "Steel", kg(CUBE * 7850))]


def test_a_material_without_a_density_leaves_the_mass_unknown(box: httpx.Client) -> None:
    parts = [{"object": "Box", "name": "P1"}, {"object": "Box", "name": "P2", "location": [100, 0, 0]}]
    post(box, "/assemblies", name="Asm", parts=parts, material=OAK)
    assert patch(box, "P1", material={"name": "Unobtainium"})["mass"] is None
    assert get(box, "/assemblies/Asm")["mass"] is None
    assert counted(box, "Asm") == [("Box", 1, "Unobtainium", None), ("Box", 1, "Steel", kg(CUBE * 7850))]


def test_each_element_of_an_array_is_counted(box: httpx.Client) -> None:
    post(box, "/objects/Box/links", name="Row", material=GOLD)
    patch(box, "Row", properties={"ElementCount": 3})
    post(box, "/documents/Test/recompute")
    post(box, "/assemblies", name="Asm", parts=[{"object": "Row", "location": [0, 50, 0]}, {"object": "Box"}])
    assert counted(box, "Asm") == [("Box", 3, "Gold", kg(CUBE * 19300)), ("Box", 1, "Steel", kg(CUBE * 7850))]
    # FreeCAD puts the elements a millimetre apart.
    middle = (3 * 19300 * 55 + 7850 * 5) / (3 * 19300 + 7850)
    assert get(box, "/assemblies/Asm")["center_of_mass"] == pytest.approx(
        [(3 * 19300 * 6 + 7850 * 5) / (3 * 19300 + 7850), middle, 5], rel=1e-6
    )


def test_an_enlarged_link_is_a_part_of_its_own(box: httpx.Client) -> None:
    post(box, "/objects/Box/links", name="Large", location=[0, 0, 50])
    assert patch(box, "Large", properties={"ScaleVector": [2, 2, 2]})["mass"] == kg(8 * CUBE * 7850)
    post(box, "/assemblies", name="Asm", parts=[{"object": "Box"}, {"object": "Large"}])
    assert counted(box, "Asm") == [("Box", 1, "Steel", kg(CUBE * 7850)), ("Large", 1, "Steel", kg(8 * CUBE * 7850))]


def test_a_drawing_lists_the_parts_that_the_bill_does(box: httpx.Client) -> None:
    post(box, "/objects/Box/links", name="Again", location=[0, 50, 0])
    parts = [{"object": "Box", "name": "P1"}, {"object": "Again", "name": "P2"}]
    post(box, "/assemblies", name="Inner", parts=parts)
    patch(box, "P1", material=GOLD)
    post(box, "/assemblies", name="Asm", parts=[{"object": "Inner"}, {"object": "Box", "location": [90, 0, 0]}])
    assert [each[:3] for each in counted(box, "Asm")] == [("Box", 1, "Gold"), ("Box", 2, "Steel")]
    post(box, "/drawings", name="Sheet", objects=["Asm"], parts_list=True, views=["front"])
    made = post(box, "/export", format="dxf", objects=["Sheet"])
    drawn = ezdxf.read(io.StringIO(box.get(f"../artifacts/{made['artifact']['id']}").text))
    texts = [each.dxf.text for each in drawn.modelspace() if each.dxftype() == "TEXT"]
    columns = [["Pos", "1", "2"], ["Part", "Box", "Box"], ["Material", "Gold", "Steel"], ["Qty", "1", "2"]]
    start = texts.index("Pos")
    assert texts[start : start + 12] == [each for column in columns for each in column]
