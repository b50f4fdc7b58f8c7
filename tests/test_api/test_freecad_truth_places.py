"""Objects in moved containers: all that is told, measured and made of them is in the coordinates of the document."""

from __future__ import annotations

import httpx
import pytest

from tests.freecad_calls import corners, get, padded, post, run
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
