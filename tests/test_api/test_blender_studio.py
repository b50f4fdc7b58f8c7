"""The studio over HTTP: what is added, replaced and turned, and that the pictures show what they should."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy
import pytest
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def picture(client: httpx.Client, **params: Any) -> numpy.ndarray[Any, Any]:
    body = {"resolution": [96, 54], "samples": 4, "engine": "cycles", **params}
    answer = client.post("/render", json=body, headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as opened:
        return numpy.asarray(opened).astype(int)


@pytest.fixture
def product(blender: httpx.Client) -> httpx.Client:
    """A red box on legs of nothing, that is called Product, and another object far away."""
    post(blender, "/materials", name="Red", color=[1, 0.02, 0.02])
    post(blender, "/primitives/cube", name="Product", size=0.2, location=[3, 4, 5], material="Red")
    post(blender, "/primitives/cube", name="Elsewhere", location=[500, 0, 0])
    return blender


@pytest.mark.parametrize("style", ["soft", "contrast", "white"])
def test_a_studio_frames_and_lights_the_object(product: httpx.Client, style: str) -> None:
    made = post(product, "/studio", objects=["Product"], style=style)
    assert made["lights"] == ["Studio Key", "Studio Fill", "Studio Rim"]
    assert {each["name"] for each in made["objects"]} == {*made["lights"], made["camera"], made["ground"]}
    assert product.get("/scene").json()["result"]["camera"] == "Studio Camera"
    shown = picture(product)
    red = (shown[:, :, 0] > shown[:, :, 1] * 1.4 + 12) & (shown[:, :, 0] > 40)
    rows, columns = numpy.nonzero(red)
    assert 0.08 < red.mean() < 0.6
    assert 0 < rows.min() < 20
    assert 34 < rows.max() < 53
    assert abs(columns.mean() - 48) < 4
    background = shown[2:6, 4:12].mean()
    assert {"soft": 90 < background < 235, "contrast": background < 40, "white": background > 250}[style]


def test_a_second_studio_replaces_the_first_and_leaves_the_objects(product: httpx.Client) -> None:
    before = product.get("/objects/Product").json()["result"]
    count = product.get("/scene").json()["result"]["object_count"]
    first = post(product, "/studio", objects=["Product"])
    second = post(product, "/studio", objects=["Product"], style="contrast", ground="none")
    assert sorted(second["replaced"]) == sorted(each["name"] for each in first["objects"])
    assert second["ground"] is None
    assert product.get("/scene").json()["result"]["object_count"] == count + 4
    assert product.get("/objects/Product").json()["result"] == before
    assert post(product, "/undo")["undone"] == "studio.set"
    assert product.get("/scene").json()["result"]["object_count"] == count + 5


def test_a_turntable_keeps_the_object_in_the_middle_all_around(product: httpx.Client, gateway: Gateway) -> None:
    made = post(product, "/studio", objects=["Product"], turn=8)
    assert (made["turn"], made["frame_start"], made["frame_end"]) == ("Studio Turn", 1, 8)
    code = """
from bpy_extras.object_utils import world_to_camera_view as view
scene, box = bpy.context.scene, bpy.data.objects["Product"]
found = []
for frame in range(1, 10):
    scene.frame_set(frame)
    bpy.context.view_layer.update()
    corners = [view(scene, scene.camera, box.matrix_world @ __import__("mathutils").Vector(c)) for c in box.bound_box]
    found.append([min(min(c[:2]) for c in corners), max(max(c[:2]) for c in corners)])
    found[-1].append(round(scene.camera.matrix_world.translation.x, 4))
scene.frame_set(1)
found
"""
    found = evaluate(gateway, code)
    assert all(0 < low < high < 1 for low, high, _ in found)
    assert found[0][2] == found[8][2] != found[4][2]
    assert found[0][2] + found[4][2] == pytest.approx(6, abs=1e-3)
    assert post(product, "/studio", turn=True)["frame_end"] == 72


def test_a_shadow_catcher_leaves_the_rest_transparent(product: httpx.Client) -> None:
    post(product, "/studio", objects=["Product"], ground="shadow")
    shown = picture(product, transparent=True)
    assert shown.shape[2] == 4
    assert shown[27, 48, 3] == 255
    assert shown[2, 4, 3] < 60


def test_a_studio_around_nothing_says_so(blender: httpx.Client) -> None:
    answer = blender.post("/studio", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "nothing_to_see")
    post(blender, "/primitives/empty", name="Nothing")
    assert blender.post("/studio", json={"objects": ["Nothing"]}).status_code == 422
    assert blender.post("/studio", json={"objects": ["Nobody"]}).status_code == 404


def test_a_studio_around_what_is_too_large_for_its_numbers_is_refused_and_changes_nothing(
    blender: httpx.Client,
) -> None:
    cube = {"name": "Huge", "size": 1e9, "scale": [1e9, 1e9, 1e9]}
    assert blender.post("/primitives/cube", json=cube).status_code == 201
    answer = blender.post("/studio", json={"style": "white"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "limit_exceeded"), answer.text
    assert [each["name"] for each in blender.get("/objects").json()["result"]["objects"]] == ["Huge"]
    assert blender.patch("/objects/Huge", json={"scale": [1e3, 1e3, 1e3]}).status_code == 200
    assert blender.post("/studio", json={"style": "white"}).status_code == 201
