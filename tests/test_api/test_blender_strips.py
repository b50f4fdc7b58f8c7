"""Video strips, which Blender shows instead of what the camera sees: pictures leave them out, clearing removes them."""

from __future__ import annotations

import io

import httpx
import numpy
import pytest
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway

STRIP = """
editor = bpy.context.scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences
try:
    strips.new_effect("Grey", "COLOR", 1, 1, frame_end=250)
except TypeError:
    strips.new_effect("Grey", "COLOR", 1, 1, length=250)
len(strips)
"""
COUNT = """
editor = bpy.context.scene.sequence_editor
0 if editor is None else len(editor.strips if hasattr(editor, "strips") else editor.sequences)
"""


def picture(gateway: Gateway, answer: httpx.Response) -> numpy.ndarray:
    assert answer.status_code == 200, answer.text
    with gateway.client() as client:
        content = client.get(answer.json()["result"]["artifact"]["url"]).content
    return numpy.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


@pytest.mark.parametrize("engine", ["workbench", "cycles"])
def test_a_picture_is_the_cameras_where_the_scene_has_strips(
    blender: httpx.Client, gateway: Gateway, engine: str
) -> None:
    assert blender.post("/primitives/cube", json={}).status_code == 201
    body = {"engine": engine, "resolution": [64, 64], "samples": 4}
    without = blender.post("/render", json=body)
    codes = {each["code"] for each in without.json()["result"]["warnings"] or ()}
    assert evaluate(gateway, STRIP) == 1
    with_strip = blender.post("/render", json=body)
    difference = numpy.abs(picture(gateway, without) - picture(gateway, with_strip))
    assert difference.mean() < 1
    assert picture(gateway, with_strip).std() > 5, "it is all grey"
    assert {each["code"] for each in with_strip.json()["result"]["warnings"]} == codes | {"strips_left_out"}


def test_clearing_the_scene_removes_its_strips(blender: httpx.Client, gateway: Gateway) -> None:
    assert evaluate(gateway, STRIP) == 1
    assert blender.delete("/scene").status_code == 200
    assert evaluate(gateway, COUNT) == 0
