"""FreeCAD's primitives over HTTP: their measures against formulas, their values in units, and what is refused."""

from __future__ import annotations

from math import pi, radians, sin, sqrt
from typing import Any

import httpx
import pytest


def create(freecad: httpx.Client, kind: str, **params: Any) -> dict[str, Any]:
    """Add a primitive and return its ObjectInfo."""
    response = freecad.post(f"/primitives/{kind}", json=params)
    assert response.status_code == 201, response.text
    envelope = response.json()
    assert envelope["status"] == "success"
    return envelope["result"]


def refused(freecad: httpx.Client, kind: str, **params: Any) -> dict[str, Any]:
    """Send something impossible; the error, after making sure that the document is still empty."""
    response = freecad.post(f"/primitives/{kind}", json=params)
    assert response.status_code == 422, response.text
    assert freecad.get("/objects").json()["result"] == {"objects": [], "total": 0}
    return response.json()["error"]


VOLUMES: list[tuple[str, dict[str, Any], float, float]] = [
    ("box", {}, 1000, 600),
    ("box", {"length": 20, "width": 5, "height": 2}, 200, 300),
    ("sphere", {}, 4 / 3 * pi * 125, 4 * pi * 25),
    ("sphere", {"radius": 2, "angle1": 0}, 2 / 3 * pi * 8, 3 * pi * 4),
    ("cylinder", {}, pi * 4 * 10, 2 * pi * 2 * 12),
    ("cylinder", {"radius": 3, "height": 7, "angle": 90}, pi * 9 * 7 / 4, pi * 9 / 2 + 7 * (6 + pi * 3 / 2)),
    ("cone", {}, pi * 10 / 3 * (4 + 8 + 16), pi * (4 + 16 + 6 * sqrt(104))),
    ("cone", {"radius1": 3, "radius2": 0, "height": 4}, pi * 12, pi * (9 + 15)),
    ("torus", {}, 2 * pi**2 * 10 * 4, 4 * pi**2 * 20),
    ("torus", {"radius1": 5, "radius2": 1, "angle3": 180}, pi**2 * 5, 2 * pi**2 * 5 + 2 * pi),
    ("prism", {"sides": 6, "circumradius": 2, "height": 10}, 6 * sqrt(3) * 10, 2 * 6 * sqrt(3) + 12 * 10),
    ("wedge", {"x2min": 5, "x2max": 5, "z2min": 5, "z2max": 5}, 1000 / 3, 100 + 4 * 5 * sqrt(125)),
]


@pytest.mark.parametrize(("kind", "params", "volume", "area"), VOLUMES)
def test_a_primitive_has_the_volume_and_area_of_its_formula(
    freecad: httpx.Client, kind: str, params: dict[str, Any], volume: float, area: float
) -> None:
    info = create(freecad, kind, **params)
    assert info["volume"] == pytest.approx(volume, rel=1e-9)
    assert info["area"] == pytest.approx(area, rel=1e-6)
    assert (info["shape_type"], info["valid"], info["state"]) == ("Solid", True, ["Up-to-date"])
    assert info["warnings"] == []


def test_the_defaults_and_fields_of_an_object_are_those_of_the_contract(freecad: httpx.Client) -> None:
    info = create(freecad, "box")
    assert info["name"] == info["label"] == "Box"
    assert info["type"] == "Part::Box"
    assert info["document"] == "Test"
    assert (info["location"], info["rotation"]) == ([0, 0, 0], [0, 0, 0])
    assert info["center_of_mass"] == pytest.approx([5, 5, 5])
    assert info["bounding_box"] == {"min": [0, 0, 0], "max": [10, 10, 10]}
    assert len(info["revision"]) == 12


def test_an_ellipsoid_has_its_formulas_volume(freecad: httpx.Client) -> None:
    info = create(freecad, "ellipsoid", radius1=2, radius2=4, radius3=6)
    assert info["volume"] == pytest.approx(4 / 3 * pi * 48, rel=1e-6)
    assert info["bounding_box"]["max"] == pytest.approx([4, 6, 2], abs=1e-5)


def test_a_helix_is_a_wire_without_volume(freecad: httpx.Client) -> None:
    info = create(freecad, "helix", pitch=5, height=20, radius=5, handedness="left")
    assert (info["shape_type"], info["volume"]) == ("Wire", 0)
    length = freecad.get(f"/objects/{info['name']}/measures").json()["result"]["length"]
    assert length == pytest.approx(4 * sqrt((2 * pi * 5) ** 2 + 25), rel=1e-4)


def test_lengths_and_angles_may_be_quantities_with_units(freecad: httpx.Client) -> None:
    info = create(freecad, "box", length="1 in", width="2 cm", height="0.003 m", location=["1 in", 0, "-5 mm"])
    assert info["volume"] == pytest.approx(25.4 * 20 * 3)
    assert info["location"] == pytest.approx([25.4, 0, -5])
    quarter = create(freecad, "cylinder", angle=f"{pi / 2} rad")
    assert quarter["volume"] == pytest.approx(10 * pi)


def test_rotation_is_xyz_euler_in_degrees_about_the_origin_of_the_placement(freecad: httpx.Client) -> None:
    info = create(freecad, "box", length=10, width=1, height=1, location=[1, 2, 3], rotation=[0, 0, 90])
    assert info["rotation"] == pytest.approx([0, 0, 90])
    assert info["bounding_box"]["min"] == pytest.approx([0, 2, 3], abs=1e-6)
    assert info["bounding_box"]["max"] == pytest.approx([1, 12, 4], abs=1e-6)
    # X first, then Y: the length ends up along -Z.
    tilted = create(freecad, "box", length=10, width=1, height=1, rotation=[90, 90, 0])
    assert tilted["bounding_box"]["min"][2] == pytest.approx(-10, abs=1e-6)
    assert tilted["rotation"] == pytest.approx([90, 90, 0])


def test_the_box_around_a_turned_torus_is_tight(freecad: httpx.Client) -> None:
    info = create(freecad, "torus", radius1=10, radius2=2, rotation=[30, 0, 0])
    reach = 10 * sin(radians(30)) + 2
    assert info["bounding_box"]["max"][2] == pytest.approx(reach, abs=1e-6)


def test_a_label_takes_any_text_and_two_objects_may_share_it(freecad: httpx.Client) -> None:
    text = "Grundplatte Ø10 <&> 板 \U0001f529"
    assert create(freecad, "box", label=text)["label"] == text
    assert create(freecad, "box", label=text)["label"] == text


def test_names_are_chosen_by_freecads_own_pattern_and_reused_after_a_deletion(freecad: httpx.Client) -> None:
    assert [create(freecad, "box")["name"] for _ in range(3)] == ["Box", "Box001", "Box002"]
    assert freecad.delete("/objects/Box001").status_code == 200
    assert create(freecad, "box")["name"] == "Box001"


def test_an_explicit_name_in_use_is_409_unless_another_way_is_asked_for(freecad: httpx.Client) -> None:
    create(freecad, "box", name="Plate")
    taken = freecad.post("/primitives/box", json={"name": "Plate"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")
    assert create(freecad, "box", name="Plate", on_conflict="rename")["name"] == "Plate001"
    replaced = create(freecad, "cylinder", name="Plate", on_conflict="replace")
    assert (replaced["name"], replaced["type"]) == ("Plate", "Part::Cylinder")
    assert freecad.get("/objects").json()["result"]["total"] == 2


def test_an_object_that_others_depend_on_cannot_be_replaced(freecad: httpx.Client) -> None:
    create(freecad, "box", name="A")
    create(freecad, "cylinder", name="B")
    assert freecad.post("/boolean/union", json={"object1": "A", "object2": "B"}).status_code == 201
    response = freecad.post("/primitives/box", json={"name": "A", "on_conflict": "replace"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert freecad.get("/objects/A").json()["result"]["type"] == "Part::Box"


@pytest.mark.parametrize("name", ["2nd", "my box", "Bäx", "a-b", "a/b", ""])
def test_a_name_that_freecad_would_change_is_refused_and_label_is_recommended(freecad: httpx.Client, name: str) -> None:
    error = refused(freecad, "box", name=name)
    assert error["code"] == "validation_error"
    assert not name or "label" in str(error["details"])


IMPOSSIBLE: list[tuple[str, dict[str, Any]]] = [
    ("box", {"length": 0}),
    ("box", {"length": -5}),
    ("box", {"length": "-5 mm"}),
    ("box", {"length": ""}),
    ("box", {"length": "5 N"}),
    ("box", {"length": "1e400"}),
    ("box", {"length": "1e400 mm"}),
    ("box", {"length": "ten"}),
    ("box", {"length": "10"}),
    ("box", {"length": True}),
    ("box", {"length": None}),
    ("box", {"length": [1]}),
    ("box", {"size": 3}),
    ("box", {"location": [0, 0]}),
    ("box", {"location": ["1 deg", 0, 0]}),
    ("box", {"label": "a\u0000b"}),
    ("box", {"label": "\uffff"}),
    ("sphere", {"radius": -1}),
    ("sphere", {"angle1": 30, "angle2": 30}),
    ("sphere", {"angle1": -91}),
    ("cylinder", {"angle": 0}),
    ("cylinder", {"angle": 361}),
    ("cylinder", {"angle": "5 mm"}),
    ("cone", {"radius1": 2, "radius2": 2}),
    ("cone", {"radius1": "1 in", "radius2": 25.4}),
    ("cone", {"radius1": 0, "radius2": 0}),
    ("torus", {"radius1": 1, "radius2": 2}),
    ("prism", {"sides": 2}),
    ("prism", {"sides": 6.5}),
    ("wedge", {"xmin": 10, "xmax": 0}),
    ("helix", {"radius": 1, "height": 10, "angle": -45}),
]


@pytest.mark.parametrize(("kind", "params"), IMPOSSIBLE)
def test_an_impossible_value_is_refused_and_nothing_is_made(
    freecad: httpx.Client, kind: str, params: dict[str, Any]
) -> None:
    error = refused(freecad, kind, **params)
    assert error["code"] == "validation_error"
    assert error["details"]["errors"][0]["loc"]


def test_dimensions_below_and_above_what_freecad_can_make_are_refused(freecad: httpx.Client) -> None:
    assert refused(freecad, "box", length=1e-9)["code"] == "degenerate_result"
    assert refused(freecad, "cylinder", radius=1e-7, height=1)["code"] == "degenerate_result"
    # FreeCAD itself makes a sphere of 3e38 mm of this, and says nothing.
    for params in ({"radius": 1e100}, {"radius": 1, "location": [1e300, 0, 0]}):
        error = refused(freecad, "sphere", **params)
        assert (error["code"], error["details"]["limit"]) == ("limit_exceeded", "max_extent_mm")


def test_more_turns_or_sides_than_the_settings_allow_are_refused(freecad: httpx.Client) -> None:
    assert refused(freecad, "helix", pitch=0.001, height=100)["details"]["limit"] == "max_turns"
    assert refused(freecad, "prism", sides=100_000)["details"]["limit"] == "max_sides"


def test_a_dry_run_checks_everything_and_makes_nothing(freecad: httpx.Client) -> None:
    passed = freecad.post("/primitives/box?dry_run=true", json={"name": "Later"})
    assert passed.status_code == 200, passed.text
    assert refused(freecad, "cone", radius1=2, radius2=2)["code"] == "validation_error"
    assert freecad.get("/objects").json()["result"]["total"] == 0
