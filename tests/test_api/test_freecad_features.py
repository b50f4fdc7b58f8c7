"""Modelling operations, sketches and bodies over HTTP: volumes by formula, and what OpenCASCADE would let pass."""

from __future__ import annotations

from math import pi, sqrt, tan
from typing import Any

import httpx
import pytest

RECTANGLE = {"type": "rectangle", "width": 40, "height": 20}


def post(freecad: httpx.Client, route: str, /, **body: Any) -> dict[str, Any]:
    response = freecad.post(route, json=body)
    assert response.status_code == 201, response.text
    return response.json()["result"]


def get(freecad: httpx.Client, path: str) -> dict[str, Any]:
    response = freecad.get(path)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def refused(freecad: httpx.Client, route: str, /, **body: Any) -> str:
    """The code of the 422 that `body` gets; the document is the same afterwards."""
    before = get(freecad, "/objects")
    response = freecad.post(route, json=body)
    assert response.status_code == 422, response.text
    assert get(freecad, "/objects") == before
    return str(response.json()["error"]["code"])


@pytest.fixture
def box(freecad: httpx.Client) -> httpx.Client:
    """A cube of 10 mm, `Box`."""
    post(freecad, "/primitives/box", name="Box")
    return freecad


# --- edges and faces -----------------------------------------------------------------------------------------------


def test_edges_to_round_are_chosen_by_geometry_or_by_name(box: httpx.Client) -> None:
    upright = post(box, "/features/fillet", object="Box", radius=1, edges={"parallel_to": [0, 0, 1]})
    assert upright["volume"] == pytest.approx(1000 - 4 * (1 - pi / 4) * 10)
    single = post(box, "/features/fillet", object="Box", radius="2 mm", edges=["Edge1"])
    assert single["volume"] == pytest.approx(1000 - (4 - pi) * 10)
    every = post(box, "/features/fillet", object="Box", radius=1)
    assert every["volume"] < upright["volume"]
    assert get(box, "/objects/Box")["visible"] is False


def test_a_chamfer_takes_one_or_two_sizes(box: httpx.Client) -> None:
    info = post(box, "/features/chamfer", object="Box", size=1, edges=[1])
    assert info["volume"] == pytest.approx(1000 - 0.5 * 10)
    uneven = post(box, "/features/chamfer", object="Box", size=1, size2=3, edges=[1])
    assert uneven["volume"] == pytest.approx(1000 - 1.5 * 10)


@pytest.mark.parametrize("door", ["patch", "batch"])
def test_a_refused_change_leaves_what_depends_on_the_object_as_it_was(box: httpx.Client, door: str) -> None:
    post(box, "/features/fillet", object="Box", radius=3, name="Round")
    post(box, "/features/mirror", object="Round", plane="yz", name="Twin")
    before = [get(box, f"/objects/{name}") for name in ("Box", "Round", "Twin")]
    change = {"properties": {"Length": 1}}
    if door == "patch":
        response = box.patch("/objects/Box", json=change)
    else:
        call = {"method": "objects.update", "params": {"name": "Box", **change}}
        response = box.post("/batch", json={"calls": [call], "atomic": True})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "degenerate_result")
    assert [get(box, f"/objects/{name}") for name in ("Box", "Round", "Twin")] == before


def test_a_refused_change_of_a_sketch_leaves_the_features_of_its_body_as_they_were(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Plate")
    post(freecad, "/sketches", name="Outline", body="Plate", geometry=[RECTANGLE])
    post(freecad, "/features/pad", sketch="Outline", length=5, name="Pad")
    post(freecad, "/features/fillet", object="Pad", radius=2, name="Round", edges={"parallel_to": [0, 0, 1]})
    names = ("Outline", "Pad", "Plate", "Round")
    before = [get(freecad, f"/objects/{name}") for name in names]
    constraints = get(freecad, "/sketches/Outline")["constraints"]
    [width] = [each["index"] for each in constraints if each["value"] == 40]
    for path, change in (
        ("/sketches/Outline", {"values": [{"index": width, "value": 1}]}),
        ("/sketches/Outline", {"geometry": [{"type": "line", "start": [0, 0], "end": [99, 0]}]}),
        ("/objects/Pad", {"properties": {"Length": 0}}),
    ):
        response = freecad.patch(path, json=change)
        assert (response.status_code, response.json()["error"]["code"]) == (422, "degenerate_result"), response.text
        assert [get(freecad, f"/objects/{name}") for name in names] == before


def test_a_fillet_follows_its_box_and_a_change_that_it_cannot_follow_is_rolled_back(box: httpx.Client) -> None:
    post(box, "/features/fillet", object="Box", radius=2, edges={"parallel_to": [0, 0, 1]}, name="Round")
    assert box.patch("/objects/Box", json={"properties": {"Height": 20}}).status_code == 200
    assert get(box, "/objects/Round")["volume"] == pytest.approx(2000 - 4 * (4 - pi) * 20)
    response = box.patch("/objects/Box", json={"properties": {"Length": 3}})
    assert (response.status_code, response.json()["error"]["details"]["object"]) == (422, "Round")
    assert get(box, "/objects/Box")["volume"] == 2000


# OpenCASCADE calls the fillet of 6 mm around one face of the cube valid; it reaches down to z = -82.
@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("fillet", {"radius": 6, "edges": {"at": "left"}}, "degenerate_result"),
        ("fillet", {"radius": 10, "edges": [1]}, "degenerate_result"),
        ("fillet", {"radius": 0}, "validation_error"),
        ("fillet", {"radius": 1, "edges": []}, "validation_error"),
        ("fillet", {"radius": 1, "edges": ["Edge13"]}, "validation_error"),
        ("fillet", {"radius": 1, "edges": ["Face1"]}, "validation_error"),
        ("fillet", {"radius": 1, "edges": {"radius": 3}}, "validation_error"),
        ("fillet", {"radius": 1, "edges": {"colour": "red"}}, "validation_error"),
        ("fillet", {"radius": 1, "edges": {"parallel_to": [0, 0, 0]}}, "validation_error"),
        ("chamfer", {"size": 20, "edges": [1]}, "degenerate_result"),
        ("thickness", {"thickness": 6, "faces": {"at": "top"}}, "degenerate_result"),
        ("thickness", {"thickness": 1, "faces": [1, 2, 3, 4, 5, 6]}, "validation_error"),
        ("thickness", {"thickness": 1}, "validation_error"),
        ("offset", {"distance": -6}, "degenerate_result"),
        ("offset", {"distance": 0}, "validation_error"),
        ("section", {"normal": [0, 0, 1], "base": [0, 0, 50]}, "degenerate_result"),
        ("mirror", {}, "validation_error"),
        ("mirror", {"plane": "xy", "normal": [0, 0, 1]}, "validation_error"),
        ("extrude", {"length": 5}, "validation_error"),
        ("linear_pattern", {"count": 1}, "validation_error"),
        ("linear_pattern", {"count": 5000}, "limit_exceeded"),
        ("polar_pattern", {"count": 3, "angle": 0}, "validation_error"),
    ],
)
def test_an_impossible_feature_is_refused_and_the_document_unchanged(
    box: httpx.Client, path: str, body: dict[str, Any], code: str
) -> None:
    assert refused(box, f"/features/{path}", object="Box", **body) == code


def test_a_box_hollowed_out_through_its_top_has_walls_of_the_thickness(box: httpx.Client) -> None:
    inward = post(box, "/features/thickness", object="Box", thickness=1, faces={"at": "top"})
    assert inward["volume"] == pytest.approx(1000 - 8 * 8 * 9)
    body = {"object": "Box", "thickness": 1, "faces": {"at": "top"}, "inward": False, "join": "intersection"}
    assert post(box, "/features/thickness", **body)["volume"] == pytest.approx(12 * 12 * 11 - 1000)


def test_an_offset_grows_with_round_or_sharp_corners_and_shrinks(box: httpx.Client) -> None:
    sharp = post(box, "/features/offset", object="Box", distance=1, join="intersection")
    assert sharp["volume"] == pytest.approx(12**3)
    rounded = post(box, "/features/offset", object="Box", distance=1)
    assert rounded["volume"] == pytest.approx(1000 + 600 + 3 * pi * 10 + 4 / 3 * pi)
    assert post(box, "/features/offset", object="Box", distance="-1 mm")["volume"] == pytest.approx(512)


def test_a_mirror_image_lies_on_the_other_side(box: httpx.Client) -> None:
    image = post(box, "/features/mirror", object="Box", plane="yz")
    assert image["volume"] == pytest.approx(1000)
    assert (image["bounding_box"]["min"][0], image["bounding_box"]["max"][0]) == (-10, 0)
    assert get(box, "/objects/Box")["visible"] is True
    tilted = post(box, "/features/mirror", object="Box", normal=[0, 0, 2], base=[0, 0, 20])
    assert tilted["bounding_box"]["min"][2] == pytest.approx(30)


def test_patterns_repeat_along_a_line_and_around_an_axis(box: httpx.Client) -> None:
    row = post(box, "/features/linear_pattern", object="Box", direction=[1, 1, 0], spacing=20, count=3)
    assert row["volume"] == pytest.approx(3000)
    assert row["bounding_box"]["max"] == pytest.approx([10 + 40 / sqrt(2), 10 + 40 / sqrt(2), 10])
    fused = post(box, "/features/linear_pattern", object="Box", spacing=5, count=3, fuse=True)
    assert fused["volume"] == pytest.approx(2000)
    ring = post(box, "/features/polar_pattern", object="Box", center=[30, 0, 0], count=4)
    assert ring["volume"] == pytest.approx(4000)
    assert ring["bounding_box"]["max"][0] == pytest.approx(60)


def test_a_section_is_the_outline_in_the_plane(box: httpx.Client) -> None:
    outline = post(box, "/features/section", object="Box", base=[0, 0, 5], name="Outline")
    assert outline["volume"] == 0
    measured = get(box, "/objects/Outline/measures")
    assert (measured["length"], measured["counts"]["edges"]) == (pytest.approx(40), 4)


def test_the_centre_of_what_is_not_solid_is_that_of_its_faces_or_edges(box: httpx.Client) -> None:
    flat = post(box, "/features/section", object="Box", base=[0, 0, 2], name="Flat")
    assert (flat["volume"], flat["center_of_mass"]) == (0, pytest.approx([5, 5, 2]))
    post(box, "/primitives/box", name="Foot", width=5, location=[10, 0, 0])
    post(box, "/boolean/union", object1="Box", object2="Foot", name="Boot")
    angle = post(box, "/features/section", object="Boot", base=[0, 0, 5], name="Angle")
    # Along its outline, from (0, 0): 20, 5, 10, 5, 10 and 10 mm.
    assert angle["center_of_mass"] == pytest.approx([550 / 60, 250 / 60, 5])
    assert get(box, "/objects/Angle/measures")["center_of_mass"] == angle["center_of_mass"]


# --- sketches and what is made of them -----------------------------------------------------------------------------


def test_a_rectangle_is_fully_constrained_and_extrudes_to_a_box(freecad: httpx.Client) -> None:
    sketch = post(freecad, "/sketches", name="Profile", geometry=[RECTANGLE])
    assert (sketch["degrees_of_freedom"], sketch["fully_constrained"], sketch["closed"]) == (0, True, True)
    assert [each["type"] for each in sketch["geometry"]] == ["line"] * 4
    solid = post(freecad, "/features/extrude", object="Profile", length=10)
    assert (solid["volume"], solid["shape_type"]) == (pytest.approx(8000), "Solid")
    both = post(freecad, "/features/extrude", object="Profile", length=10, length_reverse=5)
    assert (both["bounding_box"]["min"][2], both["volume"]) == (-5, pytest.approx(12000))
    slanted = post(freecad, "/features/extrude", object="Profile", length=10, direction=[0, 3, 4])
    assert slanted["volume"] == pytest.approx(40 * 20 * 8)


def test_a_tapered_extrusion_widens(freecad: httpx.Client) -> None:
    post(freecad, "/sketches", name="Circle", geometry=[{"type": "circle", "radius": 5}])
    info = post(freecad, "/features/extrude", object="Circle", length=10, taper_angle=10)
    top = 5 + 10 * tan(pi / 18)
    assert info["volume"] == pytest.approx(pi * 10 / 3 * (25 + 5 * top + top**2), rel=1e-3)


def test_changing_a_dimension_changes_the_solid(freecad: httpx.Client) -> None:
    sketch = post(freecad, "/sketches", name="Profile", geometry=[RECTANGLE])
    post(freecad, "/features/extrude", object="Profile", length=10, name="Solid")
    [width] = [each["index"] for each in sketch["constraints"] if each["value"] == 40]
    changed = freecad.patch("/sketches/Profile", json={"values": [{"index": width, "value": "5 cm"}]})
    assert changed.status_code == 200, changed.text
    assert get(freecad, "/objects/Solid")["volume"] == pytest.approx(50 * 20 * 10)
    hole = {"geometry": [{"type": "circle", "center": [25, 10], "radius": 4}]}
    assert freecad.patch("/sketches/Profile", json=hole).json()["result"]["degrees_of_freedom"] == 3
    assert get(freecad, "/objects/Solid")["volume"] == pytest.approx((1000 - 16 * pi) * 10)


def test_constraints_take_freedom_away_one_by_one(freecad: httpx.Client) -> None:
    arc = {"type": "arc", "radius": 5, "start_angle": 0, "end_angle": 180}
    line = {"type": "line", "start": [-5, 0], "end": [5, 0]}
    place = [
        {"geometry": 0, "point": "start"},
        {"geometry": 1, "point": "end"},
        {"geometry": 0, "point": "end"},
        {"geometry": 1, "point": "start"},
    ]
    joined = [
        {"type": "coincident", "first": place[0], "second": place[1]},
        {"type": "coincident", "first": place[2], "second": place[3]},
    ]
    more = [
        {"type": "radius", "first": {"geometry": 0}, "value": "1 cm", "name": "r"},
        {
            "type": "coincident",
            "first": {"geometry": 0, "point": "center"},
            "second": {"geometry": "origin", "point": "start"},
        },
        {"type": "horizontal", "first": {"geometry": 1}},
    ]
    free = [
        post(freecad, "/sketches", geometry=[arc, line], constraints=[*joined, *more[:count]])["degrees_of_freedom"]
        for count in range(4)
    ]
    assert free == [5, 4, 2, 1]


@pytest.mark.parametrize(
    ("constraint", "code"),
    [
        (
            {
                "type": "distance_x",
                "first": {"geometry": 0, "point": "start"},
                "second": {"geometry": 0, "point": "end"},
                "value": 50,
            },
            "degenerate_result",
        ),
        ({"type": "horizontal", "first": {"geometry": 0}}, "degenerate_result"),
        ({"type": "radius", "first": {"geometry": 0}, "value": 3}, "degenerate_result"),
        ({"type": "horizontal", "first": {"geometry": 9}}, "validation_error"),
        ({"type": "horizontal", "first": {"geometry": 0}, "value": 5}, "validation_error"),
        ({"type": "distance", "first": {"geometry": 0}}, "validation_error"),
        ({"type": "distance", "first": {"geometry": 0}, "value": "3 kg"}, "validation_error"),
        ({"type": "glued", "first": {"geometry": 0}}, "validation_error"),
    ],
)
def test_a_constraint_that_contradicts_repeats_or_means_nothing_is_refused(
    freecad: httpx.Client, constraint: dict[str, Any], code: str
) -> None:
    assert refused(freecad, "/sketches", geometry=[RECTANGLE], constraints=[constraint]) == code


@pytest.mark.parametrize(
    "geometry",
    [
        [],
        [{"type": "line", "start": [1, 1], "end": [1, 1]}],
        [{"type": "circle", "radius": 0}],
        [{"type": "arc", "radius": 1, "start_angle": 0, "end_angle": 360}],
        [{"type": "polyline", "points": [[0, 0], [1, 0]]}],
        [{"type": "spiral"}],
    ],
)
def test_geometry_without_size_is_refused(freecad: httpx.Client, geometry: list[dict[str, Any]]) -> None:
    assert refused(freecad, "/sketches", geometry=geometry) == "validation_error"


def test_an_open_profile_makes_a_surface_and_no_solid(freecad: httpx.Client) -> None:
    polyline = {"type": "polyline", "points": [[0, 0], [10, 0], [10, 10]], "closed": False}
    assert post(freecad, "/sketches", name="Open", geometry=[polyline])["closed"] is False
    assert refused(freecad, "/features/extrude", object="Open", length=5) == "degenerate_result"
    surface = post(freecad, "/features/extrude", object="Open", length=5, solid=False)
    assert (surface["volume"], surface["area"]) == (0, pytest.approx(100))


def test_a_circle_revolves_to_a_torus_and_in_its_own_plane_to_nothing(freecad: httpx.Client) -> None:
    post(freecad, "/sketches", name="Circle", geometry=[{"type": "circle", "center": [5, 0], "radius": 2}])
    torus = post(freecad, "/features/revolve", object="Circle", axis=[0, 1, 0])
    assert torus["volume"] == pytest.approx(2 * pi**2 * 5 * 4)
    half = post(freecad, "/features/revolve", object="Circle", axis=[0, 1, 0], angle=180)
    assert half["volume"] == pytest.approx(pi**2 * 5 * 4)
    assert refused(freecad, "/features/revolve", object="Circle", axis=[0, 0, 1]) == "degenerate_result"


def test_a_loft_between_circles_is_a_cone(freecad: httpx.Client) -> None:
    post(freecad, "/sketches", name="Low", geometry=[{"type": "circle", "radius": 4}])
    post(freecad, "/sketches", name="High", geometry=[{"type": "circle", "radius": 2}], offset=9)
    info = post(freecad, "/features/loft", objects=["Low", "High"])
    assert info["volume"] == pytest.approx(pi * 9 / 3 * (16 + 8 + 4))
    assert refused(freecad, "/features/loft", objects=["Low", "Low"]) == "validation_error"


def test_a_profile_sweeps_along_a_helix(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/helix", name="Path", pitch=5, height=20, radius=10)
    circle = {"type": "circle", "center": [10, 0], "radius": 1}
    post(freecad, "/sketches", name="Wire", plane="xz", geometry=[circle])
    spring = post(freecad, "/features/sweep", objects=["Wire"], path="Path")
    # The profile stands upright, not across the path, so its area counts only along the circle.
    assert spring["volume"] == pytest.approx(pi * 2 * pi * 10 * 4, rel=1e-3)
    assert refused(freecad, "/features/sweep", objects=["Wire"], path="Wire") == "validation_error"


# --- bodies --------------------------------------------------------------------------------------------------------


def plate(freecad: httpx.Client) -> None:
    """A body of 40 by 20 by 5 mm with two holes of radius 3."""
    assert post(freecad, "/bodies", name="Plate")["valid"] is True
    post(freecad, "/sketches", name="Outline", body="Plate", geometry=[RECTANGLE])
    assert post(freecad, "/features/pad", sketch="Outline", length=5, name="Pad")["volume"] == pytest.approx(4000)
    [top] = get(freecad, "/objects/Pad/faces?at=top")["faces"]
    circles = [{"type": "circle", "center": [x, 10], "radius": 3} for x in (10, 30)]
    post(freecad, "/sketches", name="Circles", body="Plate", on="Pad", face=top["name"], geometry=circles)
    holes = post(freecad, "/features/pocket", sketch="Circles", through_all=True, name="Holes")
    assert holes["volume"] == pytest.approx(4000 - 2 * 9 * pi * 5)


def test_pads_and_pockets_build_a_body(freecad: httpx.Client) -> None:
    plate(freecad)
    body = get(freecad, "/objects/Plate")
    assert (body["volume"], body["shape_type"]) == (pytest.approx(4000 - 90 * pi), "Solid")
    assert freecad.patch("/objects/Pad", json={"properties": {"Length": 10}}).status_code == 200
    assert get(freecad, "/objects/Plate")["volume"] == pytest.approx(8000 - 180 * pi)
    exported = freecad.post("/export", json={"format": "brep"}).json()["result"]
    assert exported["objects"] == ["Plate"]


def test_the_last_feature_of_a_body_can_go_and_the_body_keeps_the_others(freecad: httpx.Client) -> None:
    plate(freecad)
    in_use = freecad.delete("/objects/Outline")
    assert (in_use.status_code, in_use.json()["error"]["code"]) == (409, "conflict")
    assert freecad.delete("/objects/Holes").json()["result"] == {"deleted": "Holes", "cascaded": []}
    assert get(freecad, "/objects/Plate")["volume"] == pytest.approx(4000)
    whole = freecad.delete("/objects/Plate").json()["result"]
    assert sorted(whole["cascaded"]) == ["Circles", "Outline", "Pad"]
    assert get(freecad, "/objects") == {"objects": [], "total": 0}
    assert freecad.post("/undo").status_code == 200
    assert get(freecad, "/objects/Plate")["volume"] == pytest.approx(4000)


def test_a_pad_needs_a_closed_sketch_in_a_body_and_a_pocket_needs_material(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Empty")
    post(freecad, "/sketches", name="Outside", geometry=[RECTANGLE])
    post(freecad, "/sketches", name="Inside", body="Empty", geometry=[RECTANGLE])
    line = {"type": "line", "start": [0, 0], "end": [5, 5]}
    post(freecad, "/sketches", name="Line", body="Empty", geometry=[line])
    assert refused(freecad, "/features/pad", sketch="Outside") == "validation_error"
    assert refused(freecad, "/features/pad", sketch="Line") == "validation_error"
    assert refused(freecad, "/features/pocket", sketch="Inside") == "validation_error"
    assert refused(freecad, "/sketches", body="Outside", geometry=[RECTANGLE]) == "validation_error"


def test_a_pocket_that_meets_no_material_says_so(freecad: httpx.Client) -> None:
    plate(freecad)
    aside = {"type": "circle", "center": [100, 100], "radius": 1}
    post(freecad, "/sketches", name="Aside", body="Plate", geometry=[aside])
    info = post(freecad, "/features/pocket", sketch="Aside", through_all=True)
    assert [each["code"] for each in info["warnings"]] == ["no_effect"]
