"""Boxes of shapes with hundreds of faces touch them as those of simple shapes do, and so do the sizes on drawings."""

from __future__ import annotations

from math import sqrt
from typing import Any

import httpx
import numpy as np
import pytest

from tests.freecad_calls import corners, get, post
from tests.test_api.freecad_parts import turned

TURN = [30, 40, 0]


@pytest.fixture
def wheel(freecad: httpx.Client) -> httpx.Client:
    """A prism of 300 sides within a radius of 5, far within what a turned torus of 30/8 around it reaches."""
    post(freecad, "/objects", type="Part::Prism", name="Hub", properties={"Polygon": 300, "Circumradius": 5})
    post(freecad, "/primitives/torus", name="Tyre", radius1=30, radius2=8, rotation=TURN)
    post(freecad, "/groups", name="Both", kind="part", objects=["Hub", "Tyre"])
    return freecad


def reach() -> list[float]:
    """How far the torus reaches along X, Y and Z: its ring as seen along the axis, and its tube."""
    axis = turned(TURN) @ np.array([0, 0, 1])
    return [30 * sqrt(1 - part * part) + 8 for part in axis]


def test_a_torus_among_hundreds_of_faces_ends_where_its_formula_says(wheel: httpx.Client) -> None:
    both = get(wheel, "/objects/Both")
    assert len(wheel.get("/objects/Both/faces", params={"limit": 1000}).json()["result"]["faces"]) > 300
    ends = reach()
    assert corners(both) == pytest.approx([*(-end for end in ends), *ends], abs=1e-5)


def test_a_ball_without_its_top_among_hundreds_of_faces_ends_where_it_was_cut(wheel: httpx.Client) -> None:
    post(wheel, "/primitives/sphere", name="Ball", radius=20)
    post(wheel, "/primitives/box", name="Lid", length=80, width=80, height=40, location=[-40, -40, 12])
    cut = post(wheel, "/boolean/subtract", name="Cut", object1="Ball", object2="Lid")
    assert corners(cut)[5] == pytest.approx(12, abs=1e-6)
    post(wheel, "/objects", type="Part::Prism", name="Foot", properties={"Polygon": 300, "Circumradius": 3})
    whole = post(wheel, "/boolean/union", name="Whole", objects=["Cut", "Foot"])
    assert corners(whole) == pytest.approx([-20, -20, -20, 20, 20, 12], abs=1e-5)


def test_the_sizes_on_a_drawing_of_hundreds_of_faces_are_those_of_the_formula(wheel: httpx.Client) -> None:
    drawn = post(wheel, "/drawings", name="Sheet", objects=["Both"], views=["front", "top"])
    sizes: list[Any] = [each["value"] for each in drawn["dimensions"] if each["type"] == "length"]
    x, y, z = reach()
    assert sizes == pytest.approx([2 * x, 2 * z, 2 * y], abs=2e-5)


def test_the_sizes_of_a_turned_pin_on_a_drawing_are_exact(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=10, height=30, rotation=[90, 0, 0])
    drawn = post(freecad, "/drawings", name="Sheet", objects=["Pin"], views=["front", "top"])
    assert [each["value"] for each in drawn["dimensions"] if each["type"] == "length"] == [20, 20, 30]
