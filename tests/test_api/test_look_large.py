"""A sheet of any size that a request may ask for is drawn, in the memory that the helper has."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.rest_calls import post


@pytest.fixture
def parts(request: pytest.FixtureRequest, adapter: str) -> httpx.Client:
    client: httpx.Client = request.getfixturevalue(adapter)
    shape = {"blender": "/primitives/cube", "freecad": "/primitives/box"}[adapter]
    size = {"blender": {"size": 2}, "freecad": {"length": 2, "width": 2, "height": 2}}[adapter]
    for number in range(3):
        post(client, shape, name=f"Part{number}", location=[3 * number, 0, number], **size)
    return client


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"views": ["iso"]},
        {"views": ["front"], "style": "wire"},
        {"views": [{"section": "x", "at": 1}], "highlight": ["Part1"]},
        {"views": [{"from": [1, 2, 3]}], "style": "shaded"},
    ],
    ids=["four", "one", "wire", "section", "from"],
)
def test_a_sheet_of_the_largest_size_is_drawn(parts: httpx.Client, body: dict[str, Any]) -> None:
    sheet = post(parts, "/look", size=4096, **body)
    assert max(sheet["width"], sheet["height"]) == 4096
    answer = parts.post("/look", json={"size": 4096, **body}, headers={"Accept": "image/png"})
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (sheet["width"], sheet["height"])
    (legend,) = [each for each in sheet["legend"] if each["name"] == "Part1"]
    for position in legend["positions"]:
        assert picture.convert("RGB").getpixel(tuple(position["pixel"])) != (255, 255, 255)


def test_what_fills_the_largest_sheet_is_where_the_legend_says(blender: httpx.Client) -> None:
    post(blender, "/primitives/sphere", name="Ball", segments=1000, rings=500, location=[0, 1, 0])
    before = post(blender, "/look", size=128)["revision"]
    post(blender, "/primitives/cube", name="Wall", size=4)
    post(blender, "/primitives/cube", name="Dot", size=0.01, location=[1, -2, 1])
    post(blender, "/camera", location=[0, -9, 0], look_at=[0, 0, 0])
    sheet = post(blender, "/look", size=4096, views=["front"], labels=False)
    (view,) = sheet["views"]
    places = {each["name"]: each["positions"] for each in sheet["legend"]}
    (wall,), (dot,) = places["Wall"], places["Dot"]
    matrix = view["matrix"]
    middle = [sum(row[axis] * at for axis, at in enumerate((1, -2, 1))) + row[3] for row in matrix]
    assert dot["pixel"] == pytest.approx(middle, abs=0.01 * view["scale"])
    assert dot["pixels"] == pytest.approx((0.01 * view["scale"]) ** 2, rel=0.3)
    assert wall["pixels"] == pytest.approx((4 * view["scale"]) ** 2, rel=0.01)
    for views in (["camera"], ["camera", "iso"]):
        seen = post(blender, "/look", size=4096, views=views, style="shaded_edges", since=before)
        assert max(seen["width"], seen["height"]) == 4096
