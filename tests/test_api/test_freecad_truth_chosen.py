"""Edges and faces that were chosen stay chosen whatever a change upstream renumbers: volumes by formula.

A rounding of radius r on the rim of a hole of radius R in a flat face takes the area r²(1 - π/4) between a square and a
quarter circle once around; the centroid of this area lies r(5/6 - π/4)/(1 - π/4) from the rim, so that by Pappus the
volume is 2π(R r²(1 - π/4) + r³(5/6 - π/4)). A chamfer takes a triangle: 2π(R + s/3) s²/2.
"""

from __future__ import annotations

from math import asin, pi
from typing import Any

import httpx
import pytest

DRILLED = 16000 - pi * 25 * 10 - pi * 16 * 10


def rounded(hole: float, r: float = 1) -> float:
    return 2 * pi * (hole * r**2 * (1 - pi / 4) + r**3 * (5 / 6 - pi / 4))


def chamfered(hole: float, s: float = 1) -> float:
    return 2 * pi * (hole + s / 3) * s**2 / 2


def post(freecad: httpx.Client, route: str, /, **body: Any) -> dict[str, Any]:
    response = freecad.post(route, json=body)
    assert response.status_code == 201, response.text
    return response.json()["result"]


def get(freecad: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    response = freecad.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def patch(freecad: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    response = freecad.patch(path if "/" in path else f"/objects/{path}", json=body)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def refused(freecad: httpx.Client, path: str, /, **body: Any) -> str:
    """The message of the 422 that a change gets; nothing is changed by it."""
    before = get(freecad, "/objects")
    response = freecad.patch(f"/objects/{path}", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "degenerate_result"), response.text
    assert get(freecad, "/objects") == before
    return str(response.json()["error"]["message"])


def volume(freecad: httpx.Client, name: str) -> float:
    return float(get(freecad, f"/objects/{name}")["volume"])


def roundings(freecad: httpx.Client, name: str, kind: str = "torus") -> list[tuple[float, float]]:
    """Where, from above, the roundings (or chamfers, as cones) of an object are."""
    faces = get(freecad, f"/objects/{name}/faces", type=kind)["faces"]
    return sorted((round(each["center"][0], 6), round(each["center"][1], 6)) for each in faces)


def plate(freecad: httpx.Client, r2: float = 4) -> httpx.Client:
    """A plate of 40 by 40 by 10 mm, drilled with r5 at [10, 20] (`A`) and `r2` at [30, 20] (`B`): `Plate`."""
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="A", radius=5, height=30, location=[10, 20, -10])
    post(freecad, "/primitives/cylinder", name="B", radius=r2, height=30, location=[30, 20, -10])
    post(freecad, "/boolean/subtract", object1="Box", object2="A", name="First")
    post(freecad, "/boolean/subtract", object1="First", object2="B", name="Plate")
    return freecad


UPPER_A = {"type": "circle", "radius": 5, "at": "top"}

CHANGES: dict[str, tuple[list[tuple[str, dict[str, Any]]], float, tuple[float, float]]] = {
    "the other drill moves": ([("B", {"location": [30, 6, -10]})], DRILLED - rounded(5), (10, 20)),
    "the other drill passes it": ([("B", {"location": [10, 34, -10]})], DRILLED - rounded(5), (10, 20)),
    "the drill itself moves": ([("A", {"location": [12, 31, -10]})], DRILLED - rounded(5), (12, 31)),
    "the drills trade places": (
        [
            ("A", {"location": [20, 33, -10]}),
            ("B", {"location": [10, 20, -10]}),
            ("A", {"location": [30, 20, -10]}),
        ],
        DRILLED - rounded(5),
        (30, 20),
    ),
    "the drill gets wider": ([("A", {"properties": {"Radius": 6}})], DRILLED - 110 * pi - rounded(6), (10, 20)),
    "the drills trade radii": (
        [("A", {"properties": {"Radius": 4}}), ("B", {"properties": {"Radius": 5}})],
        DRILLED - rounded(4),
        (10, 20),
    ),
    "the plate gets longer": ([("Box", {"properties": {"Length": 60}})], DRILLED + 8000 - rounded(5), (10, 20)),
    "the plate gets thicker": (
        [("Box", {"properties": {"Height": 12}})],
        1.2 * DRILLED - rounded(5),
        (10, 20),
    ),
    "the other drill leaves": ([("B", {"location": [90, 6, -10]})], DRILLED + 160 * pi - rounded(5), (10, 20)),
    "the cut moves": ([("First", {"location": [3, 4, 0]})], DRILLED - rounded(5), (13, 24)),
    "the other drill gets corners": (
        [("B", {"properties": {"Angle": 180}})],
        DRILLED + 80 * pi - rounded(5),
        (10, 20),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_rounding_stays_on_its_hole(freecad: httpx.Client, change: str) -> None:
    plate(freecad)
    made = post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    assert made["volume"] == pytest.approx(DRILLED - rounded(5))
    steps, expected, place = CHANGES[change]
    for name, changes in steps:
        patch(freecad, name, **changes)
    assert volume(freecad, "Round") == pytest.approx(expected, rel=1e-9)
    assert roundings(freecad, "Round") == [place]


def test_the_order_and_number_of_drills_do_not_matter(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/boolean/subtract", objects=["Box", "A", "B"], name="Both")
    post(freecad, "/features/fillet", object="Both", radius=1, edges=UPPER_A, name="Round")
    tools = get(freecad, "/objects/Both")["properties"]["Tool"]["value"]
    patch(freecad, tools, properties={"Shapes": ["B", "A"]})
    assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (
        pytest.approx(DRILLED - rounded(5)),
        [(10, 20)],
    )
    post(freecad, "/primitives/cylinder", name="C", radius=3, height=30, location=[10, 8, -10])
    patch(freecad, tools, properties={"Shapes": ["C", "B", "A"]})
    assert volume(freecad, "Round") == pytest.approx(DRILLED - 90 * pi - rounded(5))
    assert roundings(freecad, "Round") == [(10, 20)]
    post(freecad, "/boolean/subtract", object1="Box", object2="C", name="Before")
    patch(freecad, "First", properties={"Base": "Before"})
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Later")
    patch(freecad, "First", properties={"Base": "Box"})
    assert volume(freecad, "Later") == pytest.approx(DRILLED - rounded(5))


def test_a_rounding_that_is_put_on_another_object_stays_on_its_hole(freecad: httpx.Client) -> None:
    """The plate without the other hole, then a plate with a third one; and one that lacks the rounded hole."""
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    patch(freecad, "Round", properties={"Base": "First"})
    assert volume(freecad, "Round") == pytest.approx(16000 - 250 * pi - rounded(5))
    post(freecad, "/primitives/cylinder", name="C", radius=3, height=30, location=[10, 8, -10])
    post(freecad, "/boolean/subtract", objects=["Box", "C", "B", "A"], name="Third")
    patch(freecad, "Round", properties={"Base": "Third"})
    assert volume(freecad, "Round") == pytest.approx(DRILLED - 90 * pi - rounded(5))
    assert roundings(freecad, "Round") == [(10, 20)]
    post(freecad, "/boolean/subtract", objects=["Box", "C", "B"], name="Fourth")
    assert "cannot be found again: it is gone" in refused(freecad, "Round", properties={"Base": "Fourth"})


def test_a_chamfer_by_number_stays_where_it_was_put(freecad: httpx.Client) -> None:
    """Two holes of one size, told apart by nothing but where they come from."""
    plate(freecad, r2=5)
    rims = get(freecad, "/objects/Plate/edges", type="circle", at="top")["edges"]
    left = [each["name"] for each in rims if each["center"][0] == 10]
    post(freecad, "/features/chamfer", object="Plate", size=1, edges=left, name="Bevel")
    right_size = 16000 - 2 * 250 * pi - chamfered(5)
    for name, location, place in (
        ("B", [10, 6, -10], (10, 20)),
        ("A", [30, 20, -10], (30, 20)),
        ("B", [30, 7, -10], (30, 20)),
        ("A", [31, 33, -10], (31, 33)),
    ):
        patch(freecad, name, location=location)
        assert volume(freecad, "Bevel") == pytest.approx(right_size)
        assert roundings(freecad, "Bevel", "cone") == [place]


def test_edges_chosen_by_a_filter_stay_these_edges(freecad: httpx.Client) -> None:
    """The four upright edges of the box; the straight ones of a slot that comes later are not among them."""
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    upright = {"type": "line", "parallel_to": [0, 0, 1], "inside": {"min": [0, 0, 0], "max": [40, 40, 10]}}
    post(freecad, "/primitives/box", name="Slot", length=6, width=6, height=20, location=[50, 17, -5])
    post(freecad, "/boolean/subtract", object1="Box", object2="Slot", name="Notched")
    post(freecad, "/features/fillet", object="Notched", radius=2, edges=upright, name="Round")
    assert volume(freecad, "Round") == pytest.approx(16000 - (4 - pi) * 4 * 10)
    patch(freecad, "Slot", location=[17, 17, -5])
    assert volume(freecad, "Round") == pytest.approx(16000 - 360 - (4 - pi) * 4 * 10)


def test_a_straight_edge_that_a_slot_divides_is_rounded_in_both_pieces(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    post(freecad, "/primitives/box", name="Slot", length=6, width=10, height=20, location=[17, 60, -5])
    post(freecad, "/boolean/subtract", object1="Box", object2="Slot", name="Notched")
    front = get(freecad, "/objects/Notched/edges", type="line", at="top")["edges"]
    name = next(each["name"] for each in front if each["center"][:2] == [20, 0])
    post(freecad, "/features/chamfer", object="Notched", size=1, edges=[name], name="Bevel")
    patch(freecad, "Slot", location=[17, -5, -5])
    assert volume(freecad, "Bevel") == pytest.approx(16000 - 6 * 5 * 10 - 0.5 * 34)
    patch(freecad, "Slot", location=[17, 60, -5])
    assert volume(freecad, "Bevel") == pytest.approx(16000 - 0.5 * 40)


def test_a_rim_that_another_hole_divides_is_bevelled_in_all_its_pieces(freecad: httpx.Client) -> None:
    """A slot of 2 mm across the hole leaves two arcs of the rim; the slot's own edges stay sharp."""
    plate(freecad)
    post(freecad, "/primitives/box", name="Slot", length=40, width=2, height=4, location=[-10, 90, 8])
    post(freecad, "/boolean/subtract", object1="Plate", object2="Slot", name="Slotted")
    post(freecad, "/features/chamfer", object="Slotted", size=0.5, edges=UPPER_A, name="Bevel")
    patch(freecad, "Slot", location=[-10, 19, 8])
    slotted, bevelled = volume(freecad, "Slotted"), volume(freecad, "Bevel")
    # Each arc lacks the angle of a chord of 2 mm; the slot's walls cut the ends of the cones not quite radially.
    share = 1 - 2 * 2 * asin(1 / 5) / (2 * pi)
    assert slotted - bevelled == pytest.approx(chamfered(5, 0.5) * share, rel=5e-3)
    assert len(get(freecad, "/objects/Bevel/faces", type="cone")["faces"]) == 2
    patch(freecad, "Slot", location=[-10, 90, 8])
    assert volume(freecad, "Bevel") == pytest.approx(DRILLED - chamfered(5, 0.5))


def test_every_edge_stays_every_edge(freecad: httpx.Client) -> None:
    """Not given, `edges` means all: the two rims of a hole that comes later too."""
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="A", radius=5, height=30, location=[90, 20, -10])
    post(freecad, "/boolean/subtract", object1="Box", object2="A", name="Plate")
    plain = post(freecad, "/features/chamfer", object="Plate", size=1, name="Bevel")["volume"]
    patch(freecad, "A", location=[20, 20, -10])
    assert volume(freecad, "Bevel") == pytest.approx(plain - 250 * pi - 2 * chamfered(5))


# --- what cannot be told is refused ----------------------------------------------------------------------------------


def test_a_hole_that_goes_away_is_refused_with_names_also_where_another_fits_the_filter(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    patch(freecad, "B", properties={"Radius": 5})
    for changes in ({"location": [90, 20, -10]}, {"properties": {"Height": 15}}):
        message = refused(freecad, "A", **changes)
        assert "'Round'" in message
        assert "circle of radius 5 at [10, 20, 10]" in message
        assert "'Plate'" in message
        assert "radius=5" in message
    assert roundings(freecad, "Round") == [(10, 20)]


def test_one_of_several_edges_that_goes_away_is_refused(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges={"type": "circle"}, name="Round")
    assert "'Round'" in refused(freecad, "B", location=[90, 20, -10])


def test_a_hole_of_a_pattern_keeps_its_rounding_or_is_refused(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=80, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="A", radius=4, height=30, location=[10, 20, -10])
    post(freecad, "/features/linear_pattern", object="A", name="Row", spacing=15, count=4)
    post(freecad, "/boolean/subtract", object1="Box", object2="Row", name="Plate")
    rims = get(freecad, "/objects/Plate/edges", type="circle", at="top")["edges"]
    second = [each["name"] for each in rims if each["center"][0] == 25]
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=second, name="Round")
    patch(freecad, "A", location=[25, 20, -10])  # the first is where the second was
    assert volume(freecad, "Round") == pytest.approx(32000 - 4 * 160 * pi - rounded(4))
    assert roundings(freecad, "Round") == [(40, 20)]
    patch(freecad, "Row", properties={"NumberX": 3, "IntervalX": [12, 0, 0]})
    assert roundings(freecad, "Round") == [(37, 20)]
    assert "cannot be found again: it is gone" in refused(freecad, "Row", properties={"NumberX": 1})
