"""Colours behind pictures: exactly those that were asked for, whatever the view and the engine."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import httpx
import numpy
import pytest
from PIL import Image

SHOT: dict[str, Any] = {"resolution": [48, 32], "samples": 4, "denoise": False}


@pytest.fixture
def ball(blender: httpx.Client) -> httpx.Client:
    for path, body in (
        ("/primitives/sphere", {"name": "Ball", "radius": 1}),
        ("/camera", {"location": [0, -6, 0], "look_at": [0, 0, 0]}),
        ("/light", {"kind": "sun", "energy": 3}),
    ):
        assert blender.post(path, json=body).status_code == 201
    return blender


def shown(client: httpx.Client, kind: str = "image/png", **body: Any) -> Any:
    answer = client.post("/render", json={**SHOT, **body}, headers={"Accept": kind})
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as opened:
        assert opened.mode == "RGB"
        return numpy.asarray(opened).astype(int)


@pytest.mark.parametrize("engine", ["cycles", "workbench"])
def test_the_background_is_exactly_this_colour(ball: httpx.Client, engine: str) -> None:
    picture = shown(ball, engine=engine, background="#f5e6d7")
    assert picture[0, 0].tolist() == picture[-1, -1].tolist() == [245, 230, 215]
    bare = shown(ball, engine=engine)
    assert abs(picture[16, 24] - bare[16, 24]).max() <= 1
    assert bare[0, 0].tolist() != [245, 230, 215]


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_other_formats_have_it_too(ball: httpx.Client, format: str) -> None:
    picture = shown(ball, f"image/{format}", engine="workbench", format=format, background=[1, 1, 1])
    assert picture[0, 0].min() >= 254


def test_what_cannot_have_it_says_so(ball: httpx.Client) -> None:
    for more in ({"transparent": True}, {"format": "exr"}, {"background": "white"}):
        answer = ball.post("/render", json={**SHOT, "background": "#ffffff", **more})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
