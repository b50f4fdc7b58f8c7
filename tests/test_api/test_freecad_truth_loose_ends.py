"""Faces whose edges do not quite end where the next ones begin, against sums over thin slices."""

from __future__ import annotations

from math import acos, hypot, pi, sqrt

import httpx
import pytest

from tests.freecad_calls import get, post

BALL, ROD = 7.0, 5.0
CENTER = (-0.9207743141, -1.9172694146, 6.2830129719)
"""Of the ball, in the coordinates of the rod: its place below, turned back."""
SLICES = 200_000


def shared_circles(one: float, other: float, apart: float) -> float:
    """The area that two circles share."""
    if apart >= one + other:
        return 0.0
    if apart <= abs(one - other):
        return pi * min(one, other) ** 2
    first = acos((apart**2 + one**2 - other**2) / (2 * apart * one))
    second = acos((apart**2 + other**2 - one**2) / (2 * apart * other))
    kite = sqrt((one + other - apart) * (apart + one - other) * (apart - one + other) * (apart + one + other)) / 2
    return one**2 * first + other**2 * second - kite


def rest_of_ball(length: float) -> float:
    """The volume of the ball without the rod."""
    apart, step = hypot(*CENTER[:2]), length / SLICES
    shared = 0.0
    for number in range(SLICES):
        height = (number + 0.5) * step - CENTER[2]
        if abs(height) < BALL:
            shared += shared_circles(ROD, sqrt(BALL**2 - height**2), apart) * step
    return 4 / 3 * pi * BALL**3 - shared


@pytest.mark.parametrize("length", [8.0, 7.0, 6.72, 6.5, 6.3])
def test_a_ball_that_a_rod_cuts_into_nearly_along_its_side_has_its_volume(freecad: httpx.Client, length: float) -> None:
    ball = post(freecad, "/primitives/sphere", radius=BALL)["name"]
    place = {"location": [-6.0, -2.0, 2.0], "rotation": [-47.3, 119.6, -13.2]}
    rod = post(freecad, "/primitives/cylinder", radius=ROD, height=8.0, **place)["name"]
    rest = post(freecad, "/boolean/subtract", objects=[ball, rod])["name"]
    assert freecad.patch(f"/objects/{rod}", json={"properties": {"Height": length}}).status_code == 200
    for found in (get(freecad, f"/objects/{rest}"), get(freecad, f"/objects/{rest}/measures")):
        assert found["volume"] == pytest.approx(rest_of_ball(length), rel=2e-6)
