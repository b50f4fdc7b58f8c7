"""The short form of `bench.growth`: exponents, not seconds, with room for a machine that does other things too."""

from __future__ import annotations

import httpx

from bench.growth import MANY, ONE, Scene, one_object, vertices

ROOM = 0.35
"""What noise may add to an exponent. One object that costs the whole scene has 0.8, a square of the vertices 2."""


def test_primitives_cost_in_proportion_to_their_vertices(blender: httpx.Client) -> None:
    rows = vertices(Scene(blender), (10_000, 100_000), 3)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > MANY + ROOM]


def test_what_concerns_one_object_does_not_grow_with_the_scene(blender: httpx.Client) -> None:
    rows = one_object(Scene(blender), (10, 1500), 5, 0, files=False)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > ONE + ROOM]
