"""What is made from a body follows every feature that the body gets, whatever kind it is."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post

PLATE, BOX = 40 * 20 * 10, 10 * 10 * 10


@pytest.fixture
def plate(freecad: httpx.Client) -> httpx.Client:
    """A body with a plate of 40 x 20 x 10 at x 100, and its union with a box at the origin."""
    post(freecad, "/bodies", name="Body", location=[100, 0, 0])
    outline = {"type": "rectangle", "width": 40, "height": 20}
    post(freecad, "/sketches", name="Outline", body="Body", geometry=[outline])
    post(freecad, "/features/pad", name="Pad", sketch="Outline", length=10)
    post(freecad, "/primitives/box", name="Box")
    post(freecad, "/boolean/union", object1="Body", object2="Box", name="Union")
    return freecad


FEATURES: dict[str, tuple[str, dict[str, Any], float]] = {
    "fillet": ("fillet", {"object": "Pad", "radius": 2, "edges": ["Edge1"]}, -(1 - pi / 4) * 2**2),
    "chamfer": ("chamfer", {"object": "Pad", "size": 2, "edges": ["Edge1"]}, -(2**2) / 2),
}
"""The removed area of the section of an edge."""


@pytest.mark.parametrize("kind", FEATURES)
def test_a_union_follows_an_edge_that_its_body_loses(plate: httpx.Client, kind: str) -> None:
    path, body, area = FEATURES[kind]
    length = get(plate, "/objects/Body/edges")["edges"][0]["length"]
    post(plate, f"/features/{path}", name="Made", **body)
    assert get(plate, "/objects/Body")["volume"] == pytest.approx(PLATE + area * length, rel=1e-9)
    assert get(plate, "/objects/Union")["volume"] == pytest.approx(PLATE + BOX + area * length, rel=1e-9)
    assert get(plate, "/objects/Union")["state"] == ["Up-to-date"]


@pytest.fixture
def drilled(plate: httpx.Client) -> httpx.Client:
    circle = {"type": "circle", "center": [10, 10], "radius": 1}
    post(plate, "/sketches", name="Center", body="Body", geometry=[circle], offset=10)
    post(plate, "/features/hole", name="Hole", sketch="Center", diameter=4, through_all=True)
    return plate


def test_a_union_follows_a_hole_in_its_body_and_the_pattern_of_it(drilled: httpx.Client) -> None:
    one = pi * 2**2 * 10
    assert get(drilled, "/objects/Union")["volume"] == pytest.approx(PLATE + BOX - one, rel=1e-9)
    post(drilled, "/features/linear_pattern", object="Hole", direction=[1, 0, 0], spacing=8, count=3)
    assert get(drilled, "/objects/Body")["volume"] == pytest.approx(PLATE - 3 * one, rel=1e-9)
    assert get(drilled, "/objects/Union")["volume"] == pytest.approx(PLATE + BOX - 3 * one, rel=1e-9)
    assert get(drilled, "/objects/Union")["state"] == ["Up-to-date"]
