"""Edges and faces that were chosen stay chosen whatever a change upstream renumbers: volumes by formula.

A rounding of radius r on the rim of a hole of radius R in a flat face takes the area r²(1 - π/4) between a square and a
quarter circle once around; the centroid of this area lies r(5/6 - π/4)/(1 - π/4) from the rim, so that by Pappus the
volume is 2π(R r²(1 - π/4) + r³(5/6 - π/4)). A chamfer takes a triangle: 2π(R + s/3) s²/2.
"""

from __future__ import annotations

import os
import signal
from math import asin, pi
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.live import live

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


def recompute(freecad: httpx.Client) -> None:
    assert freecad.post("/documents/Test/recompute", json={}).status_code == 200


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


# --- what else is chosen ---------------------------------------------------------------------------------------------


def test_a_sketch_stays_on_its_face(freecad: httpx.Client) -> None:
    plate(freecad)
    top = get(freecad, "/objects/Plate/faces", type="plane", at="top")["faces"][0]["name"]
    front = get(freecad, "/objects/Plate/faces", type="plane", at="front")["faces"][0]["name"]
    ring = [{"type": "circle", "center": [3, 3], "radius": 2}]
    post(freecad, "/sketches", name="OnTop", on="Plate", face=top, geometry=ring)
    post(freecad, "/sketches", name="InFront", on="Plate", face=front, geometry=ring)
    post(freecad, "/features/extrude", object="OnTop", length=5, name="Boss")
    post(freecad, "/features/revolve", object="InFront", axis=[0, 0, 1], base=[-10, 0, 0], name="Turned")
    turned = 2 * pi * 13 * 4 * pi  # Pappus: a disc of radius 2 at 13 mm from the axis
    assert volume(freecad, "Turned") == pytest.approx(turned)
    for location in ([0, 20, -10], [20, 0, -10], [30, 33, -10]):
        patch(freecad, "B", location=location)
        box = get(freecad, "/objects/Boss")["bounding_box"]
        assert box["min"] == pytest.approx([1, 1, 10])
        assert box["max"] == pytest.approx([5, 5, 15])
        assert get(freecad, "/objects/InFront")["bounding_box"]["max"] == pytest.approx([5, 0, 5])
        assert volume(freecad, "Turned") == pytest.approx(turned)
    patch(freecad, "Box", properties={"Height": 13})
    assert get(freecad, "/objects/Boss")["bounding_box"]["min"] == pytest.approx([1, 1, 13])


def test_the_open_face_of_a_hollow_stays_open(freecad: httpx.Client) -> None:
    """Walls and a floor of 1 mm, walls of 1 mm around both holes too, open on top."""
    plate(freecad)
    hollow = (38 * 38 - pi * 36 - pi * 25) * 9
    post(freecad, "/features/thickness", object="Plate", thickness=1, faces={"at": "top"}, name="Tray")
    assert volume(freecad, "Tray") == pytest.approx(DRILLED - hollow)
    for name, location in (("B", [30, 8, -10]), ("A", [10, 30, -10])):
        patch(freecad, name, location=location)
        assert volume(freecad, "Tray") == pytest.approx(DRILLED - hollow)


def test_roundings_on_roundings_and_on_a_mirror_image_stay(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="One")
    post(freecad, "/features/fillet", object="One", radius=1, edges={**UPPER_A, "radius": 4}, name="Two")
    post(freecad, "/features/mirror", object="Two", plane="xy", name="Image")
    lower = {"type": "circle", "radius": 4, "at": "top"}
    post(freecad, "/features/chamfer", object="Image", size=1, edges=lower, name="Three")
    expected = DRILLED - rounded(5) - rounded(4)
    for name, location in (("B", [12, 7, -10]), ("A", [33, 7, -10]), ("B", [30, 30, -10])):
        patch(freecad, name, location=location)
        assert volume(freecad, "Two") == pytest.approx(expected)
        assert volume(freecad, "Three") == pytest.approx(expected - chamfered(4))
        a, b = (get(freecad, f"/objects/{each}")["location"][:2] for each in ("A", "B"))
        assert roundings(freecad, "One") == [tuple(a)]
        assert roundings(freecad, "Two") == sorted([tuple(a), tuple(b)])
        assert roundings(freecad, "Three", "cone") == [tuple(b)]


def test_holes_of_a_sketch_are_told_by_their_geometry(freecad: httpx.Client) -> None:
    circles = [{"type": "circle", "center": [x, 20], "radius": 5} for x in (10, 30)]
    outline = {"type": "rectangle", "width": 40, "height": 40}
    radii = [{"type": "radius", "first": {"geometry": index}, "value": 5} for index in (4, 5)]
    post(freecad, "/sketches", name="Outline", geometry=[outline, *circles], constraints=radii)
    post(freecad, "/features/extrude", object="Outline", length=10, name="Plate")
    left = {**UPPER_A, "inside": {"min": [0, 0, 9], "max": [20, 40, 11]}}
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=left, name="Round")
    indices = [each["index"] for each in get(freecad, "/sketches/Outline")["constraints"] if each["type"] == "radius"]
    patch(freecad, "/sketches/Outline", values=[{"index": indices[0], "value": 3}])
    assert volume(freecad, "Round") == pytest.approx(16000 - 10 * pi * (9 + 25) - rounded(3))
    patch(freecad, "/sketches/Outline", geometry=[{"type": "circle", "center": [20, 8], "radius": 2}])
    patch(freecad, "/sketches/Outline", values=[{"index": indices[1], "value": 2}])
    assert volume(freecad, "Round") == pytest.approx(16000 - 10 * pi * (9 + 4 + 4) - rounded(3))
    assert roundings(freecad, "Round") == [(10, 20)]


def test_the_two_mouths_of_a_cross_hole_are_told_by_their_place(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Outer", radius=10, height=40)
    post(freecad, "/primitives/cylinder", name="Inner", radius=8, height=40)
    post(freecad, "/boolean/subtract", object1="Outer", object2="Inner", name="Tube")
    post(
        freecad, "/primitives/cylinder", name="Drill", radius=3, height=60, location=[0, -30, 10], rotation=[-90, 0, 0]
    )
    post(freecad, "/boolean/subtract", object1="Tube", object2="Drill", name="Crossed")
    edges = get(freecad, "/objects/Crossed/edges", type="bspline")["edges"]
    mouth = max(edges, key=lambda each: each["center"][1])["name"]
    post(freecad, "/features/chamfer", object="Crossed", size=0.2, edges=[mouth], name="Bevel")
    for height in (30, 5):
        patch(freecad, "Drill", location=[0, -30, height])
        taken = get(freecad, "/objects/Bevel")["center_of_mass"]
        whole = get(freecad, "/objects/Crossed")["center_of_mass"]
        assert taken[1] < whole[1] - 1e-5, (taken, whole)  # what was taken away lies at +y


def test_a_body_keeps_its_choices(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Body")
    outline = {"type": "rectangle", "width": 40, "height": 40}
    post(freecad, "/sketches", name="Outline", body="Body", geometry=[outline])
    post(freecad, "/features/pad", sketch="Outline", length=10, name="Pad")
    top = get(freecad, "/objects/Pad/faces", at="top")["faces"][0]["name"]
    post(
        freecad,
        "/sketches",
        name="Holes",
        body="Body",
        on="Pad",
        face=top,
        geometry=[
            {"type": "circle", "center": [10, 20], "radius": 5},
            {"type": "circle", "center": [30, 20], "radius": 4},
        ],
        constraints=[
            {"type": "radius", "first": {"geometry": 0}, "value": 5},
            {"type": "distance_y", "first": {"geometry": 1, "point": "center"}, "value": 20},
        ],
    )
    post(freecad, "/features/pocket", sketch="Holes", through_all=True, name="Pocket")
    post(freecad, "/features/fillet", object="Body", radius=1, edges=UPPER_A, name="Round")
    assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
    patch(freecad, "/sketches/Holes", values=[{"index": 1, "value": 6}])
    assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
    patch(freecad, "/sketches/Holes", values=[{"index": 0, "value": 3}])
    patch(freecad, "Pad", properties={"Length": 20})
    assert volume(freecad, "Round") == pytest.approx(32000 - 20 * pi * (9 + 16) - rounded(3))
    assert roundings(freecad, "Round") == [(10, 20)]


# --- by other doors --------------------------------------------------------------------------------------------------


def test_undo_redo_and_a_saved_file_keep_what_was_chosen(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    patch(freecad, "B", location=[30, 6, -10])
    assert freecad.post("/undo").status_code == 200
    assert roundings(freecad, "Round") == [(10, 20)]
    assert freecad.post("/redo").status_code == 200
    assert roundings(freecad, "Round") == [(10, 20)]
    saved = freecad.post("/documents/Test/save", json={}).json()["result"]["artifact"]["id"]
    opened = post(freecad, "/documents/open", artifact=saved)["name"]
    freecad.post(f"/documents/{opened}/activate")
    patch(freecad, "A", location=[30, 34, -10])
    assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (
        pytest.approx(DRILLED - rounded(5)),
        [(30, 34)],
    )
    # Into a document where the names are in use, so that others are given.
    freecad.post("/documents/Test/activate")
    assert freecad.post("/import", json={"artifact": saved}).status_code == 200
    patch(freecad, "A001", location=[33, 33, -10])
    patch(freecad, "B001", location=[8, 8, -10])
    assert roundings(freecad, "Round001") == [(33, 33)]


@pytest.mark.anyio
async def test_code_that_recomputes_moves_no_rounding(gateway: Gateway, freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    async with live(gateway, "freecad") as client:
        move = "App.ActiveDocument.B.Placement.Base = App.Vector(30, 6, -10)"
        await client.run(f"{move}; App.ActiveDocument.recompute()")
        assert roundings(freecad, "Round") == [(10, 20)]
        await client.run("App.ActiveDocument.B.Placement.Base = App.Vector(10, 34, -10)")
        recompute(freecad)
        assert roundings(freecad, "Round") == [(10, 20)]
        # A feature of code's making, and one whose edge code chooses anew.
        await client.run(
            "d = App.ActiveDocument; f = d.addObject('Part::Fillet', 'Own'); f.Base = d.Plate; "
            "f.Edges = d.Round.Edges; d.recompute()"
        )
        patch(freecad, "A", location=[32, 20, -10])
        assert roundings(freecad, "Own") == roundings(freecad, "Round") == [(32, 20)]
        await client.run(
            "d = App.ActiveDocument; d.Own.Edges = [(n, 1, 1) for n, e in enumerate(d.Plate.Shape.Edges, 1) "
            "if e.Curve.TypeId == 'Part::GeomCircle' and abs(e.Curve.Radius - 4) < 1e-9 and e.CenterOfMass.z > 9]; "
            "d.recompute()"
        )
        patch(freecad, "A", location=[20, 20, -10])
        assert roundings(freecad, "Own") == [(10, 34)]


def test_a_killed_application_comes_back_with_what_was_chosen(own_gateway: Gateway) -> None:
    own_gateway.start()
    with own_gateway.client("/api/v1/freecad") as freecad:
        plate(freecad)
        post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
        patch(freecad, "B", location=[30, 6, -10])
        before = own_gateway.application_pid("freecad")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: own_gateway.application_pid("freecad") != before, what="another FreeCAD")
        eventually(lambda: freecad.get("/objects/Round").status_code == 200, what="its objects")
        assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (
            pytest.approx(DRILLED - rounded(5)),
            [(10, 20)],
        )
        patch(freecad, "A", location=[30, 33, -10])
        patch(freecad, "B", location=[10, 6, -10])
        assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
        assert roundings(freecad, "Round") == [(30, 33)]
