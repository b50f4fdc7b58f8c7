"""Booleans of solids that meet at several places: OpenCASCADE sometimes leaves one out, and its result is valid."""

from __future__ import annotations

from math import cos, hypot, radians, sin

import httpx

from tests.freecad_calls import post

RING, TUBE = 5.384, 1.884
PLACE, TURN = (2.22, -6.22, 7.08), (50.2, 171.1, 151.0)
MIRROR = 4.87
"""The height of the plane."""
LOW, HIGH = (-4.9, -12.3, 0.7), (9.4, -0.2, 9.1)
"""A box around what the torus has in common with its mirror image."""
STEPS = 90


def in_torus(x: float, y: float, z: float) -> bool:
    x, y, z = x - PLACE[0], y - PLACE[1], z - PLACE[2]
    a, b, c = (radians(-each) for each in TURN)
    x, y = x * cos(c) - y * sin(c), x * sin(c) + y * cos(c)
    x, z = x * cos(b) + z * sin(b), -x * sin(b) + z * cos(b)
    y, z = y * cos(a) - z * sin(a), y * sin(a) + z * cos(a)
    return (hypot(x, y) - RING) ** 2 + z * z < TUBE**2


def common_volume() -> float:
    """What both have in common, by the cells of a grid."""
    size = [(high - low) / STEPS for low, high in zip(LOW, HIGH, strict=True)]
    xs, ys, zs = ([low + (number + 0.5) * step for number in range(STEPS)] for low, step in zip(LOW, size, strict=True))
    cells = sum(in_torus(x, y, z) and in_torus(x, y, 2 * MIRROR - z) for x in xs for y in ys for z in zs)
    return cells * size[0] * size[1] * size[2]


def test_two_tori_that_meet_at_two_places_have_both_in_common_or_are_refused(freecad: httpx.Client) -> None:
    torus = post(freecad, "/primitives/torus", radius1=RING, radius2=TUBE, location=PLACE, rotation=TURN)["name"]
    other = post(freecad, "/features/mirror", object=torus, plane="xy", base=[1.66, -3.19, MIRROR])["name"]
    answer = freecad.post("/boolean/intersect", json={"objects": [torus, other]})
    if answer.status_code == 422:
        error = answer.json()["error"]
        assert (error["code"], error["details"]["reason"]) == ("degenerate_result", "kernel_failed"), answer.text
        return
    assert answer.status_code == 201, answer.text
    assert abs(answer.json()["result"]["volume"] / common_volume() - 1) < 0.01
