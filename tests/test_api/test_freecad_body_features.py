"""Roundings, chamfers, patterns and mirror images of the features of a body, and of sketches: volumes by formula."""

from __future__ import annotations

from cmath import rect
from math import pi, radians, tan
from typing import Any

import httpx
import pytest

from tests.test_api.test_freecad_truth_chosen import chamfered, get, patch, post, rounded, roundings, volume

HOLE = 160 * pi
SLAB = 32000


def slab(freecad: httpx.Client, **place: Any) -> httpx.Client:
    """A body of 80 by 40 by 10 mm (`Pad`) with a hole of radius 4 at [10, 20] in it (`Pocket`)."""
    post(freecad, "/bodies", name="Body", **place)
    outline = {"type": "rectangle", "width": 80, "height": 40, "fixed": True}
    post(freecad, "/sketches", name="Outline", body="Body", geometry=[outline])
    post(freecad, "/features/pad", sketch="Outline", length=10, name="Pad")
    ring = {"type": "circle", "center": [10, 20], "radius": 4}
    dimension = {"type": "radius", "first": {"geometry": 0}, "value": 4, "name": "Bore"}
    post(freecad, "/sketches", name="Ring", body="Body", geometry=[ring], constraints=[dimension])
    post(freecad, "/features/pocket", sketch="Ring", through_all=True, reversed=True, name="Pocket")
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE)
    return freecad


def refused(freecad: httpx.Client, route: str, /, **body: Any) -> str:
    before = get(freecad, "/objects")
    response = freecad.post(route, json=body)
    assert response.status_code == 422, response.text
    assert get(freecad, "/objects") == before
    return str(response.json()["error"]["message"])


def test_a_pattern_of_a_pocket_repeats_the_pocket_in_its_body(freecad: httpx.Client) -> None:
    slab(freecad)
    info = post(freecad, "/features/linear_pattern", object="Pocket", spacing=15, count=4, name="Row")
    assert (info["type"], info["volume"]) == ("PartDesign::LinearPattern", pytest.approx(SLAB - 4 * HOLE))
    assert volume(freecad, "Body") == pytest.approx(SLAB - 4 * HOLE)
    box = get(freecad, "/objects/Body")["bounding_box"]
    assert (box["min"], box["max"]) == (pytest.approx([0, 0, 0]), pytest.approx([80, 40, 10]))
    patch(freecad, "Ring", properties={"Bore": 3})
    assert volume(freecad, "Body") == pytest.approx(SLAB - 4 * 90 * pi)
    patch(freecad, "Row", properties={"count": 3})
    assert volume(freecad, "Body") == pytest.approx(SLAB - 3 * 90 * pi)
    for _ in range(3):
        assert freecad.post("/undo").status_code == 200
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE)
    assert freecad.get("/objects/Row").status_code == 404


@pytest.mark.parametrize(
    ("route", "fields", "copies"),
    [
        ("linear_pattern", {"direction": [0, 1, 0], "spacing": 15, "count": 4}, 3),
        ("linear_pattern", {"direction": [-1, 0, 0], "spacing": 9, "count": 2}, 1),
        ("linear_pattern", {"direction": [1, 1, 0], "spacing": 12, "count": 2}, 1),
        ("polar_pattern", {"center": [80, 20, 0], "count": 2}, 1),
        ("polar_pattern", {"center": [80, 20, 0], "count": 2, "angle": 180}, 1),
        ("polar_pattern", {"center": [90, 10, 0], "count": 2, "angle": -90}, 1),
        ("mirror", {"normal": [0, 1, 0], "base": [0, 40, 0]}, 1),
    ],
)
def test_directions_are_the_documents_also_in_a_turned_body(
    freecad: httpx.Client, route: str, fields: dict[str, Any], copies: int
) -> None:
    """The body is turned by 90° about Z: its length lies along Y from x 60 to 100, its hole at [80, 10]."""
    slab(freecad, location=[100, 0, 0], rotation=[0, 0, 90])
    info = post(freecad, f"/features/{route}", object="Pocket", name="More", **fields)
    assert info["volume"] == pytest.approx(SLAB - (1 + copies) * HOLE)
    assert info["warnings"] == []


def test_copies_that_reach_nothing_are_said_and_a_body_in_two_pieces_is_refused(freecad: httpx.Client) -> None:
    slab(freecad)
    info = post(freecad, "/features/linear_pattern", object="Pocket", spacing=60, count=4)
    assert info["volume"] == pytest.approx(SLAB - 2 * HOLE)
    assert [each["code"] for each in info["warnings"]] == ["no_effect"]
    square = {"type": "rectangle", "corner": [60, 10], "width": 5, "height": 5}
    post(freecad, "/sketches", name="Foot", body="Body", offset=10, geometry=[square])
    post(freecad, "/features/pad", sketch="Foot", length=5, name="Boss")
    assert "one piece" in refused(freecad, "/features/linear_pattern", object="Boss", spacing=200, count=2)
    row = post(freecad, "/features/linear_pattern", object="Boss", direction=[0, 1, 0], spacing=10, count=2)
    assert row["volume"] == pytest.approx(SLAB - 2 * HOLE + 2 * 125)


def test_a_mirror_image_of_a_boss_grows_the_body(freecad: httpx.Client) -> None:
    slab(freecad)
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(freecad, "/sketches", name="Foot", body="Body", offset=10, geometry=[square])
    post(freecad, "/features/pad", sketch="Foot", length=5, name="Boss")
    info = post(freecad, "/features/mirror", object="Boss", normal=[1, 0, 0], base=[40, 0, 0], name="Image")
    assert info["volume"] == pytest.approx(SLAB - HOLE + 2 * 500)
    assert get(freecad, "/objects/Body/distance", to="Image")["common_volume"] == pytest.approx(info["volume"])


def test_the_first_feature_of_a_body_is_copied_as_an_object(freecad: httpx.Client) -> None:
    """All of the body at that point, so that nothing else can be meant."""
    slab(freecad)
    image = post(freecad, "/features/mirror", object="Pad", plane="yz")
    assert (image["type"], image["volume"]) == ("Part::Mirroring", pytest.approx(SLAB))
    row = post(freecad, "/features/linear_pattern", object="Pad", spacing=100, count=2)
    assert row["volume"] == pytest.approx(2 * SLAB)
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE)


def test_roundings_and_chamfers_are_the_next_features_of_a_body(freecad: httpx.Client) -> None:
    slab(freecad)
    post(freecad, "/features/linear_pattern", object="Pocket", spacing=30, count=3, name="Row")
    left = {"type": "circle", "at": "top", "inside": {"min": [0, 0, 9], "max": [20, 40, 11]}}
    info = post(freecad, "/features/fillet", object="Row", radius=1, edges=left, name="Round")
    assert info["type"] == "PartDesign::Fillet"
    assert volume(freecad, "Body") == pytest.approx(SLAB - 3 * HOLE - rounded(4))
    right = {"type": "circle", "at": "top", "inside": {"min": [60, 0, 9], "max": [80, 40, 11]}}
    info = post(freecad, "/features/chamfer", object="Round", size=1, edges=right, name="Bevel")
    assert info["type"] == "PartDesign::Chamfer"
    assert volume(freecad, "Body") == pytest.approx(SLAB - 3 * HOLE - rounded(4) - chamfered(4))
    # They follow what is before them, and keep to their edges.
    patch(freecad, "Pad", properties={"Length": 20})
    assert volume(freecad, "Body") == pytest.approx(2 * SLAB - 6 * HOLE - rounded(4) - chamfered(4))
    patch(freecad, "Ring", properties={"Bore": 3})
    assert volume(freecad, "Body") == pytest.approx(2 * SLAB - 3 * 180 * pi - rounded(3) - chamfered(3))
    assert roundings(freecad, "Body") == [(10, 20)]
    assert roundings(freecad, "Body", "cone") == [(70, 20)]
    patch(freecad, "Round", properties={"radius": 2})
    patch(freecad, "Bevel", properties={"size": 1.5})
    assert volume(freecad, "Body") == pytest.approx(2 * SLAB - 3 * 180 * pi - rounded(3, 2) - chamfered(3, 1.5))


def test_what_is_made_from_a_body_follows_its_new_features(freecad: httpx.Client) -> None:
    slab(freecad)
    post(freecad, "/primitives/box", name="Box", length=10, width=10, height=10, location=[200, 0, 0])
    post(freecad, "/boolean/union", object1="Body", object2="Box", name="Both")
    post(freecad, "/features/linear_pattern", object="Pocket", spacing=15, count=3, name="Row")
    assert volume(freecad, "Both") == pytest.approx(1000 + SLAB - 3 * HOLE)
    rims = {"type": "circle", "at": "top"}
    post(freecad, "/features/fillet", object="Row", radius=1, edges=rims, name="Round")
    assert volume(freecad, "Both") == pytest.approx(1000 + SLAB - 3 * HOLE - 3 * rounded(4))
    mark = {"type": "circle", "center": [70, 20], "radius": 1}
    post(freecad, "/sketches", name="Mark", body="Body", offset=10, geometry=[mark])
    post(freecad, "/features/hole", sketch="Mark", diameter=4, through_all=True)
    assert volume(freecad, "Both") == pytest.approx(1000 + SLAB - 3 * HOLE - 3 * rounded(4) - 40 * pi)


def test_what_a_body_cannot_do_is_refused_with_what_to_do(freecad: httpx.Client) -> None:
    slab(freecad)
    assert "'Pocket'" in refused(freecad, "/features/fillet", object="Pad", radius=1)
    post(freecad, "/features/fillet", object="Pocket", radius=1, edges={"type": "circle"}, name="Round")
    message = refused(freecad, "/features/linear_pattern", object="Round", spacing=10, count=2)
    assert "name a pad or a pocket" in message
    assert "move the body" in refused(freecad, "/features/mirror", object="Pocket", plane="yz", location=[1, 0, 0])
    assert "FreeCAD cannot make" in refused(freecad, "/features/fillet", object="Round", radius=30, edges={"at": "top"})


def test_the_body_itself_is_copied_as_a_whole(freecad: httpx.Client) -> None:
    slab(freecad)
    info = post(freecad, "/features/linear_pattern", object="Body", spacing=100, count=2)
    assert info["volume"] == pytest.approx(2 * (SLAB - HOLE))
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE)


@pytest.mark.parametrize(
    ("route", "fields", "low", "high", "copies"),
    [
        ("mirror", {"plane": "yz"}, [-14, -4, 0], [-6, 4, 0], 1),
        ("linear_pattern", {"count": 3, "spacing": 10}, [6, -4, 0], [34, 4, 0], 3),
        ("polar_pattern", {"count": 4}, [-14, -14, 0], [14, 14, 0], 4),
    ],
)
def test_sketches_are_mirrored_and_repeated_too(
    freecad: httpx.Client, route: str, fields: dict[str, Any], low: list[float], high: list[float], copies: int
) -> None:
    post(freecad, "/sketches", name="Ring", geometry=[{"type": "circle", "center": [10, 0], "radius": 4}])
    info = post(freecad, f"/features/{route}", object="Ring", name="More", **fields)
    assert (info["bounding_box"]["min"], info["bounding_box"]["max"]) == (pytest.approx(low), pytest.approx(high))
    made = post(freecad, "/features/extrude", object="More", length=5, direction=[0, 0, 1])
    assert made["volume"] == pytest.approx(copies * 16 * pi * 5)
    if route != "mirror":
        assert "only edges" in refused(freecad, f"/features/{route}", object="Ring", fuse=True, **fields)


def cylinder(diameter: float, height: float) -> float:
    return pi / 4 * diameter**2 * height


def frustum(wide: float, narrow: float, height: float) -> float:
    return pi / 12 * height * (wide**2 + wide * narrow + narrow**2)


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"diameter": 5, "depth": 6}, cylinder(5, 6)),
        ({"diameter": 5, "through_all": True}, cylinder(5, 10)),
        ({"diameter": 6, "depth": 5, "drill_point": "angled"}, cylinder(6, 5) + frustum(6, 0, 3 / tan(pi * 59 / 180))),
        (
            {"diameter": 5, "through_all": True, "head": "counterbore", "head_diameter": 9, "head_depth": 3},
            cylinder(5, 7) + cylinder(9, 3),
        ),
        (
            {"diameter": "5 mm", "through_all": True, "head": "countersink", "head_diameter": 9},
            cylinder(5, 8) + frustum(9, 5, 2),
        ),
    ],
)
def test_holes_are_drilled_at_the_circles_of_a_sketch(
    freecad: httpx.Client, fields: dict[str, Any], taken: float
) -> None:
    slab(freecad, location=[100, 0, 0], rotation=[0, 0, 30])
    circles = [{"type": "circle", "center": [x, 20], "radius": r} for x, r in ((40, 1), (60, 3))]
    post(freecad, "/sketches", name="Marks", body="Body", offset=10, geometry=circles)
    info = post(freecad, "/features/hole", sketch="Marks", name="Drilled", **fields)
    assert (info["type"], info["volume"]) == ("PartDesign::Hole", pytest.approx(SLAB - HOLE - 2 * taken))
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE - 2 * taken)


def test_a_hole_is_repeated_and_refused_without_circles(freecad: httpx.Client) -> None:
    slab(freecad)
    line = {"type": "line", "start": [40, 20], "end": [50, 20]}
    post(freecad, "/sketches", name="Line", body="Body", offset=10, geometry=[line])
    assert "no circle" in refused(freecad, "/features/hole", sketch="Line")
    post(
        freecad,
        "/sketches",
        name="Mark",
        body="Body",
        offset=10,
        geometry=[{"type": "circle", "center": [30, 20], "radius": 1}],
    )
    assert "head_diameter" in refused(freecad, "/features/hole", sketch="Mark", head="countersink")
    assert "above the diameter" in refused(
        freecad, "/features/hole", sketch="Mark", head="countersink", head_diameter=2
    )
    post(freecad, "/features/hole", sketch="Mark", diameter=3, through_all=True, name="Drilled")
    post(freecad, "/features/linear_pattern", object="Drilled", spacing=15, count=3, name="Row")
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE - 3 * cylinder(3, 10))
    patch(freecad, "Drilled", properties={"diameter": 4})
    assert volume(freecad, "Body") == pytest.approx(SLAB - HOLE - 3 * cylinder(4, 10))


def holes(freecad: httpx.Client) -> list[tuple[float, float]]:
    """Where the holes of the body are, along X."""
    found = get(freecad, "/objects/Body/faces", type="cylinder")["faces"]
    return sorted((round(each["center"][0], 6), round(each["center"][1], 6)) for each in found)


def along(*places: float) -> list[tuple[float, float]]:
    return [(place, 20) for place in places]


def setting(freecad: httpx.Client, name: str, field: str) -> Any:
    return get(freecad, f"/objects/{name}")["properties"][field]["value"]


def turned_about(center: tuple[float, float], angles: list[float]) -> list[tuple[float, float]]:
    """Where [10, 20] is after turns about a point."""
    arm = complex(10, 20) - complex(*center)
    places = [complex(*center) + arm * rect(1, radians(angle)) for angle in angles]
    return sorted((round(place.real, 6), round(place.imag, 6)) for place in places)


def test_count_and_spacing_of_a_pattern_in_a_body_leave_each_other_alone(freecad: httpx.Client) -> None:
    slab(freecad)
    post(freecad, "/features/linear_pattern", object="Pocket", spacing=12, count=3, name="Row")
    assert holes(freecad) == along(10, 22, 34)
    assert (setting(freecad, "Row", "count"), setting(freecad, "Row", "spacing")) == (3, 12)
    patch(freecad, "Row", properties={"count": 5})
    assert holes(freecad) == along(10, 22, 34, 46, 58)
    patch(freecad, "Row", properties={"spacing": "1.5 cm"})
    assert holes(freecad) == along(10, 25, 40, 55, 70)
    patch(freecad, "Row", properties={"spacing": 20, "count": 4})
    assert holes(freecad) == along(10, 30, 50, 70)
    patch(freecad, "Row", properties={"count": 2, "spacing": 30})
    assert holes(freecad) == along(10, 40)
    # FreeCAD's own properties have FreeCAD's own meaning: the length from the first to the last one.
    patch(freecad, "Row", properties={"Occurrences": 4, "Length": 60})
    assert holes(freecad) == along(10, 30, 50, 70)
    assert volume(freecad, "Body") == pytest.approx(SLAB - 4 * HOLE)
    patch(freecad, "Row", properties={"Occurrences": 3})
    assert holes(freecad) == along(10, 40, 70)
    assert setting(freecad, "Row", "spacing") == 30
    for _ in range(2):
        assert freecad.post("/undo").status_code == 200
    assert holes(freecad) == along(10, 40)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"count": 4, "Length": 60}, "Length"),
        ({"count": 4, "Occurrences": 4}, "Occurrences"),
        ({"spacing": 4, "Length": 60}, "Length"),
        ({"spacing": 0}, "above 0"),
        ({"spacing": "3 deg"}, "3 deg"),
        ({"count": 1}, "from 2 on"),
        ({"count": True}, "whole number"),
        ({"count": 2.5}, "whole number"),
        ({"count": 100_000}, "max_copies"),
        ({"Occurrences": 100_000}, "max_copies"),
    ],
)
def test_sizes_of_a_pattern_in_a_body_that_cannot_be_are_refused(
    freecad: httpx.Client, properties: dict[str, Any], words: str
) -> None:
    slab(freecad)
    post(freecad, "/features/linear_pattern", object="Pocket", spacing=12, count=3, name="Row")
    before = get(freecad, "/objects/Row")
    response = freecad.patch("/objects/Row", json={"properties": properties})
    assert (response.status_code, words in response.json()["error"]["message"]) == (422, True), response.text
    assert get(freecad, "/objects/Row") == before


def test_a_pattern_in_a_body_that_an_expression_determines(freecad: httpx.Client) -> None:
    slab(freecad)
    freecad.put("/parameters", json={"n": {"value": 3}, "gap": {"value": 15, "unit": "mm"}}).raise_for_status()
    post(freecad, "/features/linear_pattern", object="Pocket", spacing=12, count=3, name="Row")
    # FreeCAD keeps the length then, so that the spacing would change: the answer names what keeps it.
    response = freecad.patch("/objects/Row", json={"expressions": {"count": "Parameters.n"}})
    message = response.json()["error"]["message"]
    assert (response.status_code, "Occurrences" in message, "Length" in message) == (422, True, True), message
    both = {"Occurrences": "Parameters.n", "Length": "Parameters.gap * (Parameters.n - 1)"}
    patch(freecad, "Row", expressions=both)
    assert holes(freecad) == along(10, 25, 40)
    freecad.patch("/parameters", json={"n": {"value": 5}}).raise_for_status()
    assert holes(freecad) == along(10, 25, 40, 55, 70)
    for properties in ({"count": 4}, {"spacing": 10}):
        response = freecad.patch("/objects/Row", json={"properties": properties})
        assert (response.status_code, "expression" in response.json()["error"]["message"]) == (422, True)
    released = {"expressions": {"Occurrences": None, "Length": None}, "properties": {"count": 4}}
    freecad.patch("/objects/Row", json=released).raise_for_status()
    assert holes(freecad) == along(10, 25, 40, 55)


@pytest.mark.parametrize("axis", [[0, 0, 1], [0, 0, -1], [0, 0, 2]])
def test_a_polar_pattern_in_a_body_keeps_its_angle_and_the_way_it_turns(freecad: httpx.Client, axis: list[int]) -> None:
    slab(freecad)
    center, sense = (30, 20), axis[2] / abs(axis[2])
    fields: dict[str, Any] = {"center": [*center, 0], "axis": axis}
    post(freecad, "/features/polar_pattern", object="Pocket", count=2, angle=-48 * sense, name="Arc", **fields)
    assert holes(freecad) == turned_about(center, [0, -48])
    assert setting(freecad, "Arc", "angle") == -48 * sense
    # As outside of bodies: `angle` is from the first to the last one.
    patch(freecad, "Arc", properties={"count": 3})
    assert holes(freecad) == turned_about(center, [0, -24, -48])
    patch(freecad, "Arc", properties={"angle": 48 * sense})
    assert holes(freecad) == turned_about(center, [0, 24, 48])
    patch(freecad, "Arc", properties={"angle": -30 * sense, "count": 2})
    assert holes(freecad) == turned_about(center, [0, -30])
    for angle in (0, 400, "3 mm"):
        assert freecad.patch("/objects/Arc", json={"properties": {"angle": angle}}).status_code == 422
    assert holes(freecad) == turned_about(center, [0, -30])


def test_a_whole_turn_in_a_body_is_divided_anew(freecad: httpx.Client) -> None:
    slab(freecad)
    post(freecad, "/features/polar_pattern", object="Pocket", count=2, center=[24, 20, 0], name="Round")
    assert holes(freecad) == along(10, 38)
    patch(freecad, "Round", properties={"count": 4})
    assert holes(freecad) == turned_about((24, 20), [0, 90, 180, 270])
    assert setting(freecad, "Round", "angle") == 360


def test_counts_of_a_pattern_outside_bodies_are_given_once(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=2, height=5)
    post(freecad, "/features/linear_pattern", object="Pin", count=3, spacing=10, name="Row")
    for properties in ({"count": 4, "NumberX": 5}, {"NumberX": 100_000}):
        assert freecad.patch("/objects/Row", json={"properties": properties}).status_code == 422
    freecad.put("/parameters", json={"n": {"value": 3}}).raise_for_status()
    patch(freecad, "Row", expressions={"NumberX": "Parameters.n"})
    response = freecad.patch("/objects/Row", json={"properties": {"count": 5}})
    assert (response.status_code, "expression" in response.json()["error"]["message"]) == (422, True)
