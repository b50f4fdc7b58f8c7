"""Cylinders and spheres that are cut along splines, which OpenCASCADE integrates with too few points, and formulas."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, radians, sin
from typing import Any

import httpx
import numpy
import pytest

from tests.freecad_calls import get, post

RINGS, TURNS = 400, 400


def over_disc(radius: float, height: Callable[[Any, Any], Any]) -> float:
    """The integral over a disc round the origin: midpoints round it, Simpson's rule from its middle."""
    rings = numpy.arange(RINGS + 1)
    share = numpy.where(rings % 2, 4.0, 2.0)
    share[[0, -1]] = 1
    r, angle = numpy.meshgrid(radius * rings / RINGS, 2 * pi * (numpy.arange(TURNS) + 0.5) / TURNS, indexing="ij")
    heights = height(r * numpy.cos(angle), r * numpy.sin(angle))
    return float((share[:, None] * r * heights).sum() * radius / RINGS / 3 * 2 * pi / TURNS)


def tube(y: Any, z: Any) -> Any:
    """How much of a line along x is within a torus of radii 8 and 3."""
    half = numpy.sqrt(9 - z * z)
    return 2 * (numpy.sqrt((8 + half) ** 2 - y * y) - numpy.sqrt((8 - half) ** 2 - y * y))


@pytest.mark.parametrize("radius", [1.0, 2.0, 2.9])
def test_a_rod_through_a_ring_has_its_formulas_volume(freecad: httpx.Client, radius: float) -> None:
    ring = post(freecad, "/primitives/torus", radius1=8, radius2=3, rotation=[0, 0, 17])["name"]
    rod = {"radius": radius, "height": 40, "location": [-20, 0, 0], "rotation": [0, 90, 0]}
    other = post(freecad, "/primitives/cylinder", **rod)["name"]
    answer = freecad.post("/boolean/intersect", json={"objects": [ring, other]})
    assert answer.status_code == 201, answer.text
    result = answer.json()["result"]
    expected = over_disc(radius, tube)
    assert result["volume"] == pytest.approx(expected, rel=2e-6)
    assert get(freecad, f"/objects/{result['name']}/measures")["volume"] == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize(("radius", "aside"), [(2.0, 3.0), (3.0, 5.0), (4.0, 1.5), (1.0, 7.5)])
@pytest.mark.parametrize("turned", [0.0, 50.0, 90.0])
def test_a_ball_that_is_bored_aside_has_its_formulas_volume(
    freecad: httpx.Client, radius: float, aside: float, turned: float
) -> None:
    ball = post(freecad, "/primitives/sphere", radius=10, rotation=[0, turned, 0])["name"]
    bore = post(freecad, "/primitives/cylinder", radius=radius, height=40, location=[aside, 0, -20])["name"]
    answer = freecad.post("/boolean/subtract", json={"objects": [ball, bore]})
    assert answer.status_code == 201, answer.text
    bored = over_disc(radius, lambda x, y: 2 * numpy.sqrt(100 - (x + aside) ** 2 - y * y))
    assert answer.json()["result"]["volume"] == pytest.approx(4000 / 3 * pi - bored, rel=1e-6)


RODS = (
    {
        "radius": 2.461066,
        "height": 11.659144,
        "location": [-3.914997, -0.753118, 3.803958],
        "rotation": [216.930443, 10.135725, 308.225334],
    },
    {
        "radius": 3.861497,
        "height": 18.843132,
        "location": [-1.663061, -2.727705, -2.12742],
        "rotation": [90.461143, 109.024682, 210.354855],
    },
)
LINES = 20_000


def turn(rod: dict[str, Any]) -> Any:
    x, y, z = (radians(each) for each in rod["rotation"])
    about_x = numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
    about_y = numpy.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
    about_z = numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def length_within(starts: Any, along: Any, lengths: Any, here: dict[str, Any], there: dict[str, Any]) -> Any:
    """How much of each line, in the coordinates of one rod, is in the other: between the roots of a quadratic.

    :param along: their direction, of length 1.
    """
    start = (starts @ turn(here).T + numpy.array(here["location"]) - numpy.array(there["location"])) @ turn(there)
    x, y, z = turn(there).T @ turn(here) @ numpy.array(along)
    across, halved = x * x + y * y, start[:, 0] * x + start[:, 1] * y
    root = numpy.sqrt(
        numpy.maximum(0, halved**2 - across * (start[:, 0] ** 2 + start[:, 1] ** 2 - there["radius"] ** 2))
    )
    ends = numpy.sort([-start[:, 2] / z, (there["height"] - start[:, 2]) / z], axis=0)
    first = numpy.maximum(numpy.maximum(0, ends[0]), (-halved - root) / across)
    last = numpy.minimum(numpy.minimum(lengths, ends[1]), (-halved + root) / across)
    return numpy.maximum(0, last - first)


def area_within(here: dict[str, Any], there: dict[str, Any]) -> float:
    """How much of a rod's surface is in another one: lines along its side, and across its ends."""
    radius, height = here["radius"], here["height"]
    angle = 2 * pi * (numpy.arange(LINES) + 0.5) / LINES
    x, y = radius * numpy.cos(angle), radius * numpy.sin(angle)
    side = length_within(numpy.stack([x, y, 0 * x], axis=-1), (0, 0, 1), height, here, there)
    area = float(side.mean()) * 2 * pi * radius
    across = radius * (2 * (numpy.arange(LINES) + 0.5) / LINES - 1)
    half = numpy.sqrt(radius**2 - across**2)
    for level in (0.0, height):
        starts = numpy.stack([-half, across, numpy.full_like(half, level)], axis=-1)
        area += float(length_within(starts, (1, 0, 0), 2 * half, here, there).mean()) * 2 * radius
    return area


def test_what_two_rods_at_any_place_share_has_the_area_of_each_that_is_in_the_other(freecad: httpx.Client) -> None:
    one, two = (post(freecad, "/primitives/cylinder", **rod)["name"] for rod in RODS)
    shared = post(freecad, "/boolean/intersect", objects=[one, two])
    expected = area_within(*RODS) + area_within(*reversed(RODS))
    assert shared["area"] == pytest.approx(expected, rel=5e-5)
