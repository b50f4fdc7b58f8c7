"""Sheets of the cases of `bench.look`: a part of 50 faces and a scene of 200 objects, read back by their pixels."""

from __future__ import annotations

import httpx

from bench.look import part, scene
from tests.test_api.test_look import is_of, look, picture, pixel_of

LEGIBLE = 12
"""Pixels from which something is more than a piece of outline between others."""


def read_back(app: httpx.Client, objects: int) -> None:
    """Every position in the legend has a pixel of that object's colour, and the bytes come again."""
    sheet = look(app)
    assert max(sheet["width"], sheet["height"]) == 1024
    assert len(sheet["legend"]) == objects
    image = picture(app, sheet)
    seen = 0
    for each in sheet["legend"]:
        assert each["visible_in"] == [position["view"] for position in each["positions"]]
        for position in each["positions"]:
            if position["pixels"] >= LEGIBLE:
                assert is_of(pixel_of(image, *position["pixel"]), each["color"]), (each["name"], position)
                seen += 1
    assert seen > objects
    views = {view["view"]: view["rectangle"] for view in sheet["views"]}
    for each in sheet["legend"]:
        for position in each["positions"]:
            left, top, width, height = views[position["view"]]
            x, y = position["pixel"]
            assert left <= x < left + width
            assert top <= y < top + height
    pictures = {app.post("/look", json={}, headers={"accept": "image/png"}).content for _ in range(2)}
    assert len(pictures) == 1


def test_a_part_of_fifty_faces(freecad: httpx.Client) -> None:
    assert part(freecad) == 50
    read_back(freecad, 1)


def test_a_scene_of_two_hundred_objects(blender: httpx.Client) -> None:
    assert scene(blender) == 200
    read_back(blender, 200)
