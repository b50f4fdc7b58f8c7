"""Objects in moved containers: all that is told, measured and made of them is in the coordinates of the document."""

from __future__ import annotations

import httpx
import pytest

from tests.freecad_calls import corners, get, padded, patch, post, run
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
