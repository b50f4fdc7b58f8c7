"""Measures that FreeCAD itself takes wrongly or inexactly: they are put right, or every answer with them says so."""

from __future__ import annotations

from math import cos, radians, sin

import httpx
import pytest

from tests.freecad_calls import get, post


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("fuse", [True, False])
def test_copies_all_round_an_axis_have_their_centre_of_mass_on_it(
    freecad: httpx.Client, count: int, fuse: bool
) -> None:
    plate = {"sides": 4, "circumradius": 10.0, "height": 3.2, "location": [-4, 2, 0], "rotation": [180, 90, 180]}
    part = post(freecad, "/primitives/prism", **plate)["name"]
    body = {"object": part, "center": [-20, -16, 0], "count": count, "fuse": fuse}
    ring = post(freecad, "/features/polar_pattern", **body)
    for found in (ring, get(freecad, f"/objects/{ring['name']}/measures")):
        assert found["volume"] == pytest.approx(count * 200 * 3.2)
        assert found["center_of_mass"] == pytest.approx([-20, -16, 0], abs=1e-6)


def test_copies_part_of_the_way_round_have_the_mean_of_their_centres(freecad: httpx.Client) -> None:
    box = post(freecad, "/primitives/box", length=4, width=2, height=6, location=[10, -1, -3])
    body = {"object": box["name"], "count": 5, "angle": 120, "fuse": False}
    ring = post(freecad, "/features/polar_pattern", **body)
    turns = [radians(n * 120 / 4) for n in range(5)]
    expected = [12 * sum(map(cos, turns)) / 5, 12 * sum(map(sin, turns)) / 5, 0]
    assert ring["center_of_mass"] == pytest.approx(expected, abs=1e-6)
