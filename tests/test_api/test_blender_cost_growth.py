"""The short form of `bench.growth`: exponents of what Blender itself works, which no other process disturbs."""

from __future__ import annotations

import httpx
import pytest

from bench.growth import MANY, ONE, Scene, one_object, vertices, work_of
from tests.gateway import Gateway

ROOM = 0.35
"""What noise may add to an exponent. One object that costs the whole scene has 0.8, a square of the vertices 2."""


@pytest.fixture
def scene(blender: httpx.Client, gateway: Gateway) -> Scene:
    return Scene(blender, work_of(gateway.application_pid("blender")))


def test_primitives_cost_in_proportion_to_their_vertices(scene: Scene) -> None:
    rows = vertices(scene, (10_000, 100_000), 3)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > MANY + ROOM]


def test_what_concerns_one_object_does_not_grow_with_the_scene(scene: Scene) -> None:
    rows = one_object(scene, (10, 1500), 7, 0, files=False)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > ONE + ROOM]
